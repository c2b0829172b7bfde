#pragma once
// Which graphs infer::ClosedForm covers.

#include "ebm/inference/closed_form.hpp"

namespace ebm {
inline namespace EBM_PRECISION {

// For infer::Automatic: the query is for minima, and every graph has the one factor that ClosedForm needs.
bool has_closed_form(const Batch& b, const Query& q);

}  // namespace EBM_PRECISION
}  // namespace ebm
