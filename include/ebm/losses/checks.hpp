#pragma once
/// \file
/// What losses share: refusals in one sentence, and functions of a difference of energies that neither
/// overflow nor make a NaN of two infinities.

#include <cmath>
#include <string_view>

#include "ebm/losses/loss.hpp"

namespace ebm::loss::detail {

/// \throws LossError "[loss] KEY: WHAT is VALUE, NEED".
[[noreturn]] void refuse(std::string_view key, std::string_view what, double value, std::string_view need);

inline void positive(std::string_view key, std::string_view option, double value) {
  if (!(value > 0 && value < kInf)) refuse(key, option, value, "and must be finite and above 0");
}
inline void not_negative(std::string_view key, std::string_view option, double value) {
  if (!(value >= 0 && value < kInf)) refuse(key, option, value, "and must be finite and at least 0");
}
/// \throws LossError for a margin between answers that is negative, no square, or not 0 for the truth itself.
void check_rescaling(std::string_view key, const Rescaling& rescaling);

/// Energies may be anything but NaN and -inf.
inline void known(std::string_view key, double e, double o) {
  constexpr std::string_view kNeed = "which is no energy; look at what computed it";
  if (!(e > -kInf)) refuse(key, "the energy of the truth", e, kNeed);
  if (!(o > -kInf)) refuse(key, "the energy of the contrast", o, kNeed);
}
/// Energies that are read as distances.
inline void distances(std::string_view key, double e, double o) {
  constexpr std::string_view kNeed =
      "and this loss needs energies of at least 0; use hinge, log or nll, which read the gap alone";
  if (!(e >= 0)) refuse(key, "the energy of the truth", e, kNeed);
  if (!(o >= 0)) refuse(key, "the energy of the contrast", o, kNeed);
}

/// e - o, and 0 for equal infinities.
inline double difference(double e, double o) { return e == o ? 0 : e - o; }
/// 1 / (1 + exp(-u))
inline double sigmoid(double u) {
  const double t = std::exp(-std::abs(u));
  return (u < 0 ? t : 1) / (1 + t);
}
/// s(u) (1 - s(u))
inline double sigmoid_slope(double u) {
  const double t = std::exp(-std::abs(u));
  return t / ((1 + t) * (1 + t));
}
/// log(1 + exp(u))
inline double softplus(double u) { return (u > 0 ? u : 0) + std::log1p(std::exp(-std::abs(u))); }

/// The least of the answers that compete, less the margin between answers if any.
inline Query competing(Over over, const Rescaling* rescaling) {
  const bool none = !rescaling || (rescaling->hamming == 0 && rescaling->table.empty());
  return {.over = over, .rescaling = none ? nullptr : rescaling};
}
/// The query of a margin loss: the most offending incorrect answer.
inline Query offending(const Rescaling* rescaling = nullptr) { return competing(Over::others, rescaling); }

}  // namespace ebm::loss::detail
