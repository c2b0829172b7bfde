#pragma once
/// \file
/// A span of samples with its tables evaluated: every net once over all rows of all samples, every factor
/// function once over all its instances. Ragged by nature: nothing is padded. Reused from step to step; in a
/// steady loop it allocates nothing.
///
/// Tables are read per *item*: the sample itself, or a point when the graph has a real variable (each point
/// belongs to a sample). Weights on table entries live in one flat array, item after item, in the layout of
/// `weights_at`.

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "ebm/graph/structure.hpp"

namespace ebm {
inline namespace EBM_PRECISION {

/// Values of the real variable, [points, dims]; point i belongs to sample[i], samples in ascending order.
struct Points {
  int dims = 0;
  std::vector<int> sample;
  std::vector<Real> values;
  int count() const { return static_cast<int>(sample.size()); }
  bool empty() const { return sample.empty(); }
  void clear() {
    sample.clear();
    values.clear();
  }
};

/// The energies of one group for one item: row r starts at data + r * stride.
struct TableAt {
  const Real* data = nullptr;
  int stride = 0;  ///< 0 when one row serves every instance
  int rows = 0;
  int entries = 0;
};

class Batch {
 public:
  explicit Batch(const Schema& schema);
  Batch(Batch&&) noexcept;
  Batch& operator=(Batch&&) noexcept;
  ~Batch();

  /// The samples must outlive their use here. Forgets what was evaluated. A gradient needs Mode::train.
  void assign(std::span<const Sample* const> samples, Net::Mode mode = Net::Mode::evaluate);
  /// Evaluates every table, one item a sample. \throws GraphError when a graph has a real variable (points
  /// are needed).
  void forward();
  /// Evaluates every table at the given points, which must stay until the next assign, forward, invalidate or
  /// forget_points. What data alone decide is kept from the last evaluation, if W has not changed. `slopes`:
  /// slopes_at_points will be asked for.
  void forward(const Points& points, bool slopes = false);
  /// Evaluates what data alone decide, unless it was done since the samples or W last changed.
  void forward_data();
  /// What data alone decide, after any forward: a net's output or the numbers as they are, [rows, columns].
  /// Not for a feature of the real variable.
  ConstView feature(int sample, int feature) const;
  /// forward() unless it was done since the samples or W last changed.
  void ensure();
  /// W changed: what was evaluated is stale.
  void invalidate();
  /// The points go away; what data alone decide stays.
  void forget_points();

  /// How many rows were evaluated since the batch was made.
  struct Evaluations {
    std::uint64_t data = 0;    ///< of nets and factor functions that depend on data alone
    std::uint64_t points = 0;  ///< of those that depend on the real variable
  };
  Evaluations evaluations() const;

  int samples() const;
  const Sample& sample(int i) const;
  int items() const;
  int sample_of(int item) const;
  TableAt table(int item, int group) const;
  /// Where the weights of (item, group) start, and how many there are in all. Same entries as the table; a
  /// shared row has one row of weights an item.
  std::size_t weights_at(int item, int group) const;
  std::size_t weights_of(
      int item) const;  ///< start of the item's first group; item = items() gives the total
  std::size_t weights() const;

  /// gradient += sum over entries of weights . d(table)/dW, after a forward with Mode::train. `weights` has
  /// weights() entries; `gradient` is laid out as Params::flat. The only gradient of the library ends here.
  void backward(std::span<const Real> weights, std::span<Real> gradient);
  /// at_points = sum over entries of weights . d(table)/d(point), [points, dims], after a forward at points
  /// that said so.
  void slopes_at_points(std::span<const Real> weights, std::span<Real> at_points);

  /// h += diagonal Gauss-Newton curvature (>= 0), given that by each table entry, and the slopes by each
  /// entry (which count where a net's output is itself curved, as an RBF is). \throws GraphError for a
  /// function factor that does more than pass numbers on.
  void curvature(std::span<const Real> at_entries, std::span<const Real> slopes, std::span<Real> h);
  /// The first table with a NaN: which sample of the batch, and the name of the factor.
  struct NanAt {
    int sample;
    std::string factor;
  };
  std::optional<NanAt> find_nan() const;

  const Schema& schema() const;
  /// Step number for dropout and the like: counter of the random stream.
  void set_step(std::uint64_t seed, std::uint64_t step);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace EBM_PRECISION
}  // namespace ebm
