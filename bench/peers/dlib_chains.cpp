#include "dlib_chains.hpp"

#include <dlib/matrix.h>
#include <dlib/optimization.h>

namespace {

struct Chain {
  const float* unary;
  const float* pair;
  unsigned long length, labels;
  unsigned long order() const { return 1; }
  unsigned long num_states() const { return labels; }
  unsigned long number_of_nodes() const { return length; }
  template <class E>
  double factor_value(unsigned long at, const dlib::matrix_exp<E>& y) const {
    double v = unary[at * labels + y(0)];
    if (y.size() > 1) v += pair[y(1) * labels + y(0)];  // y(1) stands before y(0)
    return v;
  }
};

}  // namespace

double dlib_viterbi(int batch, int length, int labels_of, const std::vector<float>& unary,
                    const std::vector<float>& pair) {
  const auto n = static_cast<unsigned long>(length), k = static_cast<unsigned long>(labels_of);
  std::vector<unsigned long> y;
  double sum = 0;
  for (unsigned long b = 0; b < static_cast<unsigned long>(batch); ++b) {
    const Chain chain{&unary[b * n * k], pair.data(), n, k};
    dlib::find_max_factor_graph_viterbi(chain, y);
    for (unsigned long i = 0; i < n; ++i)
      sum += chain.unary[i * k + y[i]] + (i > 0 ? pair[y[i - 1] * k + y[i]] : 0);
  }
  return sum;
}
