#include "starts.hpp"

#include <algorithm>
#include <cmath>

#include "ebm/core/rng.hpp"

namespace ebm {
inline namespace EBM_PRECISION {

void Starts::place(const Batch& b, int sample, int k, std::string_view engine, std::span<double> x) const {
  const Structure& s = *b.sample(sample).structure;
  const RealDomain domain(s);
  const std::size_t dims = x.size();
  if (k == 0 && !given.empty()) {
    const bool one = given.size() == dims;
    if (!one && given.size() != dims * static_cast<std::size_t>(b.samples()))
      throw GraphError(message("[", engine, "] the start has ", given.size(), " numbers; '", s.real_name,
                               "' has ", dims, " dimensions, and the batch ", b.samples(), " samples"));
    std::copy_n(
        given.begin() + static_cast<std::ptrdiff_t>(one ? 0 : static_cast<std::size_t>(sample) * dims), dims,
        x.begin());
    if (!std::ranges::all_of(x, [](double v) { return std::isfinite(v); }))
      throw GraphError(message("[", engine, "] the start of sample ", sample, " is not finite"));
    if (!domain.contains(x))
      throw GraphError(message("[", engine, "] the start of sample ", sample, " is outside the bounds of '",
                               s.real_name, "'"));
    domain.retract(x);
    return;
  }
  Rng rng = Rng(seed, 0x5374617274ULL).fork(static_cast<std::uint64_t>(k));
  for (std::size_t d = 0; d < dims; ++d) {
    const auto [least, most] = domain.range(d);
    const double from = std::isfinite(least) ? least : std::isfinite(most) ? std::min(low, most) : low;
    const double to = std::isfinite(most) ? most : std::max(high, from);
    x[d] = k == 0                                ? (from + to) / 2
           : s.real_manifold == Manifold::sphere ? rng.normal()
                                                 : rng.uniform(from, to);
  }
  domain.retract(x);
}

}  // namespace EBM_PRECISION
}  // namespace ebm
