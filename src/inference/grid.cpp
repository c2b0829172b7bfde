// A real variable on evenly spaced points: every point of every sample is one item of the batch, at which all
// joint labels are read.

#include <array>

#include "answering.hpp"
#include "points.hpp"

namespace ebm {
inline namespace EBM_PRECISION {
namespace {

constexpr std::size_t kDims = 3;
using Place = std::array<double, kDims>;

// The points of one sample.
struct Lines {
  std::size_t dims;
  int points;
  Place low{}, step{};

  Lines(const infer::Grid& g, const Structure& s)
      : dims(static_cast<std::size_t>(s.real_dims)), points(g.points) {
    for (std::size_t d = 0; d < dims; ++d) {
      const auto [least, most] = RealDomain(s).range(d);
      low[d] = std::isfinite(least) ? least : g.low;
      const double high = std::isfinite(most) ? most : g.high;
      const int gaps = s.real_manifold == Manifold::angles ? points : points - 1;  // once round
      if (high < low[d])
        throw GraphError(message("[grid] its range [", g.low, ", ", g.high, "] and the bounds of '",
                                 s.real_name, "' leave nothing between ", low[d], " and ", high));
      step[d] = points == 1 ? 0 : (high - low[d]) / gaps;
    }
  }
  int count() const {
    int n = points;
    for (std::size_t d = 1; d < dims; ++d) n *= points;
    return n;
  }
  // The last dimension goes fastest.
  void at(int k, std::span<double> y) const {
    for (std::size_t d = dims; d-- > 0; k /= points) y[d] = low[d] + step[d] * (k % points);
  }
};

void check(const infer::Grid& g, const Structure& s) {
  if (s.real_dims < 1 || s.real_dims > static_cast<int>(kDims) || s.has_path ||
      s.real_manifold == Manifold::sphere)
    throw GraphError(message("[grid] covers a real variable of one to three dimensions, which is no unit ",
                             "vector, with label variables at most; ",
                             s.has_path         ? message("'", s.path_name, "' is a path")
                             : s.real_dims == 0 ? message("this graph has none; use Automatic")
                                                : message("'", s.real_name, "' has ", s.real_dims,
                                                          "; use GradientDescent, or a sampler")));
  double items = 1;
  for (int d = 0; d < s.real_dims; ++d) items *= g.points;
  for (int v = 0; v < s.label_variables; ++v) items *= s.labels_of(v);
  if (items > g.limit)
    throw GraphError(message("[grid] ", items, " points times joint labels of '", s.real_name,
                             "' are more than the limit of ", g.limit, "; use fewer points, or a sampler"));
}

// The points that are asked for, sample after sample.
void place(const infer::Grid& g, const Batch& b, const Query& q, Points& p) {
  Place at{}, truth{};
  for (int i = 0; i < b.samples(); ++i) {
    const Sample& s = b.sample(i);
    check(g, *s.structure);
    if (i > 0 && p.dims != s.structure->real_dims)
      throw GraphError(message("[grid] '", s.structure->real_name, "' has ", s.structure->real_dims,
                               " dimensions in one sample and ", p.dims, " in another; batch them apart"));
    p.dims = s.structure->real_dims;
    const auto dims = static_cast<std::size_t>(p.dims);
    const bool known = !s.truth.reals.empty(), labels = s.structure->label_variables > 0;
    const std::optional<Over> over = competing(s, q.over);
    if (!over) continue;
    if (*over == Over::others && !labels && (!known || s.structure->real_role == Role::latent)) continue;
    if (*over == Over::truth && known) {
      p.sample.push_back(i);
      p.values.insert(p.values.end(), s.truth.reals.begin(), s.truth.reals.end());
      continue;
    }
    std::copy_n(s.truth.reals.begin(), known ? dims : 0, truth.begin());
    const Lines lines(g, *s.structure);
    const RealDomain domain(*s.structure);
    const int before = p.count();
    for (int k = 0, n = lines.count(); k < n; ++k) {
      lines.at(k, at);
      // Inside the ball other labels may still be incorrect.
      if (*over == Over::others && !labels &&
          domain.distance(std::span(at).first(dims), std::span(truth).first(dims)) <= g.exclude)
        continue;
      p.sample.push_back(i);
      for (std::size_t d = 0; d < dims; ++d) p.values.push_back(static_cast<Real>(at[d]));
    }
    if (*over == Over::others && !labels && p.count() == before)
      throw GraphError(message("[grid] the ball of radius ", g.exclude, " around the true '",
                               s.structure->real_name,
                               "' leaves no point of the grid; make it smaller, or the range wider"));
  }
}

// One sample: its items [first, last) and the joint labels that compete at each.
class Cells {
 public:
  Cells(const infer::Grid& g, const Batch& b, const Query& q, const Points& p, int first, int last)
      : g_(g),
        b_(b),
        p_(p),
        sample_(b.sample(b.sample_of(first))),
        over_(competing(sample_, q.over).value_or(Over::all)),
        domain_(*sample_.structure),
        joint_(*sample_.structure, g.limit, "grid"),
        first_(first),
        last_(last) {}
  const JointLabels& joint() const { return joint_; }
  double energy(int item, int y) const { return joint_.energy(b_, item, y); }
  // visit(item, joint label) for all that compete; stops where it returns false.
  template <class Visit>
  void each(const Visit& visit) const {
    for (int item = first_; item < last_; ++item) {
      const bool near = over_ == Over::others && in_ball(item);
      for (int y = 0; y < joint_.count(); ++y) {
        if (!allowed(y, near)) continue;
        if (!visit(item, y)) return;
      }
    }
  }

 private:
  bool allowed(int y, bool near) const {
    if (over_ == Over::all || sample_.structure->label_variables == 0) return true;
    const bool inside = joint_.in_truth(sample_, y);
    return over_ == Over::truth ? inside : !inside || !near;
  }
  // Whether a true label is a correct answer there: also where no true value is known.
  bool in_ball(int item) const {
    const auto dims = sample_.truth.reals.size();
    if (dims == 0 || sample_.structure->real_role == Role::latent) return true;
    Place at{}, truth{};
    for (std::size_t d = 0; d < dims; ++d) {
      at[d] = p_.values[static_cast<std::size_t>(item) * dims + d];
      truth[d] = sample_.truth.reals[d];
    }
    return domain_.distance(std::span(at).first(dims), std::span(truth).first(dims)) <= g_.exclude;
  }
  const infer::Grid& g_;
  const Batch& b_;
  const Points& p_;
  const Sample& sample_;
  Over over_;
  RealDomain domain_;
  JointLabels joint_;
  int first_, last_;
};

}  // namespace

void infer::Grid::answer(Batch& b, const Query& q, Answer& out) const {
  check_beta(q);
  refuse_rescaling(q, "grid");
  if (points < 1 || !(high >= low))
    throw GraphError(
        message("[grid] needs points >= 1 and low <= high, not ", points, " on [", low, ", ", high, "]"));
  const Stopwatch watch;
  Points at = std::move(out.points);
  at.clear();
  place(*this, b, q, at);
  b.forward(at);
  prepare(out, b, q);
  const auto n = static_cast<std::size_t>(b.samples()), dims = static_cast<std::size_t>(at.dims);
  if (q.answers) {
    out.reals.assign(n * dims, Real(0));
    out.labels.assign(label_base(b, b.samples()), 0);
  }
  out.highest.assign(n, -kInf);
  Kept<std::vector<double>> kept;
  std::vector<double>& energies = *kept;
  for (int first = 0, last = 0; first < b.items(); first = last) {
    const int i = b.sample_of(first);
    for (last = first; last < b.items() && b.sample_of(last) == i;) ++last;
    const Cells cells(*this, b, q, at, first, last);
    double lowest = kInf;
    double& highest = out.highest[static_cast<std::size_t>(i)];
    int best = first, label = 0;
    energies.clear();
    cells.each([&](int item, int y) {
      const double e = cells.energy(item, y);
      energies.push_back(e);
      if (e < kInf) highest = std::max(highest, e);
      if (e < lowest || std::isnan(e)) lowest = e, best = item, label = y;
      return !std::isnan(e);
    });
    const auto give = [&](int item, int y, double w) {
      if (!q.weights) return;
      const std::size_t from = b.weights_of(item);
      cells.joint().give(b, item, y, w, std::span(out.weights).subspan(from, b.weights_of(item + 1) - from));
    };
    double& e = out.energy[static_cast<std::size_t>(i)];
    e = lowest;
    if (q.answers) {
      std::copy_n(at.values.begin() + static_cast<std::ptrdiff_t>(best) * at.dims, dims,
                  out.reals.begin() + i * static_cast<std::ptrdiff_t>(dims));
      cells.joint().decode(
          label,
          std::span(out.labels)
              .subspan(label_base(b, i), static_cast<std::size_t>(b.sample(i).structure->label_variables)));
    }
    if (q.beta == kInf) {
      if (!energies.empty() && lowest < kInf) give(best, label, 1);
    } else if (std::isfinite(lowest)) {
      double sum = 0;
      for (double& w : energies) sum += w = std::exp(-q.beta * (w - lowest));
      e = lowest - std::log(sum) / q.beta;
      if (!q.weights) continue;
      std::size_t k = 0;
      cells.each([&](int item, int y) {
        const double w = energies[k++];
        if (w > 0) give(item, y, w / sum);
        return true;
      });
    }
  }
  out.points = std::move(at);
  b.forget_points();
  out.report = {.exactness = Exactness::approximate,
                .seconds = watch.seconds(),
                .asked = Method::grid,
                .used = Method::grid,
                .why = Why::asked};
}

}  // namespace EBM_PRECISION
}  // namespace ebm
