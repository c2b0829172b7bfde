#include "ebm/losses/loss.hpp"

#include "ebm/core/error.hpp"
#include "ebm/losses/energy.hpp"
#include "ebm/losses/nll.hpp"
#include "ebm/losses/perceptron.hpp"

namespace ebm {

AnyLoss any_loss(std::string_view key, double beta) {
  if (key == loss::Energy::kKey) return loss::Energy{};
  if (key == loss::Perceptron::kKey) return loss::Perceptron{};
  if (key == loss::NegativeLogLikelihood::kKey) {
    if (!(beta > 0)) throw GraphError(message("[loss] nll needs beta above 0, not ", beta));
    return loss::NegativeLogLikelihood{.beta = beta};
  }
  throw GraphError(message("[loss] '", key, "' is no loss; write energy, perceptron or nll"));
}

}  // namespace ebm
