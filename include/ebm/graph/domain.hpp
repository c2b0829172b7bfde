#pragma once
/// \file
/// What a variable can be. Domains are types: a label, a real vector, a path through a lattice.

#include <memory>
#include <utility>
#include <vector>

#include "ebm/core/error.hpp"

namespace ebm {

class Lattice;

/// {0, .., count-1}. \throws GraphError unless count >= 1.
struct Labels {
  int count;
  explicit Labels(int count) : count(count) {
    if (count < 1)
      throw GraphError(message("[graph] Labels(", count, "): a variable needs at least one label"));
  }
};

/// What a vector of real numbers moves on.
enum class Manifold {
  flat,    ///< as it is, inside the bounds if there are any
  angles,  ///< every number an angle in radians, brought to [-pi, pi)
  sphere,  ///< of unit length: steps are taken along the tangent, then brought back
};

/// A vector of real numbers. \throws GraphError unless dims >= 1 and low <= high.
struct Reals {
  int dims;
  Manifold manifold = Manifold::flat;
  std::vector<double> low, high;  ///< bounds of every dimension; empty: none

  explicit Reals(int dims) : dims(dims) {
    if (dims < 1)
      throw GraphError(message("[graph] Reals(", dims, "): a real variable needs at least one dimension"));
  }
  static Reals angles(int dims) { return Reals(dims).on(Manifold::angles); }
  static Reals unit(int dims) { return Reals(dims).on(Manifold::sphere); }
  /// The same bounds for every dimension; infinite is none.
  Reals within(double lowest, double highest) const {
    const auto n = static_cast<std::size_t>(dims);
    return within(std::vector<double>(n, lowest), std::vector<double>(n, highest));
  }
  Reals within(std::vector<double> lowest, std::vector<double> highest) const;

 private:
  Reals on(Manifold m) const {
    Reals out = *this;
    out.manifold = m;
    return out;
  }
};

/// The paths of a lattice from its start to a final state (graph transformer networks, LeCun et al. 1998).
struct Paths {
  std::shared_ptr<const Lattice> lattice;
  explicit Paths(Lattice lattice);  ///< takes it over
  explicit Paths(std::shared_ptr<const Lattice> lattice) : lattice(std::move(lattice)) {}
};

/// Y is what a program wants to know; Z is minimised or summed away. X is data and no variable at all.
enum class Role { output, latent };

}  // namespace ebm
