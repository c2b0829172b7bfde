#pragma once
// Checkerboard Gibbs sweeps of a torus in libtorch: all variables are drawn from dense tensors, and those of
// one colour kept. Behind an interface without its types.

#include <memory>

class TorchGibbs {
 public:
  // Two labels are spins, s = +-1 and P ~ exp(beta sum s s); more are Potts, P ~ exp(beta #{equal pairs}).
  TorchGibbs(int size, int labels, double beta, unsigned seed);
  ~TorchGibbs();
  void sweep();
  double energy_per_site() const;
  static void set_threads(int count);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};
