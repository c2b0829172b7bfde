#pragma once
// The same net in oneDNN's primitives, behind an interface without its types.

#include <memory>
#include <vector>

class DnnlLeNet {
 public:
  /// Primitives are built for this batch and this rate, on the threads set.
  DnnlLeNet(const std::vector<float>& weights, const float* images, const int* classes, int rows, float rate);
  ~DnnlLeNet();
  void forward();
  void step();
  double loss();
  static void set_threads(int count);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};
