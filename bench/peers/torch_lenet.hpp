#pragma once
// The same net in libtorch, behind an interface without its types: its headers are included in one source
// only.

#include <memory>
#include <vector>

class TorchLeNet {
 public:
  explicit TorchLeNet(const std::vector<float>& weights);
  ~TorchLeNet();
  void batch(const float* images, const int* classes, int rows);
  void forward();
  void step(float rate);
  double loss();
  static void set_threads(int count);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};
