#pragma once
// Synchronous min-sum on a grid in libtorch, whole-grid tensor operations, in its two codings: any table, and
// Potts by one minimum. Behind an interface without its types: its headers are included in one source only.

#include <memory>
#include <vector>

class TorchGrid {
 public:
  // single [height, width, labels], horizontal [height, width - 1], vertical [height - 1, width],
  // pair [labels, labels]; Potts: pair is strength [a != b].
  TorchGrid(int height, int width, int labels, const std::vector<float>& single,
            const std::vector<float>& horizontal, const std::vector<float>& vertical,
            const std::vector<float>& pair, double strength);
  ~TorchGrid();
  static void set_threads(int count);
  // So many sweeps from messages of 0, then every variable's own lowest label, row by row.
  std::vector<int> labels_after(int sweeps, bool potts) const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};
