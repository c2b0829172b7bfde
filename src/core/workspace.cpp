#include "ebm/core/workspace.hpp"

#include <algorithm>
#include <new>
#ifdef __linux__
#include <sys/mman.h>
#endif

namespace ebm {
namespace {
constexpr std::size_t kAlign = 64;
// Blocks of some such pages ask for them: the first touch of 4 KiB pages takes longer than what is written.
constexpr std::size_t kHugePage = std::size_t{1} << 21;

std::size_t alignment(std::size_t bytes) { return bytes >= 2 * kHugePage ? kHugePage : kAlign; }
}  // namespace

void Workspace::Free::operator()(std::byte* p) const {
  ::operator delete (p, std::align_val_t{alignment(size)});
}

void Workspace::grow(std::size_t bytes) {
  const std::size_t align = alignment(bytes);
  auto* p = static_cast<std::byte*>(::operator new (bytes, std::align_val_t{align}));
#if defined(__linux__) && defined(MADV_HUGEPAGE)
  if (align == kHugePage) madvise(p, bytes / kHugePage * kHugePage, MADV_HUGEPAGE);
#endif
  blocks_.push_back({std::unique_ptr<std::byte[], Free>(p, Free{bytes}), bytes});
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
