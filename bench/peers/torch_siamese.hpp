#pragma once
// The siamese net of 2005 (319,265 weights) and its exponential loss in libtorch, behind an interface without
// its types. The net runs once on each image of a batch.

#include <memory>
#include <vector>

class TorchSiamese {
 public:
  // Blocks as they lie in ours: c1, s2, c3, s4, c5, f6; q of the loss.
  TorchSiamese(const std::vector<std::vector<float>>& blocks, double q);
  ~TorchSiamese();
  // Images [count, 56, 46], and pairs of them by place.
  void batch(const float* images, int count, const std::vector<int>& a, const std::vector<int>& b,
             const std::vector<bool>& genuine);
  void forward();
  // loss = mean over pairs; w -= rate slope
  void step(float rate);
  double loss();
  static void set_threads(int count);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};
