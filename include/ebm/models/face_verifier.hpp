#pragma once
/// \file
/// Face verification by a learned metric (Chopra, Hadsell, LeCun 2005): are two pictures of one person? The
/// energy of a pair is the L1 distance of its embeddings by the net of siamese.hpp; people need not have been
/// in the training. A picture is embedded once, however many it is held against.

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "ebm/io/image.hpp"
#include "ebm/models/siamese.hpp"

namespace ebm::models {

/// Trained first on made people, whose number is only a matter of time, then on the pictures at hand: thirty
/// real ones are soon learned by heart.
struct VerifierTraining {
  /// Negative log-likelihood of which of several pictures is of one's own person, or the exponential loss of
  /// pairs of 2005.
  enum class Loss { nll, contrastive_exponential };
  Loss loss = Loss::nll;
  int passes = 40;      ///< over the pictures
  int steps = 10;       ///< in a pass, 60 pictures each
  double rate = 5e-4;   ///< of Adam; falls to 0 along a cosine
  bool distort = true;  ///< every pass sees every picture distorted anew (distort_face)
  int people = 3000;    ///< made ones to start from, ten pictures each; 0: none
  int start_passes = 200, start_steps = 20;
  double start_rate = 1e-3;
  std::filesystem::path checkpoint, resume;
  bool quiet = false;
  std::function<void(const EpochReport& pass)> on_pass;
};

inline namespace EBM_PRECISION {

inline constexpr int kFaceHeight = 56, kFaceWidth = 46;

/// Pictures as the net sees them: [n, 1, 56, 46], area-averaged to that size, (grey - 0.44) / 0.2 with grey
/// in [0, 1]: how bright a picture is stays, for it tells people apart.
Tensor face_inputs(std::span<const io::Image> pictures);
/// One input [56, 46] shifted by up to 3 pixels, turned by up to 7 degrees, scaled by up to 10 % and squeezed
/// by up to 6 %, mirrored at even odds; what comes in from outside repeats the border. Contrast, brightness
/// and a slope of light across it change by up to 20 % and 0.3 deviations. Up to two patches of 4 to 23
/// pixels a side become grey, so that no one feature is relied on (random erasing, Zhong et al. 2017).
void distort_face(std::span<const Real> face, Rng rng, std::span<Real> out);

class FaceVerifier {
 public:
  explicit FaceVerifier(std::uint64_t seed = 1);
  /// \throws DataError for a file of another kind, FormatError for a damaged one.
  static FaceVerifier load(const std::filesystem::path& path);
  FaceVerifier clone() const;
  /// Written whole or not at all.
  void save(const std::filesystem::path& path) const;

  /// Trains on made people alone: what train() starts from, where several trainings share it.
  /// \throws as train_pairs.
  History start(const VerifierTraining& options);
  /// start(), unless it was called or `people` is 0, then on the pictures. Checkpoints are of both.
  /// \param inputs as of face_inputs; `pairs` of them. \throws as train_pairs.
  History train(const Tensor& inputs, const PairSet& pairs, const VerifierTraining& options);
  /// [n, 50]: the mean of G over a picture and its mirror image, each at nine places up to two pixels apart.
  /// Const, any number of threads.
  Tensor embed(ConstView inputs) const;

  const Net& net() const { return net_; }
  const Params& params() const { return *params_; }

  std::vector<std::string> people;  ///< in the training; stored in the model
  std::string notes = "{}";         ///< JSON that travels with the model

 private:
  struct Stage {
    bool start = false, resume = false;
  };
  History fit(const Tensor& inputs, const PairSet& pairs, const VerifierTraining& options, Stage stage,
              const History& earlier);

  std::uint64_t seed_;
  bool started_ = false;
  std::unique_ptr<Params> params_;
  Net net_;
};

}  // namespace EBM_PRECISION
}  // namespace ebm::models
