#pragma once
// The face net (63,493 weights, tanh, subsampling with gain and bias, a connection table) in libtorch, behind
// an interface without its types.

#include <memory>
#include <span>
#include <vector>

class TorchFace {
 public:
  // Blocks as they lie in ours: c1, s2, c3, s4, c5, out; the weights of c3 kernel by kernel, of the maps of
  // the table.
  TorchFace(const std::vector<std::vector<float>>& blocks, const std::vector<std::vector<int>>& table);
  ~TorchFace();
  void batch(const float* images, const float* targets, int rows);
  void forward();
  // loss = mean over rows of |G - target|^2; w -= rate slope
  void step(float rate);
  double loss();
  static void set_threads(int count);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};
