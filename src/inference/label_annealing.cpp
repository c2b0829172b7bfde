#include "label_annealing.hpp"

#include <algorithm>
#include <cmath>

#include "discrete_engines.hpp"
#include "ebm/core/pool.hpp"

namespace ebm {
inline namespace EBM_PRECISION {

MeanWeight mean_weight(std::span<double> log_weight) {
  MeanWeight out;
  const double high = *std::ranges::max_element(log_weight);
  if (!(high > -kInf)) {
    std::ranges::fill(log_weight, 0.0);
    return out;
  }
  double sum = 0, squares = 0;
  for (double& w : log_weight) sum += w = std::exp(w - high);
  for (double& w : log_weight) w /= sum, squares += w * w;
  const auto n = static_cast<double>(log_weight.size());
  out.log = high + std::log(sum / n);
  out.error = n > 1 ? std::sqrt(std::max(0.0, (squares - 1 / n) * n / (n - 1))) : 0;
  return out;
}

bool anneal(const DiscreteView& view, const Readers& readers, const infer::AnnealedImportance& o, double beta,
            const Rng& rng, const Limits& limits, LabelParticles& out) {
  const std::size_t n = view.labels.size(), most = most_labels(view);
  out.open = false;
  for (std::size_t v = 0; v < n && !out.open; ++v) {
    int allowed = 0;
    for (int k = 0; k < view.labels[v]; ++k)
      allowed += view.single.empty() || view.single[view.offset[v] + static_cast<std::size_t>(k)] != kInf;
    out.open = allowed > 1;
  }
  const std::size_t particles = out.open ? static_cast<std::size_t>(o.particles) : 1;
  out.log_weight.assign(particles, 0.0);
  out.labels.assign(particles * n, 0);
  out.log_base = 0;
  constexpr std::size_t kPiece = 16;
  const std::size_t pieces = (particles + kPiece - 1) / kPiece;
  Kept<std::vector<char>> kept;
  std::vector<char>& done = *kept;
  done.assign(pieces, 0);
  parallel_for(pieces, [&](std::size_t piece) {
    if (piece > 0 && limits.out_of_time()) return;
    done[piece] = 1;
    const LocalEnergies local(view, readers);
    Kept<std::vector<double>> room;
    room->resize(most);
    for (std::size_t p = piece * kPiece; p < std::min(particles, (piece + 1) * kPiece); ++p) {
      const auto y = std::span(out.labels).subspan(p * n, n);
      Rng own = rng.fork(p);
      const double log_base = draw_uniformly(view, own, y);
      if (p == 0) out.log_base = log_base;
      double& w = out.log_weight[p];
      if (!out.open) {
        w = -beta * energy_of(view, y);
        continue;
      }
      for (int k = 1; k <= o.levels; ++k) {
        const double e = energy_of(view, y);
        w -= e == kInf ? kInf : (annealing_level(o, k) - annealing_level(o, k - 1)) * beta * e;
        bool fine = std::abs(w) < kInf;  // neither NaN nor forbidden
        for (std::size_t v = 0; v < n && fine; ++v) {
          const auto count = static_cast<std::size_t>(view.labels[v]);
          fine = redraw(local, static_cast<int>(v), annealing_level(o, k) * beta, own.uniform(), y,
                        std::span(*room).first(count));
          if (!fine) w = std::nan("");
        }
        if (!fine) break;
      }
    }
  });
  std::size_t count = 0;
  for (std::size_t p = 0; p < particles; ++p) {
    if (!done[p / kPiece]) continue;
    if (count == p) {
      ++count;
      continue;
    }
    out.log_weight[count] = out.log_weight[p];
    std::copy_n(out.labels.begin() + static_cast<std::ptrdiff_t>(p * n), n,
                out.labels.begin() + static_cast<std::ptrdiff_t>(count * n));
    ++count;
  }
  out.log_weight.resize(count);
  out.labels.resize(count * n);
  return count < particles;
}

Solution solve_by_importance(const DiscreteGraph& graph, const Question& q) {
  check_question(q);
  if (q.task != Question::Task::free_energy && q.task != Question::Task::marginals)
    throw GraphError("[importance] gives free energies and marginals; for samples ask gibbs");
  const Stopwatch watch;
  Workspace ws;
  const DiscreteView view = view_of(graph, ws, Tables::declared);
  infer::AnnealedImportance o;
  if (q.iterations > 0) o.levels = q.iterations;
  LabelParticles particles;
  const bool stopped = anneal(view, Readers(view), o, q.beta, Rng(q.seed, 0x696d706f7274ULL),
                              Limits(q, "importance"), particles);
  const MeanWeight mean = mean_weight(particles.log_weight);
  Solution out;
  out.free_energy = mean.log > -kInf ? -(particles.log_base + mean.log) / q.beta : kInf;
  out.error = particles.open ? mean.error / q.beta : 0;
  if (q.task == Question::Task::marginals && mean.log > -kInf) {
    out.marginals.assign(labels_in(graph), 0.0);
    for (std::size_t p = 0; p < particles.log_weight.size(); ++p)
      for (std::size_t v = 0; v < view.labels.size(); ++v)
        out.marginals[view.offset[v] +
                      static_cast<std::size_t>(particles.labels[p * view.labels.size() + v])] +=
            particles.log_weight[p];
  }
  double squares = 0;
  for (const double w : particles.log_weight) squares += w * w;  // Kish 1965
  out.effective_samples = squares > 0 ? 1 / squares : 0;
  // A graph whose every particle died is not known to be forbidden.
  const bool found = mean.log > -kInf;
  out.report = {.converged = found || !particles.open,
                .exactness = Exactness::sampled,
                .iterations = o.levels,
                .residual = out.error,
                .seconds = watch.seconds(),
                .asked = Method::annealing,
                .used = Method::annealing,
                .why = stopped ? Why::time_limit : Why::asked};
  return out;
}

}  // namespace EBM_PRECISION
}  // namespace ebm
