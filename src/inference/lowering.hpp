#pragma once
// Counts and agreements as tables of three variables: along a scope an auxiliary variable says how many have
// had label 1, or which label all have had, so that a message over n variables takes n small steps, and the
// last auxiliary is read by the group's own row. The energy of labels is the minimum over the auxiliaries,
// and their only allowed values give it, so that minima, sums and marginals of the old variables stay as they
// are; the marginal of a row's entries is that of its last auxiliary.

#include "discrete_view.hpp"

namespace ebm {
inline namespace EBM_PRECISION {

// The same energy with joint tables alone; auxiliaries are numbered behind the variables, groups behind the
// groups. Itself when there is nothing to do.
DiscreteView lowered(const DiscreteView& view, Workspace& ws);

// The auxiliaries' labels from those of the view's other variables; `labels` of all.
void complete(const DiscreteView& lowered, std::span<int> labels);

}  // namespace EBM_PRECISION
}  // namespace ebm
