#pragma once
// Graphs of a real variable, with or without label variables, at points: which pieces of the answer set are
// to be searched, the energy of every point, and the weights that make an answer of it.

#include <array>
#include <span>
#include <string_view>
#include <vector>

#include "ebm/inference/engine.hpp"
#include "real_domain.hpp"

namespace ebm {
inline namespace EBM_PRECISION {

// How the labels of a mixed graph are met: there are none; each joint label is a problem of its own (discrete
// outside); every point takes its best joint label (discrete inside).
enum class LabelMode { none, outside, inside };

// Joint labels of one structure, last variable fastest, as numbers 0 .. count - 1.
class JointLabels {
 public:
  // \throws GraphError when there are more than `limit`.
  JointLabels(const Structure& s, double limit, std::string_view engine);
  int count() const { return count_; }
  void decode(int joint, std::span<int> labels) const;
  bool in_truth(const Sample& sample, int joint) const;
  // E of item at a joint label.
  double energy(const Batch& b, int item, int joint) const;
  // weights += weight at every table entry that the joint label reads; `weights` starts at the item's own.
  void give(const Batch& b, int item, int joint, double weight, std::span<Real> weights) const;

 private:
  static constexpr std::size_t kMost = 32;
  std::array<int, kMost> sizes_{};  // in place, for these are made at every query
  int variables_ = 0, count_ = 1;
};

// A piece of the answer set of one sample: reals free, outside the ball around the truth, or at the truth;
// one joint label, or (-1) the best of those that are all, in, or not in the truth.
struct Piece {
  int sample = 0;
  int joint = 0;
  Over labels = Over::all;
  bool ball = false, clamped = false;
};

// The pieces that make up what a query asks for, samples in ascending order.
class Pieces {
 public:
  // \throws GraphError naming the engine for graphs that it does not cover, and when nothing is left outside
  // the ball.
  void assign(const Batch& b, const Query& q, LabelMode mode, double limit, double exclude,
              std::string_view engine);
  const std::vector<Piece>& all() const { return pieces_; }
  const JointLabels& joint(const Batch& b, int sample) const;
  // E at every item of the batch, item k being of piece `of[k]`, and the joint label it was read at.
  void energies(const Batch& b, std::span<const int> of, std::span<double> energy,
                std::span<int> joint) const;

 private:
  std::vector<Piece> pieces_;
  std::vector<std::pair<const Structure*, JointLabels>> labels_;
  std::string_view engine_;
};

// Where the search of a sample's piece ended. `energy` +inf: nowhere.
struct Found {
  int piece = 0;
  double energy = kInf;
  int joint = 0;
  std::span<const double> at;  // [dims]
};

// Makes the answer: over all that was found for a sample the minimum, or the free energy of the query's beta.
// Calls forward at the points that carry weight.
void answer_from(Batch& b, const Query& q, const Pieces& pieces, std::span<const Found> found, Answer& out);

}  // namespace EBM_PRECISION
}  // namespace ebm
