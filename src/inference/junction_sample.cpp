// Independent draws from exp(-beta E) / Z: from the roots down, each variable given those of its separator.

#include <algorithm>
#include <cmath>

#include "bucket_column.hpp"
#include "ebm/core/pool.hpp"
#include "ebm/core/rng.hpp"
#include "junction_tree.hpp"

namespace ebm {
inline namespace EBM_PRECISION {

void JunctionMessages::sample(int count, std::uint64_t seed, std::span<int> labels) {
  const std::size_t n = view_.labels.size();
  const Rng all(seed, 0x65786163744cULL);
  // A number of every draw and variable, whoever draws it.
  const auto uniform = [&](std::uint64_t stream, std::size_t v) {
    const auto words = Rng::block(seed, stream, v);
    return (static_cast<double>(words[0] >> 5) * 0x1p26 + static_cast<double>(words[1] >> 6)) * 0x1p-53;
  };
  const auto draws = static_cast<std::size_t>(count);
  const std::size_t pieces = std::min<std::size_t>(draws, 16);
  parallel_for(pieces, [&](std::size_t piece) {
    const std::size_t first = piece * draws / pieces, last = (piece + 1) * draws / pieces;
    Kept<BucketColumn> column;
    std::vector<std::uint64_t> streams;
    for (std::size_t i = first; i < last; ++i) streams.push_back(all.fork(i).stream());
    for (std::size_t p = tree_.buckets.size(); p-- > 0;) {
      column->open(view_, tree_, p, up_.data(), weights_);
      const auto v = static_cast<std::size_t>(tree_.buckets[p].variable);
      for (std::size_t i = first; i < last; ++i) {
        const auto y = labels.subspan(i * n, n);
        const auto t = column->at(y);
        const double low = *std::ranges::min_element(t);
        double sum = 0;
        for (double& e : t) sum += e = e < kInf ? std::exp(-beta_ * (e - low)) : 0;
        double left = uniform(streams[i - first], v) * sum;
        int label = 0;
        for (std::size_t k = 0; k < t.size(); ++k) {
          if (!(t[k] > 0)) continue;
          label = static_cast<int>(k);  // rounding may leave a little behind the last
          left -= t[k];
          if (left < 0) break;
        }
        y[v] = label;
      }
    }
  });
}

}  // namespace EBM_PRECISION
}  // namespace ebm
