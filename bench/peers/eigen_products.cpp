// Each build defines Eigen as a name of its own: the templates of all would otherwise be the same to the
// linker, which keeps the first of each.
#include "eigen_products.hpp"

#include <Eigen/Core>

namespace {

using ebm::Real;
using Matrix = Eigen::Matrix<Real, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
using In = Eigen::Map<const Matrix>;
using Out = Eigen::Map<Matrix>;

void product(int m, int n, int k, const Real* a, const Real* b, Real* c) {
  Out(c, m, n).noalias() = In(a, m, k) * In(b, k, n);
}
void by_rows(int m, int n, int k, const Real* a, const Real* b, Real* c) {
  Out(c, m, n).noalias() += In(a, m, k) * In(b, n, k).transpose();
}
void from_columns(int m, int n, int k, const Real* a, const Real* b, Real* c) {
  Out(c, m, n).noalias() += In(a, k, m).transpose() * In(b, k, n);
}

}  // namespace

EigenProducts EBM_EIGEN_BUILD() {
  return {Eigen::SimdInstructionSetsInUse(), product, by_rows, from_columns};
}
