#pragma once
/// \file
/// How well energies tell genuine from impostor: a pair, or a face from background, is accepted when its
/// energy is at most a threshold. False rejects are genuine ones above it, false accepts impostors at most
/// it.

#include <cstdint>
#include <span>
#include <vector>

#include "ebm/core/rng.hpp"
#include "ebm/core/tensor.hpp"
#include "ebm/models/pairs.hpp"

namespace ebm::models {

/// One threshold and its two errors, fractions in [0, 1].
struct RocPoint {
  double threshold = 0, false_rejects = 0, false_accepts = 0;
};

/// Both kinds of error at every threshold that changes one, from "accept none" (threshold -inf) upwards.
/// O(n log n). \throws DataError when a list is empty or holds a NaN.
std::vector<RocPoint> roc(std::span<const double> genuine, std::span<const double> impostor);
/// Where both errors are equal, on the straight line between neighbouring points.
double equal_error(std::span<const RocPoint> curve);
/// Least false accepts at which at most this fraction of the genuine ones is rejected, on straight lines.
double false_accepts_at(std::span<const RocPoint> curve, double false_rejects);
/// Least threshold at which at most this fraction of the genuine ones is rejected.
double threshold_at(std::span<const RocPoint> curve, double false_rejects);

/// A 95 % interval.
struct Interval {
  double low = 0, high = 1;
};

/// Energies of all unordered pairs of images, without self pairs, with the classes (persons) of both.
struct PairEnergy {
  int a = 0, b = 0;
  double energy = 0;
  bool genuine = false;
};
/// L1 distances of rows [n, d]: of embeddings, or of pixels as the baseline. O(n^2 d), all cores.
std::vector<PairEnergy> all_pairs(ConstView rows, std::span<const int> classes);
struct TwoKinds {
  std::vector<double> genuine, impostor;
};
TwoKinds energies_by_kind(std::span<const PairEnergy> pairs);

/// Percentile interval of the equal error over `draws` bootstrap samples of classes, not of pairs: pairs of
/// one person are not independent (Bolle, Ratha, Pankanti 2004, the subsets bootstrap). A class drawn twice
/// counts its pairs twice; with itself it makes genuine pairs alone. Draws without both kinds are left out.
Interval equal_error_interval(std::span<const PairEnergy> pairs, std::span<const int> classes, Rng rng,
                              int draws = 1000);

/// Verification against a person rather than an image (Chopra, Hadsell, LeCun 2005, section 4): a normal
/// density with diagonal covariance over the embeddings of a person's gallery, impostors of constant density.
/// The energies are -log p(x | person) of every probe (image outside the gallery), genuine for its own person
/// and impostor for others; the constant is the threshold. The gallery is the first `gallery` images of each
/// class; variances are those of all galleries pooled around their own means, so that few images suffice.
/// \throws DataError when no class has more images than its gallery.
TwoKinds density_energies(ConstView rows, std::span<const int> classes, int gallery);

/// One-shot recognition: fraction of probes whose nearest gallery image (L1) is of their own class, the
/// gallery being `k` random images of each class, mean over `draws`. 0 when no class has a probe.
double recognition(ConstView rows, std::span<const int> classes, int k, Rng rng, int draws = 20);

}  // namespace ebm::models
