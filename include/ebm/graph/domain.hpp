#pragma once
/// \file
/// What a variable can be. Domains are types: a label, a real vector, a path through a lattice.

#include <memory>
#include <utility>

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

/// A vector of real numbers. \throws GraphError unless dims >= 1.
struct Reals {
  int dims;
  explicit Reals(int dims) : dims(dims) {
    if (dims < 1)
      throw GraphError(message("[graph] Reals(", dims, "): a real variable needs at least one dimension"));
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
