#pragma once
/// \file
/// LeNet-5 on single digits (LeCun, Bottou, Bengio, Haffner 1998, section II): E(W, X, Y) = |F6_W(X) -
/// code_Y|^2, the fixed RBF code, trained by the MAP criterion (eq. 9)
///   L = E(Y) + log( exp(-j) + sum_y exp(-E(y)) ),
/// which is the negative log-likelihood over the ten digits and a rubbish class of fixed energy j.

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <span>
#include <vector>

#include "ebm/graph/model.hpp"
#include "ebm/io/idx.hpp"
#include "ebm/train/trainer.hpp"

namespace ebm::models {

struct DigitTraining {
  int epochs = 20;
  bool distort = false;        ///< every pass sees a new distortion of every digit (section III.B)
  double rubbish_energy = 10;  ///< j of the MAP criterion, nats
  std::uint64_t seed = 1;
  std::filesystem::path checkpoint, resume;
  bool quiet = false;
  std::function<void(const EpochReport& train, const EpochReport* validation)> on_epoch;
};

inline namespace EBM_PRECISION {

/// Translation, scaling, squeezing and horizontal shear of a framed digit [32, 32], as in section III.B.
void distort_digit(std::span<const Real> digit, Rng rng, std::span<Real> out);

class DigitReader {
 public:
  explicit DigitReader(std::uint64_t seed = 1);
  static DigitReader load(const std::filesystem::path& path);
  void save(const std::filesystem::path& path) const;

  /// \throws DataError when there is no digit to learn from; otherwise as Trainer::fit.
  History train(const io::Mnist& digits, const DigitTraining& options);
  /// The digit of least energy for each image. Const, any number of threads.
  std::vector<int> read(const io::IdxImages& images) const;

  const Net& net() const { return net_; }
  const Params& params() const { return *params_; }

 private:
  std::uint64_t seed_;
  std::unique_ptr<Params> params_;
  Net net_;
};

}  // namespace EBM_PRECISION
}  // namespace ebm::models
