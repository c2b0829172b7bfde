// Split R-hat and effective sample size (Gelman et al. 2013, section 11.4 and 11.5; Geyer 1992).

#include <algorithm>
#include <cmath>
#include <vector>

#include "ebm/core/error.hpp"
#include "ebm/inference/label_chains.hpp"

namespace ebm {
inline namespace EBM_PRECISION {
namespace {

// Halves of chains, less their means; a draw in the middle of an odd number is left out.
struct Halves {
  std::size_t count = 0, length = 0;
  std::vector<double> values;  // [count, length]
  double within = 0, all = 0;  // variances: the mean of each half's own, and of all together
};

Halves halves_of(std::span<const double> draws, int chains) {
  if (chains < 1 || draws.size() % static_cast<std::size_t>(chains) != 0)
    throw GraphError(
        message("[chains] ", draws.size(), " draws are not those of ", chains, " chains of one length"));
  const std::size_t n = draws.size() / static_cast<std::size_t>(chains);
  Halves out{2 * static_cast<std::size_t>(chains), n / 2, {}};
  if (out.length < 2) return out;
  double mean = 0, squares = 0;
  for (std::size_t h = 0; h < out.count; ++h) {
    const auto half = draws.subspan(h / 2 * n + (h % 2 ? n - out.length : 0), out.length);
    double own = 0, variance = 0;
    for (const double x : half) own += x;
    own /= static_cast<double>(out.length);
    for (const double x : half) {
      out.values.push_back(x - own);
      variance += (x - own) * (x - own);
    }
    out.within += variance / static_cast<double>(out.length - 1);
    const double before = own - mean;  // Welford 1962
    mean += before / static_cast<double>(h + 1);
    squares += before * (own - mean);
  }
  out.within /= static_cast<double>(out.count);
  const auto length = static_cast<double>(out.length);
  out.all = (length - 1) / length * out.within + squares / static_cast<double>(out.count - 1);
  // Rounding of equal draws is not a variance.
  const double noise = std::pow(1e-12 * (std::abs(mean) + std::sqrt(out.all)), 2);
  if (out.within <= noise) out.within = 0;
  if (out.all <= noise) out.all = 0;
  return out;
}

}  // namespace

double split_r_hat(std::span<const double> draws, int chains) {
  const Halves halves = halves_of(draws, chains);
  if (halves.length < 2) return std::nan("");
  if (halves.all == 0) return 1;
  return halves.within > 0 ? std::sqrt(halves.all / halves.within) : kInf;
}

double effective_samples(std::span<const double> draws, int chains) {
  const Halves halves = halves_of(draws, chains);
  if (halves.length < 2) return std::nan("");
  const auto total = static_cast<double>(halves.count * halves.length);
  if (halves.all == 0) return total;
  const auto correlation = [&](std::size_t lag) {
    double sum = 0;
    for (std::size_t h = 0; h < halves.count; ++h) {
      const double* x = halves.values.data() + h * halves.length;
      for (std::size_t i = lag; i < halves.length; ++i) sum += x[i] * x[i - lag];
    }
    return 1 - (halves.within - sum / total) / halves.all;
  };
  // Sums of neighbouring pairs are above 0 and fall, in truth; where they do not, noise begins.
  double tau = -1, before = kInf;
  for (std::size_t lag = 0; lag + 1 < halves.length; lag += 2) {
    const double pair = (lag == 0 ? 1 : correlation(lag)) + correlation(lag + 1);
    if (!(pair > 0)) break;
    before = std::min(before, pair);
    tau += 2 * before;
  }
  return total / std::max(tau, 1 / std::log10(total));
}

}  // namespace EBM_PRECISION
}  // namespace ebm
