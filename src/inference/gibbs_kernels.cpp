#include "gibbs_kernels.hpp"

#include "ebm/core/rng.hpp"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "src/inference/gibbs_kernels.cpp"
#include "src/core/simd_targets.hpp"

#include "hwy/foreach_target.h"
// After foreach_target.
#include "hwy/highway.h"

HWY_BEFORE_NAMESPACE();
namespace ebm {
namespace HWY_NAMESPACE {
namespace {

namespace hn = hwy::HWY_NAMESPACE;

// Philox 4x32-10 (ebm/core/rng.hpp), a block in each lane of 64 bits, whose upper halves are left as they
// fall.
#if HWY_TARGET == HWY_SCALAR
void random(std::uint64_t seed, std::uint64_t stream, std::uint64_t first, std::size_t blocks,
            std::uint32_t* out) {
  for (std::size_t b = 0; b < blocks; ++b, out += 4) {
    const auto words = Rng::block(seed, stream, first + b);
    for (std::size_t w = 0; w < 4; ++w) out[w] = words[w];
  }
}
#else
using D64 = hn::ScalableTag<std::uint64_t>;
using V64 = hn::Vec<D64>;
constexpr std::size_t kBlocks = hn::MaxLanes(D64());
constexpr std::size_t kUnroll = 4;  // the rounds of one block wait for each other
static_assert(4 * kUnroll * kBlocks <= kRandomSlack);

void random(std::uint64_t seed, std::uint64_t stream, std::uint64_t first, std::size_t blocks,
            std::uint32_t* out) {
  const D64 d;
  const hn::Repartition<std::uint32_t, D64> narrow;
  const auto product = [&](V64 a, V64 b) {
    return hn::MulEven(hn::BitCast(narrow, a), hn::BitCast(narrow, b));
  };
  const V64 a = hn::Set(d, 0xD2511F53), b = hn::Set(d, 0xCD9E8D57), low = hn::Set(d, 0xFFFFFFFF);
  for (std::size_t at = 0; at < blocks; at += kUnroll * kBlocks, out += 4 * kUnroll * kBlocks) {
    V64 x0[kUnroll], x1[kUnroll], x2[kUnroll], x3[kUnroll];
    for (std::size_t u = 0; u < kUnroll; ++u) {
      const V64 counter = hn::Add(hn::Set(d, first + at + u * kBlocks), hn::Iota(d, 0));
      x0[u] = counter;
      x1[u] = hn::ShiftRight<32>(counter);
      x2[u] = hn::Set(d, stream);
      x3[u] = hn::Set(d, stream >> 32);
    }
    auto key0 = static_cast<std::uint32_t>(seed), key1 = static_cast<std::uint32_t>(seed >> 32);
    for (int round = 0; round < 10; ++round) {
      const V64 k0 = hn::Set(d, key0), k1 = hn::Set(d, key1);
      for (std::size_t u = 0; u < kUnroll; ++u) {
        const V64 p = product(a, x0[u]), q = product(b, x2[u]);
        x0[u] = hn::Xor(hn::ShiftRight<32>(q), hn::Xor(x1[u], k0));
        x1[u] = q;
        x2[u] = hn::Xor(hn::ShiftRight<32>(p), hn::Xor(x3[u], k1));
        x3[u] = p;
      }
      key0 += 0x9E3779B9;
      key1 += 0xBB67AE85;
    }
    for (std::size_t u = 0; u < kUnroll; ++u) {
      const V64 front = hn::Or(hn::And(x0[u], low), hn::ShiftLeft<32>(x1[u])),
                back = hn::Or(hn::And(x2[u], low), hn::ShiftLeft<32>(x3[u]));
      hn::StoreInterleaved2(front, back, d, reinterpret_cast<std::uint64_t*>(out + 4 * u * kBlocks));
    }
  }
}
#endif

// Where the first byte of a number is that of its limit, the rest of it decides.
HWY_NOINLINE bool rest_below(std::uint32_t limit, std::uint64_t seed, std::uint64_t stream,
                             std::uint64_t position) {
  return Rng::block(seed, stream, position)[0] >> 8 < (limit & 0xFFFFFF);
}

void binary(std::uint8_t* state, const NeighbourRun* runs, std::size_t count, const std::int32_t* deltas,
            const std::uint8_t* bytes, std::uint32_t from, const std::uint32_t* below, std::uint64_t seed,
            std::uint64_t stream) {
#if HWY_TARGET != HWY_SCALAR
  const hn::ScalableTag<std::uint8_t> d;
  constexpr std::size_t kLanes = hn::MaxLanes(d);
  alignas(64) std::uint8_t first[16 * (kMostNeighbours + 1)];
  for (std::size_t i = 0; i < sizeof(first); ++i) first[i] = static_cast<std::uint8_t>(below[i] >> 24);
  const auto one = hn::Set(d, std::uint8_t{1});
#else
  constexpr std::size_t kLanes = ~std::size_t{0};
#endif
  for (const NeighbourRun* r = runs; r != runs + count; ++r) {
    const std::int32_t* delta = deltas + r->at;
    const std::uint32_t* limits = below + std::size_t{16} * r->degree;
    std::uint8_t* at = state + r->first;
    const std::uint8_t* random = bytes + (r->first - from);
    if (r->count < kLanes) {
      for (std::uint32_t i = 0; i < r->count; ++i) {
        std::uint32_t ones = 0;
        for (std::uint32_t j = 0; j < r->degree; ++j) ones += at[static_cast<std::int64_t>(i) + delta[j]];
        const std::uint32_t limit = limits[ones], high = limit >> 24;
        at[i] = random[i] < high ||
                (random[i] == high && rest_below(limit, seed, stream, std::uint64_t{r->first} + i));
      }
      continue;
    }
#if HWY_TARGET != HWY_SCALAR
    const auto table = hn::LoadDup128(d, first + std::size_t{16} * r->degree);
    // The last vector of a run reaches back over what has been drawn: the same again.
    for (std::size_t i = 0;; i = i + 2 * kLanes <= r->count ? i + kLanes : r->count - kLanes) {
      auto ones = hn::Zero(d);
      for (std::uint32_t j = 0; j < r->degree; ++j)
        ones = hn::Add(ones, hn::LoadU(d, at + static_cast<std::int64_t>(i) + delta[j]));
      const auto limit = hn::TableLookupBytes(table, ones), number = hn::LoadU(d, random + i);
      hn::StoreU(hn::IfThenElseZero(hn::Lt(number, limit), one), d, at + i);
      const auto open = hn::Eq(number, limit);
      if (!hn::AllFalse(d, open)) {
        alignas(64) std::uint8_t lanes[kLanes], counts[kLanes];
        hn::Store(hn::IfThenElseZero(open, one), d, lanes);
        hn::Store(ones, d, counts);
        for (std::size_t l = 0; l < kLanes; ++l)
          if (lanes[l]) at[i + l] = rest_below(limits[counts[l]], seed, stream, r->first + i + l);
      }
      if (i + kLanes == r->count) break;
    }
#endif
  }
}

void counted_one(std::uint8_t* at, const NeighbourRun& r, const std::int32_t* delta, std::uint32_t word,
                 int labels, const float* weights, const float* field, std::size_t stride) {
  std::uint8_t counts[kMostCounted] = {};
  for (std::uint32_t j = 0; j < r.degree; ++j) ++counts[at[delta[j]]];
  float sums[kMostCounted], sum = 0;
  for (int k = 0; k < labels; ++k) {
    const float w = weights[counts[k]];
    sums[k] = sum += field ? w * field[static_cast<std::size_t>(k) * stride] : w;
  }
  const float drawn = static_cast<float>(word >> 8) * 0x1p-24F * sum;
  int label = 0;
  for (int k = 0; k + 1 < labels; ++k) label += sums[k] <= drawn;
  *at = static_cast<std::uint8_t>(label);
}

#if HWY_TARGET != HWY_SCALAR
using DF = hn::ScalableTag<float>;
using DI = hn::RebindToSigned<DF>;
using VI = hn::Vec<DI>;
constexpr std::size_t kFloats = hn::MaxLanes(DF());

// weights[index], an index below 16 (`few`: below 8).
struct Lookup {
  const float* weights;
  hn::Vec<DF> low, high;
  explicit Lookup(const float* w)
      : weights(w), low(hn::LoadU(DF(), w)), high(hn::LoadU(DF(), w + (kFloats < 16 ? kFloats : 0))) {}
  template <bool few>
  HWY_INLINE hn::Vec<DF> at(VI index) const {
    const DF d;
    if constexpr (kFloats >= 16 || (kFloats == 8 && few))
      return hn::TableLookupLanes(low, hn::IndicesFromVec(d, index));
    else if constexpr (kFloats == 8) {
      const DI di;
      const auto lane = hn::IndicesFromVec(d, hn::And(index, hn::Set(di, 7)));
      return hn::IfThenElse(hn::RebindMask(d, hn::Lt(index, hn::Set(di, 8))), hn::TableLookupLanes(low, lane),
                            hn::TableLookupLanes(high, lane));
    } else
      return hn::GatherIndex(d, weights, index);
  }
};

template <bool few>
void counted_run(std::uint8_t* at, const NeighbourRun& r, const std::int32_t* delta,
                 const std::uint32_t* words, int labels, const Lookup& lookup, const float* field,
                 std::size_t stride) {
  const DF d;
  const DI di;
  const hn::RebindToUnsigned<DF> du;
  const hn::ScalableTag<std::uint8_t> wide;
  const hn::Rebind<std::uint8_t, DI> bytes;
  constexpr std::size_t kBytes = hn::MaxLanes(wide);
  alignas(64) std::uint8_t counts[kMostCounted * kBytes];
  alignas(64) float sums[kMostCounted * kFloats];
  for (std::size_t i = 0;; i = i + 2 * kBytes <= r.count ? i + kBytes : r.count - kBytes) {
    for (int k = 0; k < labels; ++k) {
      const auto label = hn::Set(wide, static_cast<std::uint8_t>(k));
      auto n = hn::Zero(wide);
      for (std::uint32_t j = 0; j < r.degree; ++j)
        n = hn::Sub(n, hn::VecFromMask(wide, hn::Eq(label, hn::LoadU(wide, at + static_cast<std::int64_t>(i) +
                                                                               delta[j]))));
      hn::Store(n, wide, counts + static_cast<std::size_t>(k) * kBytes);
    }
    for (std::size_t part = 0; part < kBytes; part += kFloats) {
      auto sum = hn::Zero(d);
      for (int k = 0; k < labels; ++k) {
        const auto n =
            hn::PromoteTo(di, hn::LoadU(bytes, counts + static_cast<std::size_t>(k) * kBytes + part));
        auto w = lookup.at<few>(n);
        if (field) w = hn::Mul(w, hn::LoadU(d, field + static_cast<std::size_t>(k) * stride + i + part));
        sum = hn::Add(sum, w);
        hn::Store(sum, d, sums + static_cast<std::size_t>(k) * kFloats);
      }
      const auto number = hn::BitCast(di, hn::ShiftRight<8>(hn::LoadU(du, words + i + part)));
      const auto drawn = hn::Mul(hn::Mul(hn::ConvertTo(d, number), hn::Set(d, 0x1p-24F)), sum);
      auto label = hn::Zero(di);
      for (int k = 0; k + 1 < labels; ++k)
        label = hn::Sub(
            label,
            hn::VecFromMask(
                di, hn::RebindMask(
                        di, hn::Le(hn::Load(d, sums + static_cast<std::size_t>(k) * kFloats), drawn))));
      hn::StoreU(hn::DemoteTo(bytes, label), bytes, at + i + part);
    }
    if (i + kBytes == r.count) break;
  }
}
#endif

void counted(std::uint8_t* state, const NeighbourRun* runs, std::size_t count, const std::int32_t* deltas,
             const std::uint32_t* words, std::uint32_t from, int labels, const float* weights,
             const float* field, std::size_t stride) {
#if HWY_TARGET != HWY_SCALAR
  const Lookup lookup(weights);
  constexpr std::size_t kLanes = hn::MaxLanes(hn::ScalableTag<std::uint8_t>());
#endif
  for (const NeighbourRun* r = runs; r != runs + count; ++r) {
    const std::int32_t* delta = deltas + r->at;
    std::uint8_t* at = state + r->first;
    const std::uint32_t* random = words + (r->first - from);
    const float* of_run = field ? field + r->first : nullptr;
#if HWY_TARGET != HWY_SCALAR
    if (r->count >= kLanes) {
      if (r->degree < 8)
        counted_run<true>(at, *r, delta, random, labels, lookup, of_run, stride);
      else
        counted_run<false>(at, *r, delta, random, labels, lookup, of_run, stride);
      continue;
    }
#endif
    for (std::uint32_t i = 0; i < r->count; ++i)
      counted_one(at + i, *r, delta, random[i], labels, weights, of_run ? of_run + i : nullptr, stride);
  }
}

}  // namespace

const GibbsKernels kKernels{random, binary, counted};
const GibbsKernels* gibbs_table() { return &kKernels; }

}  // namespace HWY_NAMESPACE
}  // namespace ebm
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace ebm {

HWY_EXPORT(gibbs_table);
const GibbsKernels& gibbs_kernels() {
  static const GibbsKernels& kernels = *HWY_DYNAMIC_DISPATCH(gibbs_table)();
  return kernels;
}

}  // namespace ebm
#endif
