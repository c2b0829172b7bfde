// A steady loop allocates nothing: every allocation of this program is counted.

#include <gtest/gtest.h>

#include <atomic>
#include <cstdlib>
#include <new>

#include "ebm/core/pool.hpp"
#include "ebm/net/lenet.hpp"
#include "net_support.hpp"

namespace {
std::atomic<long> allocations{0};
}

[[gnu::noinline]] void* operator new(std::size_t size) {
  ++allocations;
  if (void* p = std::malloc(size > 0 ? size : 1)) return p;
  throw std::bad_alloc();
}
[[gnu::noinline]] void* operator new(std::size_t size, std::align_val_t align) {
  ++allocations;
  const auto a = static_cast<std::size_t>(align);
  if (void* p = std::aligned_alloc(a, (size + a) / a * a)) return p;
  throw std::bad_alloc();
}
[[gnu::noinline]] void operator delete(void* p) noexcept { std::free(p); }
[[gnu::noinline]] void operator delete(void* p, std::size_t) noexcept { std::free(p); }
[[gnu::noinline]] void operator delete(void* p, std::align_val_t) noexcept { std::free(p); }
[[gnu::noinline]] void operator delete(void* p, std::size_t, std::align_val_t) noexcept { std::free(p); }

namespace ebm {
namespace {

using namespace ebm::testing;

TEST(State, AfterItHasSeenTheShapes_AllocatesNothing) {
  Params params;
  const Net net = net::lenet5(params, "lenet5");
  const Tensor narrow = random_tensor({3, 1, 32, 32}, 1), wide = random_tensor({2, 1, 32, 48}, 2);
  Tensor out(Shape{3, 10}), wide_out(Shape{2, 5, 10});
  std::vector<Real> dw(params.flat().size());
  Net::State state;
  const int before_threads = threads();
  set_threads(1);
  long before = 0;
  for (int round = 0; round < 4; ++round) {
    if (round == 2) before = allocations.load();
    net.forward(params.data(), narrow, out, state, Net::Mode::train);
    net.backward(params.data(), out, dw.data(), {}, state);
    net.curvature(params.data(), out, dw.data(), state);
    net.forward(params.data(), wide, wide_out, state, Net::Mode::evaluate);
  }
  EXPECT_EQ(allocations.load(), before);
  set_threads(before_threads);
  EXPECT_GT(state.bytes(), 0u);
}

}  // namespace
}  // namespace ebm
