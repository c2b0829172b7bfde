#pragma once
// Batches of linear chains of one length in libtorch, as a careful user writes them: Viterbi over [B, K, K],
// and the negative log-likelihood with its gradients by products of exponentials. Tables are minus our
// energies. Behind an interface without its types: its headers are included in one source only.

#include <memory>
#include <vector>

class TorchChains {
 public:
  // `unary` is [B, T, K], `pair` [K, K], `labels` [B, T].
  TorchChains(int batch, int length, int labels_of, const std::vector<float>& unary,
              const std::vector<float>& pair, const std::vector<int>& labels);
  ~TorchChains();
  void threads(int count);
  // The sum of all best paths' totals; `exact`: in double.
  double viterbi(bool exact = false);
  struct Likelihood {
    double nll, unary_norm, pair_norm;
  };
  Likelihood likelihood();     // with gradients
  double likelihood_double();  // the same sum in double, without

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};
