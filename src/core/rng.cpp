#include "ebm/core/rng.hpp"

#include <cmath>
#include <numbers>

namespace ebm {

std::array<std::uint32_t, 4> Rng::block(std::uint64_t seed, std::uint64_t stream, std::uint64_t counter) {
  auto key0 = static_cast<std::uint32_t>(seed), key1 = static_cast<std::uint32_t>(seed >> 32);
  std::array<std::uint32_t, 4> x{
      static_cast<std::uint32_t>(counter), static_cast<std::uint32_t>(counter >> 32),
      static_cast<std::uint32_t>(stream), static_cast<std::uint32_t>(stream >> 32)};
  for (int round = 0; round < 10; ++round) {
    const std::uint64_t a = std::uint64_t{0xD2511F53} * x[0], b = std::uint64_t{0xCD9E8D57} * x[2];
    x = {static_cast<std::uint32_t>(b >> 32) ^ x[1] ^ key0, static_cast<std::uint32_t>(b),
         static_cast<std::uint32_t>(a >> 32) ^ x[3] ^ key1, static_cast<std::uint32_t>(a)};
    key0 += 0x9E3779B9;
    key1 += 0xBB67AE85;
  }
  return x;
}

std::uint32_t Rng::next() {
  const auto lane = counter_ % 4;
  if (lane == 0) words_ = block(seed_, stream_, counter_ / 4);
  ++counter_;
  return words_[lane];
}

double Rng::uniform() { return next() * 0x1p-32; }

double Rng::normal() {
  const double u = (next() + 0.5) * 0x1p-32, v = (next() + 0.5) * 0x1p-32;
  return std::sqrt(-2 * std::log(u)) * std::cos(2 * std::numbers::pi * v);
}

int Rng::below(int n) {
  return static_cast<int>((std::uint64_t{next()} * static_cast<std::uint64_t>(n)) >> 32);
}

Rng Rng::fork(std::uint64_t key) const {
  const auto mixed = block(seed_, stream_ ^ 0x6a09e667f3bcc909ULL, key);
  return Rng(seed_, (std::uint64_t{mixed[1]} << 32) | mixed[0]);
}

void Rng::seek(std::uint64_t counter) {
  counter_ = counter;
  if (counter_ % 4 != 0) words_ = block(seed_, stream_, counter_ / 4);
}

}  // namespace ebm
