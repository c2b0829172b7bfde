#include "ebm/core/workspace.hpp"

#include <algorithm>
#include <new>

namespace ebm {
namespace {
constexpr std::size_t kAlign = 64;
}

void Workspace::Free::operator()(std::byte* p) const { ::operator delete (p, std::align_val_t{kAlign}); }

void Workspace::grow(std::size_t bytes) {
  auto* p = static_cast<std::byte*>(::operator new (bytes, std::align_val_t{kAlign}));
  blocks_.push_back({std::unique_ptr<std::byte[], Free>(p), bytes});
  used_ = 0;
}

void* Workspace::raw(std::size_t bytes) {
  bytes = (bytes + kAlign - 1) / kAlign * kAlign;
  if (blocks_.empty() || used_ + bytes > blocks_.back().size)
    grow(std::max<std::size_t>({bytes, 2 * this->bytes(), 4096}));
  void* p = blocks_.back().data.get() + used_;
  used_ += bytes;
  return p;
}

void Workspace::reset() {
  if (blocks_.size() > 1) {
    const std::size_t all = bytes();
    blocks_.clear();
    grow(all);
  }
  used_ = 0;
}

std::size_t Workspace::bytes() const {
  std::size_t n = 0;
  for (const Block& b : blocks_) n += b.size;
  return n;
}

}  // namespace ebm
