#include <gtest/gtest.h>

#include <atomic>
#include <cmath>

#include "ebm/core/error.hpp"
#include "ebm/core/params.hpp"
#include "ebm/core/pool.hpp"
#include "ebm/core/rng.hpp"
#include "ebm/core/semiring.hpp"
#include "ebm/core/tensor.hpp"
#include "ebm/core/workspace.hpp"

namespace ebm {
namespace {

TEST(Shape, Size_OfNoAxis_IsOne) {
  EXPECT_EQ(Shape{}.size(), 1u);
  EXPECT_EQ((Shape{3, 4}).size(), 12u);
  EXPECT_EQ((Shape{3, 4}).row(), (Shape{4}));
  EXPECT_EQ((Shape{4}).with_rows(3), (Shape{3, 4}));
  EXPECT_EQ(to_string(Shape{64, 1, 32}), "[64, 1, 32]");
}

TEST(Shape, NegativeOrTooManyAxes_AreRefused) {
  EXPECT_THROW((Shape{2, -1}), ShapeError);
  EXPECT_THROW((Shape{1, 1, 1, 1, 1, 1}), ShapeError);
}

TEST(Tensor, Copies_AreIndependent) {
  Tensor a(Shape{2, 2}, {1, 2, 3, 4});
  Tensor b = a;
  b[0] = 9;
  EXPECT_EQ(a[0], Real(1));
  EXPECT_THROW(Tensor(Shape{3}, {1, 2}), ShapeError);
  EXPECT_THROW(std::move(a).reshaped(Shape{5}), ShapeError);
}

TEST(Params, Blocks_AreNamedAlignedAndShared) {
  Params W({.seed = 3});
  const Param a = W.uniform("a", {3, 5}, 0.5);
  const Param b = W.add("b", {7});
  EXPECT_EQ(W.block(b).offset % 16, 0u);
  EXPECT_EQ(W.count(), 22u);
  EXPECT_EQ(W.find("a"), a);
  EXPECT_EQ(W.find("nothing").index, -1);
  EXPECT_THROW(W.add("a", {1}), GraphError);
  for (const Real w : W.view(a).span()) EXPECT_LE(std::abs(w), Real(0.5));
  W.set_trainable("a", false);
  EXPECT_EQ(W.trainable_count(), 7u);
  try {
    W.set_trainable("zzz", false);
    ADD_FAILURE();
  } catch (const GraphError& e) {
    for (const auto& block : W.blocks())
      EXPECT_NE(std::string(e.what()).find(block.name), std::string::npos) << e.what();
  }
  EXPECT_THROW(W.set_rate("a", -1), GraphError);
}

TEST(Params, Initialisation_DependsOnSeedAndNameAlone) {
  Params first({.seed = 3}), second({.seed = 3}), other({.seed = 4});
  second.add("before", {10});
  const Param a = first.uniform("a", {8}, 1), b = second.uniform("a", {8}, 1), c = other.uniform("a", {8}, 1);
  EXPECT_TRUE(std::ranges::equal(first.view(a).span(), second.view(b).span()));
  EXPECT_FALSE(std::ranges::equal(first.view(a).span(), other.view(c).span()));
}

// Known answers of the authors' own test vectors for Philox 4x32-10.
TEST(Rng, Block_EqualsThePublishedVectors) {
  const std::array<std::uint32_t, 4> zero{0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8};
  EXPECT_EQ(Rng::block(0, 0, 0), zero);
  const std::array<std::uint32_t, 4> ones{0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd};
  EXPECT_EQ(Rng::block(~0ULL, ~0ULL, ~0ULL), ones);
}

TEST(Rng, Seek_ContinuesTheSameSequence) {
  Rng a(7, 1);
  for (int i = 0; i < 5; ++i) a.next();
  Rng b(7, 1);
  b.seek(a.counter());
  for (int i = 0; i < 9; ++i) EXPECT_EQ(a.next(), b.next());
}

TEST(Rng, Normal_HasMeanZeroAndVarianceOne) {
  Rng rng(11);
  double sum = 0, squares = 0;
  constexpr int n = 100000;
  for (int i = 0; i < n; ++i) {
    const double x = rng.normal();
    sum += x;
    squares += x * x;
  }
  EXPECT_NEAR(sum / n, 0, 0.015);
  EXPECT_NEAR(squares / n, 1, 0.02);
}

TEST(Pool, ParallelFor_VisitsEachIndexOnce_AndRethrows) {
  for (const int count : {1, 2, 3}) {
    set_threads(count);
    EXPECT_EQ(threads(), count);
    std::vector<std::atomic<int>> seen(1000);
    parallel_for(seen.size(), [&](std::size_t i) { ++seen[i]; });
    for (const auto& s : seen) EXPECT_EQ(s.load(), 1);
    EXPECT_THROW(parallel_for(10,
                              [](std::size_t i) {
                                if (i == 7) throw DataError("seven");
                              }),
                 DataError);
  }
  set_threads(0);
}

TEST(Workspace, AfterReset_TheSameTakesAllocateNothing) {
  Workspace ws;
  for (int pass = 0; pass < 3; ++pass) {
    ws.reset();
    const std::size_t before = ws.bytes();
    for (int i = 0; i < 50; ++i) {
      const auto x = ws.take<double>(1000 + i, 1.0);
      EXPECT_EQ(reinterpret_cast<std::uintptr_t>(x.data()) % 64, 0u);
      EXPECT_EQ(x[999], 1.0);
    }
    if (pass > 0) {
      EXPECT_EQ(ws.bytes(), before);
    }
  }
}

TEST(Semiring, Join_WithForbidden_KeepsTheOther) {
  EXPECT_EQ(LogSum::join(kInf, 2.0), 2.0);
  EXPECT_EQ(LogSum::join(kInf, kInf), kInf);
  EXPECT_NEAR(LogSum::join(1.0, 1.0), 1 - std::log(2.0), 1e-15);
  EXPECT_EQ(MinPlus::join(kInf, 2.0), 2.0);
}

}  // namespace
}  // namespace ebm
