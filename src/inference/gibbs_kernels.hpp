#pragma once
// Gibbs sweeps over variables that lie side by side as bytes and whose neighbours do too, compiled for each
// instruction set. A label is drawn from how many neighbours have which label alone:
//   P(y = k | rest) ~ field_k exp(weight #{neighbours with label k}).
// Every number drawn is a function of (seed, stream, position), as ebm::Rng has it: the same for any
// instruction set and any number of threads.

#include <cstddef>
#include <cstdint>

namespace ebm {

// Variables at positions first, .., first + count - 1: the neighbours of each are at its own position plus
// each of `degree` numbers, deltas[at], ..
struct NeighbourRun {
  std::uint32_t first, count, at, degree;
};
inline constexpr std::size_t kMostNeighbours = 15;  // a byte table of a vector unit has 16 entries
inline constexpr int kMostCounted = 32;             // labels of `counted`

struct GibbsKernels {
  // out = the words 4 first, .., 4 (first + blocks) - 1 of Rng(seed, stream); room for `kRandomSlack` more.
  void (*random)(std::uint64_t seed, std::uint64_t stream, std::uint64_t first, std::size_t blocks,
                 std::uint32_t* out);
  // Two labels. bytes[position - from] is the first byte of a position's number, whose other three come from
  // (seed, stream) at `position` where the first leaves it open: 1 in 256. below [16 (degree + 1)]: label 1
  // where the number is below 2^32 P(1), by degree and by how many neighbours have label 1.
  void (*binary)(std::uint8_t* state, const NeighbourRun* runs, std::size_t count, const std::int32_t* deltas,
                 const std::uint8_t* bytes, std::uint32_t from, const std::uint32_t* below,
                 std::uint64_t seed, std::uint64_t stream);
  // Several labels. words[position - from] is a position's number; weights [16] by the count, of which all
  // products with a field are normal numbers; field [labels] rows `stride` apart, at a position; or null:
  // all 1.
  void (*counted)(std::uint8_t* state, const NeighbourRun* runs, std::size_t count,
                  const std::int32_t* deltas, const std::uint32_t* words, std::uint32_t from, int labels,
                  const float* weights, const float* field, std::size_t stride);
};
inline constexpr std::size_t kRandomSlack = 256;  // words

const GibbsKernels& gibbs_kernels();

}  // namespace ebm
