#pragma once
/// \file
/// The engine of a graph whose one factor on the real variable knows its own minimiser (ClosedFormFactor):
///   z = argmin E(x, z), within the bounds of z,
/// as the pose of a face that is nearest on its manifold (Osadchy, LeCun, Miller 2007, section 2). Nothing is
/// searched, and no other value is lower. Time is linear in the samples.

#include "ebm/inference/engine.hpp"

namespace ebm {
inline namespace EBM_PRECISION {
namespace infer {

/// Minima over all, over the truth (at the known value of the real variable, where there is one), and of
/// truths known as a whole (Truth::low, Truth::high). `others` where they are all or none: not of an output
/// of known value, for its ball is not the factor's to leave. Factors off the real variable are constants.
struct ClosedForm {
  static constexpr Powers kPowers{.minimum = true, .others = true};
  static constexpr std::string_view kKey = "closed_form";
  /// \throws GraphError for a free energy, a ball around a known output, label variables beside the real one,
  /// angles that go round or unit vectors, several factors or instances on the real variable, or a factor
  /// that does not know its minimiser, by name.
  void answer(Batch& batch, const Query& query, Answer& out) const;
};

}  // namespace infer
}  // namespace EBM_PRECISION
}  // namespace ebm
