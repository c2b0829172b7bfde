#include "ebm/graph/model.hpp"

namespace ebm {
inline namespace EBM_PRECISION {

Batch Prepared::batch(std::size_t first, std::size_t count) const {
  if (first > samples_.size())
    throw GraphError(message("[model] sample ", first, " is asked of ", samples_.size()));
  Batch b(*schema_);
  b.assign(
      std::span<const Sample* const>(pointers_).subspan(first, std::min(count, samples_.size() - first)));
  return b;
}

}  // namespace EBM_PRECISION
}  // namespace ebm
