#include "ebm/core/workspace.hpp"

#include <algorithm>
#include <new>

#ifdef __linux__
#include <sys/mman.h>
#endif

namespace ebm {
namespace {
constexpr std::size_t kAlign = 64;
constexpr std::size_t kLarge = std::size_t{2} << 20;  // bytes of a large page

// Gigabytes in pages of 4 KiB are entered more slowly than a graph cut of them takes.
std::size_t alignment(std::size_t bytes) { return bytes < 2 * kLarge ? kAlign : kLarge; }
void prefer_large_pages([[maybe_unused]] std::byte* p, [[maybe_unused]] std::size_t bytes) {
#ifdef __linux__
  if (bytes >= 2 * kLarge) madvise(p, bytes / kLarge * kLarge, MADV_HUGEPAGE);  // as well without
#endif
}
}  // namespace

void Workspace::Free::operator()(std::byte* p) const { ::operator delete (p, std::align_val_t{align}); }

void Workspace::grow(std::size_t bytes) {
  auto* p = static_cast<std::byte*>(::operator new (bytes, std::align_val_t{alignment(bytes)}));
  prefer_large_pages(p, bytes);
  blocks_.push_back({std::unique_ptr<std::byte[], Free>(p, Free{alignment(bytes)}), bytes});
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
