#pragma once
/// \file
/// Siamese metric learning: one net G_W on both images of a pair, the energy the distance of its outputs.
///   Chopra, Hadsell, LeCun 2005:  E = |G(X1) - G(X2)|_1, loss (2/Q) E^2 or 2 Q exp(-2.77 E / Q);
///   Hadsell, Chopra, LeCun 2006:  E = |G(X1) - G(X2)|_2, loss 1/2 E^2 or 1/2 ([m - E]+)^2 (DrLIM).
/// Genuine pairs are Truth::low, impostors Truth::high. Images are declared once, as rows of a tensor, and a
/// pair names two of them; a step runs G once on each image it meets.

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>

#include "ebm/graph/model.hpp"
#include "ebm/models/pairs.hpp"
#include "ebm/net/build.hpp"
#include "ebm/train/trainer.hpp"

namespace ebm::models {
inline namespace EBM_PRECISION {

/// The net of 2005 on images [1, 56, 46]: C1 15@50x40, S2 15@25x20, C3 45@20x15 (each map reads all of S2:
/// the paper's partial table is not recovered), S4 45@5x5 by 4x3 windows, C5 250, F6 50 outputs in +-1.7159.
/// 319,265 parameters.
Net siamese_face_net(Params& W, std::string name);
/// Q of the exponential loss for a net whose last layer is a Tanh: outputs times their range.
double largest_distance(int outputs, const net::Tanh& squash = {});

/// Energies of pairs of `images` [n, ...], which must stay where they are: L1 (2005) or L2 (2006). Preparing
/// a pair of images that are not there \throws DataError.
Model<Pair> siamese(Params& W, const Net& G, const Tensor& images);
Model<Pair> drlim(Params& W, const Net& G, const Tensor& images);
Model<Pair> siamese(Params& W, const Net& G, Tensor&& images) = delete;
Model<Pair> drlim(Params& W, const Net& G, Tensor&& images) = delete;

/// Which of its candidates an image is like: E(Y = y) = |G(image) - G(candidate y)|_1, and the true Y is the
/// genuine one. The same distances as siamese(), told apart rather than held against two fixed springs: any
/// loss of labels serves, as the negative log-likelihood (the N-pair loss of Sohn 2016; Goldberger et al.
/// 2005 over all images) or the hinge (triplets; Schroff et al. 2015).
Model<Choice> choosing(Params& W, const Net& G, const Tensor& images);
Model<Choice> choosing(Params& W, const Net& G, Tensor&& images) = delete;

struct PairTraining {
  int passes = 20;
  int pairs = 4000;  ///< or choices, in a pass, drawn anew; of pairs half are genuine
  int batch = 64;    ///< pairs or choices a step
  int images = 60;   ///< that the choices of a step are among; pairs meet about as many as `batch`
  std::uint64_t seed = 1;
  /// Redraws the images that the model views, before every pass: a pure function of the pass, given which
  /// images it will look at, ascending. Empty: they stay.
  std::function<void(int pass, std::span<const int> images)> before_pass{};
  std::filesystem::path checkpoint{}, resume{};
  Recipe recipe{};    ///< what else a resumed run must share
  History earlier{};  ///< of the training before this one: FitOptions::earlier
  bool quiet = false;
  std::string title = "siamese net", stage = "pairs";
  std::function<void(const EpochReport& pass)> on_pass{};
};

/// Trains on pairs drawn from `set` by (seed, pass), so that a killed run resumes to the same weights.
/// \throws DataError when there is no genuine or no impostor pair; otherwise as Trainer::fit.
History train_pairs(Model<Pair>& model, const PairSet& set, const AnyLoss& loss,
                    const AnyOptimiser& optimiser, const PairTraining& options);

/// The same on choices, each image with one that is like it and others that are not.
History train_choices(Model<Choice>& model, const PairSet& set, const AnyLoss& loss,
                      const AnyOptimiser& optimiser, const PairTraining& options);

/// G of every image [n, ...], in batches, one forward pass each: [n, outputs].
Tensor embed(const Params& W, const Net& G, ConstView images);

}  // namespace EBM_PRECISION
}  // namespace ebm::models
