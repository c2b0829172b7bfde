#pragma once
/// \file
/// A loss is a scalar function of two energies plus a choice of contrast: e, the energy of the truth (minimum
/// or free energy over what the truth leaves open), and o, the energy of what it is held against (LeCun et
/// al. 2006, section 2.2). The value over a data set is the mean over samples that have a truth. None knows a
/// graph or a net.

#include <concepts>
#include <memory>
#include <string_view>
#include <utility>

#include "ebm/inference/engine.hpp"

namespace ebm {

/// Loss value and its slopes with respect to the two energies.
struct Slope {
  double value = 0;     ///< nats
  double truth = 0;     ///< d value / d e
  double contrast = 0;  ///< d value / d o
};

/// A plain struct of options: what it asks of inference, in its type, and the function itself.
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

/// Any loss behind one type, for the trainer, the command line and JSON.
class AnyLoss {
 public:
  template <Loss L>
  AnyLoss(L loss)  // NOLINT: a loss is a loss
      : key(L::kKey),
        needs(L::kNeeds),
        contrasts(L::kContrasts),
        can_collapse(L::kCanCollapse),
        truth(loss.truth()),
        contrast(loss.contrast()),
        self_(std::make_shared<const L>(std::move(loss))),
        call_([](const void* self, double e, double o) { return (*static_cast<const L*>(self))(e, o); }) {}
  Slope operator()(double e, double o) const { return call_(self_.get(), e, o); }

  std::string_view key;
  Powers needs;
  bool contrasts, can_collapse;
  Query truth, contrast;

 private:
  std::shared_ptr<const void> self_;
  Slope (*call_)(const void*, double, double);
};

/// The loss of a key of the command line ("nll", "perceptron", "energy"). \throws GraphError listing the
/// keys.
AnyLoss any_loss(std::string_view key, double beta = 1);

}  // namespace ebm
