#pragma once
// Implicit regression of Y = X^2 in libtorch, one thread, the same updates as ours: E = |G1(x) - G2(y)|_1.
// Behind an interface without its types: its headers are included in one source only.

#include <memory>
#include <span>
#include <vector>

class TorchParabola {
 public:
  // Blocks of weights as [outputs, inputs] and biases, G1 then G2: hidden, output. What a step needs of its
  // sample (the tensors, the mask of the ball around the truth) is made ready here.
  TorchParabola(const std::vector<std::vector<float>>& blocks, std::span<const float> x,
                std::span<const float> y, int points, double exclude);
  ~TorchParabola();
  // e^2 + ([1 - o]+)^2: the offending answer is searched without gradients, then two energies are
  // differentiated.
  void square_square(int sample, double rate);
  // e + log sum over the grid of exp(-E): all energies are differentiated.
  void nll(int sample, double rate);
  std::vector<float> weights() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};
