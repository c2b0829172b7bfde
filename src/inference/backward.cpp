// d(answer)/dW: weights of every answer, scaled by the sample's slope, through the factors once.

#include "answering.hpp"

namespace ebm {
inline namespace EBM_PRECISION {
namespace {

// weights of item `i` of `answer`, scaled, added at `to`.
void add_scaled(const Real* from, std::size_t size, double slope, Real* to) {
  const Real s = static_cast<Real>(slope);
  for (std::size_t k = 0; k < size; ++k) to[k] += s * from[k];
}

// Table entries of one point: graphs with a real variable have no path variable, so the structure tells.
std::size_t entries_of(const Structure& s) {
  std::size_t entries = 0;
  for (const Group& g : s.groups)
    entries += static_cast<std::size_t>((g.shared ? 1 : g.instances) * g.entries);
  return entries;
}

// Points that carry any weight, and where the weights of each lie.
struct Merged {
  Points points;
  std::vector<std::pair<const Pull*, std::size_t>> from;
  std::vector<std::size_t> next, weight;  // reached in each answer's points, and in its weights
};

// Points that carry any weight, of all answers, in one evaluation.
void backward_at_points(Batch& b, std::span<const Pull> pulls, std::span<Real> gradient,
                        std::vector<Real>& scratch) {
  Kept<Merged> kept;
  auto& [points, from, next, weight] = *kept;
  points.clear();
  from.clear();
  next.assign(pulls.size(), 0);
  weight.assign(pulls.size(), 0);
  for (int sample = 0; sample < b.samples(); ++sample)
    for (std::size_t k = 0; k < pulls.size(); ++k) {
      const Points& p = pulls[k].answer->points;
      const std::size_t per_point = entries_of(*b.sample(sample).structure);
      for (; next[k] < p.sample.size() && p.sample[next[k]] == sample; ++next[k], weight[k] += per_point) {
        const Real* w = pulls[k].answer->weights.data() + weight[k];
        if (pulls[k].slope[static_cast<std::size_t>(sample)] == 0 ||
            std::all_of(w, w + per_point, [](Real x) { return x == 0; }))
          continue;
        points.dims = p.dims;
        points.sample.push_back(sample);
        points.values.insert(points.values.end(), p.values.begin() + static_cast<long>(next[k]) * p.dims,
                             p.values.begin() + static_cast<long>(next[k] + 1) * p.dims);
        from.emplace_back(&pulls[k], weight[k]);
      }
    }
  if (!points.empty()) {
    b.forward(points);
    scratch.assign(b.weights(), Real(0));
    for (int item = 0; item < b.items(); ++item) {
      const auto& [pull, at] = from[static_cast<std::size_t>(item)];
      add_scaled(pull->answer->weights.data() + at, b.weights_of(item + 1) - b.weights_of(item),
                 pull->slope[static_cast<std::size_t>(b.sample_of(item))],
                 scratch.data() + b.weights_of(item));
    }
    b.backward(scratch, gradient);
    b.forget_points();
  }
}

}  // namespace

void backward(Batch& b, std::span<const Pull> pulls, std::span<Real> gradient, std::vector<Real>& scratch) {
  for (const Pull& pull : pulls)
    if (!pull.answer->points.empty()) return backward_at_points(b, pulls, gradient, scratch);
  scratch.resize(b.weights());
  for (int i = 0; i < b.samples(); ++i) {
    const std::size_t first = b.weights_of(i), size = b.weights_of(i + 1) - first;
    Real* to = scratch.data() + first;
    bool written = false;
    for (const Pull& pull : pulls) {
      const double slope = pull.slope[static_cast<std::size_t>(i)];
      const Real* from = pull.answer->weights.data() + first;
      if (slope == 0) continue;
      if (written)
        add_scaled(from, size, slope, to);
      else
        std::transform(from, from + size, to, [s = static_cast<Real>(slope)](Real x) { return s * x; });
      written = true;
    }
    if (!written) std::fill_n(to, size, Real(0));
  }
  if (std::ranges::any_of(scratch, [](Real x) { return x != 0; })) b.backward(scratch, gradient);
}

}  // namespace EBM_PRECISION
}  // namespace ebm
