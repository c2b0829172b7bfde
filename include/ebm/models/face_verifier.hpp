#pragma once
/// \file
/// Face verification by a learned metric (Chopra, Hadsell, LeCun 2005): are two pictures of one person? The
/// energy of a pair is the L1 distance of its embeddings by the net of siamese.hpp; people need not have been
/// in the training. One picture is one forward pass.

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

struct VerifierTraining {
  int passes = 20;
  int pairs = 3000;     ///< in a pass
  int batch = 60;       ///< pairs a step
  double rate = 5e-4;   ///< of Adam; falls to 0 along a cosine
  bool distort = true;  ///< every pass sees every picture distorted anew (distort_face)
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
/// by up to 6 %, mirrored at even odds; what comes in from outside repeats the border. Up to two patches of 4
/// to 23 pixels a side become grey, so that no one feature is relied on (random erasing, Zhong et al. 2017).
void distort_face(std::span<const Real> face, Rng rng, std::span<Real> out);

class FaceVerifier {
 public:
  explicit FaceVerifier(std::uint64_t seed = 1);
  /// \throws DataError for a file of another kind, FormatError for a damaged one.
  static FaceVerifier load(const std::filesystem::path& path);
  /// Written whole or not at all.
  void save(const std::filesystem::path& path) const;

  /// \param inputs as of face_inputs; `pairs` of them. \throws as train_pairs.
  History train(const Tensor& inputs, const PairSet& pairs, const VerifierTraining& options);
  /// [n, 50]. Const, any number of threads.
  Tensor embed(ConstView inputs) const { return models::embed(*params_, net_, inputs); }

  const Net& net() const { return net_; }
  const Params& params() const { return *params_; }

  std::vector<std::string> people;  ///< in the training; stored in the model
  std::string notes = "{}";         ///< JSON that travels with the model

 private:
  std::uint64_t seed_;
  std::unique_ptr<Params> params_;
  Net net_;
};

}  // namespace EBM_PRECISION
}  // namespace ebm::models
