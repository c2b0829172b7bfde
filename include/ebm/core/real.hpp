#pragma once
/// \file
/// The one floating-point type of nets and tables: float for use, double (option EBM_DOUBLE) for
/// gradient checks, from the same code. Types that hold it live in an inline namespace, so that
/// linking a program of one kind with a library of the other fails.

#include <limits>

#ifdef EBM_DOUBLE
#define EBM_PRECISION f64
#else
#define EBM_PRECISION f32
#endif

namespace ebm {

inline namespace EBM_PRECISION {}

#ifdef EBM_DOUBLE
using Real = double;
#else
using Real = float;
#endif

/// The energy of what is forbidden.
inline constexpr double kInf = std::numeric_limits<double>::infinity();

}  // namespace ebm
