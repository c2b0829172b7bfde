#pragma once
/// \file
/// Factors that say much with few numbers: pairs of labels by their difference, and factors on any number of
/// variables by a count or by agreement. All are trained where they have a Param.

#include "ebm/graph/factors.hpp"

namespace ebm {
inline namespace EBM_PRECISION {
namespace factor {

/// \name Pairs of variables of K labels each, one row for all scopes
/// Parameters come as one block of W. Engines see by the table what messages its shape allows.
///@{
/// E = w [a != b]; block [1]. (Potts 1952)
Term potts(const Params& W, Param w, int labels);
/// E = w min(|a - b|, limit); block [1], limit > 0.
Term truncated_linear(const Params& W, Param w, int labels, double limit);
/// E = w min((a - b)^2, limit); block [1], limit > 0.
Term truncated_quadratic(const Params& W, Param w, int labels, double limit);
/// E = w[|a - b|], the last entry for all that differ more; block [2 to K].
Term absolute_difference(const Params& W, Param w, int labels);
/// E = w[a - b + K - 1]; block [2K - 1].
Term difference(const Params& W, Param w, int labels);
/// E = sum_f c_f w_f [a != b], c the feature's row of each scope or one for all: pairs weighted by contrast
/// (Boykov, Jolly 2001, whose c is exp(-(difference of intensities)^2 / 2 sigma^2)); block [columns of c].
Term contrast_potts(const Params& W, Param w, Feature c, int labels);
///@}

/// \name Any number of variables of two labels, by how many have label 1
/// The row of a trained count is a block of W: entry c for c of them, the last for that many and more.
///@{
Term count(const Params& W, Param row);
/// Given energies: [entries], or [scopes, entries].
Term count(Data rows);
Term at_least_one();  ///< "or": +inf where none has label 1
Term at_most_one();   ///< +inf where two have
Term exactly_one();   ///< +inf elsewhere
/// +inf unless from `least` to `most` have. \throws GraphError unless 0 <= least <= most.
Term cardinality(int least, int most);
///@}

/// \name Any number of variables of K labels, by whether they agree
///@{
/// E = w[k] where all have label k, w[K] where they differ: P^n Potts (Kohli, Kumar, Torr 2007); block
/// [K + 1].
Term agreement(const Params& W, Param row);
/// Given energies: [K + 1], or [scopes, K + 1].
Term agreement(Data rows);
/// +inf where they differ.
Term equal(int labels);
///@}

}  // namespace factor
}  // namespace EBM_PRECISION
}  // namespace ebm
