#include "ebm/core/params.hpp"

#include <algorithm>
#include <cmath>

#include "ebm/core/error.hpp"
#include "ebm/core/hash.hpp"

namespace ebm {
inline namespace EBM_PRECISION {
namespace {
constexpr std::size_t kAlign = 16;
std::size_t aligned(std::size_t n) { return (n + kAlign - 1) / kAlign * kAlign; }
}  // namespace

Params::Params(Options options) : seed_(options.seed) {}

Params Params::clone() const {
  Params out;
  out.seed_ = seed_;
  out.blocks_ = blocks_;
  out.flat_ = flat_;
  return out;
}

Param Params::add(std::string name, Shape shape) {
  if (find(name).index >= 0)
    throw GraphError(message("[params] there is already a block named '", name, "'"));
  const std::size_t offset = flat_.size();
  flat_.resize(aligned(offset + shape.size()), Real(0));
  blocks_.push_back({std::move(name), shape, offset});
  return {static_cast<int>(blocks_.size()) - 1};
}

Param Params::uniform(std::string name, Shape shape, double limit) {
  Rng rng(seed_, fnv1a(name));
  const Param p = add(std::move(name), shape);
  for (Real& w : view(p).span()) w = static_cast<Real>(rng.uniform(-limit, limit));
  return p;
}

Param Params::find(std::string_view name) const {
  const auto it = std::ranges::find(blocks_, name, &Block::name);
  return {it == blocks_.end() ? -1 : static_cast<int>(it - blocks_.begin())};
}

std::size_t Params::count() const {
  std::size_t n = 0;
  for (const Block& b : blocks_) n += b.size();
  return n;
}

std::size_t Params::trainable_count() const {
  std::size_t n = 0;
  for (const Block& b : blocks_) n += b.trainable ? b.size() : 0;
  return n;
}

template <class Change>
void Params::change(std::string_view prefix, const Change& apply) {
  bool any = false;
  for (Block& b : blocks_)
    if (b.name.starts_with(prefix)) apply(b), any = true;
  if (any) return;
  std::string names;
  for (const Block& b : blocks_) names += (names.empty() ? "" : ", ") + b.name;
  throw GraphError(message("[params] no block's name starts with '", prefix, "'; the blocks are ", names));
}

void Params::set_trainable(std::string_view prefix, bool trainable) {
  change(prefix, [&](Block& b) { b.trainable = trainable; });
}

void Params::set_rate(std::string_view prefix, double rate) {
  if (!(rate >= 0))
    throw GraphError(message("[params] the rate of '", prefix, "' must be at least 0, not ", rate));
  change(prefix, [&](Block& b) { b.rate = rate; });
}

void Params::set_least(std::string_view prefix, double least) {
  if (!std::isfinite(least))
    throw GraphError(message("[params] the least value of '", prefix, "' must be finite, not ", least));
  change(prefix, [&](Block& b) {
    b.least = least;
    for (std::size_t k = b.offset; k < b.offset + b.size(); ++k)
      flat_[k] = std::max(flat_[k], static_cast<Real>(least));
  });
}

}  // namespace EBM_PRECISION
}  // namespace ebm
