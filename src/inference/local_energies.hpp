#pragma once
// The energies of all labels of one variable given the rest,
//   e_k = sum of the factors that read v, at y_v = k and all other labels as they are,
// which is what conditional modes, Gibbs sampling and annealing are made of, and draws from
// P(k | rest) = exp(-beta e_k) / sum_j exp(-beta e_j). Tables of any arity, counts and agreements; forbidden
// entries. Complexity: a variable's factors times its labels.

#include <span>

#include "discrete_view.hpp"
#include "ebm/core/rng.hpp"
#include "ebm/graph/plans.hpp"

namespace ebm {
inline namespace EBM_PRECISION {

// `view` with its tables as they were declared; it and `readers`, which are the structure's, must outlive it.
class LocalEnergies {
 public:
  LocalEnergies(const DiscreteView& view, const Readers& readers) : view_(view), readers_(readers) {}
  const DiscreteView& view() const { return view_; }
  const Readers& readers() const { return readers_; }
  // out [K of `variable`]. Reads the labels of its neighbours alone.
  void of(int variable, std::span<const int> labels, std::span<double> out) const;
  // out += those of some of its readers: one place of each factor, or all of them one after another.
  void add(int variable, std::span<const Readers::Reader> of_v, std::span<const int> labels,
           std::span<double> out) const;
  // How many factors each label has forbidden: the way out where `of` is +inf for all of them.
  void forbidden(int variable, std::span<const int> labels, std::span<double> out) const;

 private:
  template <class Add>
  void each(int variable, std::span<const Readers::Reader> of_v, std::span<const int> labels, int count,
            const Add& add) const;
  const DiscreteView& view_;
  const Readers& readers_;
};

// The plan of them: Readers of a view without auxiliary variables.
struct DeclaredReaders : Readers {
  using Readers::Readers;
};
inline const Readers& declared_readers(const DiscreteView& view, const Plans& plans) {
  return plans.get<DeclaredReaders>([&] { return DeclaredReaders(view); });
}

// Energies become probabilities; returned is -1/beta log sum exp(-beta e), +inf when all are forbidden, and
// NaN when one is, both leaving what they found. beta = inf: the first lowest alone.
double probabilities(std::span<double> energy, double beta);
// The label at `uniform` in [0, 1) of probabilities; never one of probability 0.
int draw_label(std::span<const double> p, double uniform);

// Draws a label of `variable` given the rest and sets it; where all are forbidden, one of those that fewest
// factors forbid, so that a chain finds its way to what is allowed. p [K] has the probabilities afterwards.
// False at a NaN.
bool redraw(const LocalEnergies& local, int variable, double beta, double uniform, std::span<int> labels,
            std::span<double> p);
// Moves `variable` to its lowest label given the rest; stays where that is no lower. Where all are forbidden,
// to one that fewer factors forbid. p [K] is room. Whether it moved.
bool settle(const LocalEnergies& local, int variable, std::span<int> labels, std::span<double> p);

// Random labels among those that `single` does not forbid; the log of how many there are.
double draw_uniformly(const DiscreteView& view, Rng& rng, std::span<int> labels);
// The most labels of a variable.
std::size_t most_labels(const DiscreteView& view);

}  // namespace EBM_PRECISION
}  // namespace ebm
