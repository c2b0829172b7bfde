// Draws for users: a chain a sample, asked again and again.

#include "sampling.hpp"

namespace ebm {
inline namespace EBM_PRECISION {

Draws sample(Batch& b, const AnyEngine& engine, int n, const SampleOptions& o) {
  if (!engine.powers().samples)
    throw GraphError("[sample] this engine draws no samples; use Langevin, Hamiltonian or Gibbs");
  if (n < 1 || o.burn_in < 0 || o.thin < 1)
    throw GraphError(message("[sample] needs n >= 1, burn_in >= 0 and thin >= 1, not ", n, ", ", o.burn_in,
                             " and ", o.thin));
  MarkovChains chains;
  Answer a;
  Draws out;
  out.count = n;
  double accepted = 0, seconds = 0;
  const auto ask = [&](int steps) {
    engine.answer(b,
                  {.over = o.over,
                   .beta = o.beta,
                   .weights = false,
                   .answers = true,
                   .steps = steps,
                   .persistent = true,
                   .chains = &chains},
                  a);
    for (std::size_t i = 0; i < a.energy.size(); ++i) {
      if (!std::isnan(a.energy[i])) continue;
      if (!a.points.empty()) b.forward(a.points);
      const auto nan = b.find_nan();
      const std::string name = nan ? message("factor '", nan->factor, "'") : "the energy";
      b.forget_points();
      throw NumberError(message("[sample] sample ", i, ": ", name,
                                " is not a number where its chain got to; look at that factor"));
    }
    out.report = a.report;
    accepted += steps * a.report.acceptance;
    seconds += a.report.seconds;
  };
  if (o.burn_in > 0) ask(o.burn_in);
  bool converged = true;
  for (int k = 0; k < n; ++k) {
    ask(o.thin);
    converged &= out.report.converged;
    out.labels.insert(out.labels.end(), a.labels.begin(), a.labels.end());
    out.reals.insert(out.reals.end(), a.reals.begin(), a.reals.end());
  }
  const int steps = o.burn_in + n * o.thin;
  out.report.converged = converged;
  out.report.iterations = steps;
  out.report.acceptance = accepted / steps;
  out.report.seconds = seconds;
  return out;
}

}  // namespace EBM_PRECISION
}  // namespace ebm
