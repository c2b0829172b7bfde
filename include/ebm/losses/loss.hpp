#pragma once
/// \file
/// A loss is a scalar function of two energies plus a choice of contrast: e, the energy of the truth (minimum
/// or free energy over what the truth leaves open), and o, the energy of what it is held against (LeCun et
/// al. 2006, section 2.2). The value over a data set is the mean over samples that have a truth. None knows a
/// graph or a net. The catalogue (catalogue.hpp) lists them; a user's own is one more plain struct.
///
/// An infinite o says that nothing competes: a margin loss is then satisfied. Nothing here makes a NaN of two
/// infinities, and a NaN that comes in is refused by name.

#include <concepts>
#include <memory>
#include <optional>
#include <string_view>
#include <utility>

#include "ebm/core/error.hpp"
#include "ebm/inference/engine.hpp"

namespace ebm {

/// An option out of its range, or an energy that the loss makes no sense of.
struct LossError : GraphError {
  using GraphError::GraphError;
};

/// Loss value and its slopes with respect to the two energies.
struct Slope {
  double value = 0;     ///< nats
  double truth = 0;     ///< d value / d e
  double contrast = 0;  ///< d value / d o
};

/// A plain struct of options: what it asks of inference, in its type, and the function itself. It may also
/// have `check()`, which refuses options out of range, and a constant `kImpostors`: true where it has a term
/// for a sample that no answer is the truth of (Truth::high: an impostor pair, background), whose e is
/// infinite.
template <class L>
concept Loss = requires(const L loss, double e, double o) {
  { loss.truth() } -> std::convertible_to<Query>;
  { loss.contrast() } -> std::convertible_to<Query>;
  { loss(e, o) } -> std::convertible_to<Slope>;
  { L::kNeeds } -> std::convertible_to<Powers>;
  { L::kContrasts } -> std::convertible_to<bool>;    ///< false: o is never asked for
  { L::kCanCollapse } -> std::convertible_to<bool>;  ///< a flat energy surface can minimise it
  { L::kKey } -> std::convertible_to<std::string_view>;
};

/// Asking a loss of an engine that cannot give its contrast does not compile.
template <class L, class E>
concept Answerable = Loss<L> && Engine<E> && covers(E::kPowers, L::kNeeds);

/// Any loss behind one type, for the trainer, the command line and JSON. \throws LossError, when it is made,
/// for options out of range.
class AnyLoss {
 public:
  template <Loss L>
  AnyLoss(L loss)  // NOLINT: a loss is a loss
      : key(L::kKey), needs(L::kNeeds), contrasts(L::kContrasts), can_collapse(L::kCanCollapse) {
    if constexpr (requires { loss.check(); }) loss.check();
    if constexpr (requires { L::kImpostors; }) impostors = L::kImpostors;
    const auto own = std::make_shared<const L>(std::move(loss));
    truth = own->truth();  // a query may point into its loss, so into the one that is kept
    contrast = own->contrast();
    self_ = own;
    call_ = [](const void* self, double e, double o) -> Slope {
      return (*static_cast<const L*>(self))(e, o);
    };
  }
  Slope operator()(double e, double o) const { return call_(self_.get(), e, o); }

  std::string_view key;
  Powers needs;
  bool contrasts, can_collapse, impostors = false;
  Query truth, contrast;

 private:
  std::shared_ptr<const void> self_;
  Slope (*call_)(const void*, double, double);
};

/// Options by name. What is left out is the loss's own default; what a loss does not have is refused.
struct LossSettings {
  std::optional<double> beta{}, margin{}, gamma{}, delta{}, q{};
  std::optional<int> steps{};
  std::optional<Rescaling> rescaling{};
};

/// The loss of a key of the command line ("nll", "hinge", "square-square", ..).
/// \throws LossError listing the keys, or naming the option that this loss does not have or that is out of
/// range.
AnyLoss any_loss(std::string_view key, const LossSettings& settings = {});

}  // namespace ebm
