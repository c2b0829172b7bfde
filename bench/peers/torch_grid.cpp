#include "torch_grid.hpp"

#include <torch/torch.h>

#include <cstdint>

using torch::Tensor;

struct TorchGrid::Impl {
  int h, w, labels;
  double strength;
  Tensor single, horizontal, vertical, pair;

  Tensor through_table(const Tensor& from, const Tensor& weight) const {
    const Tensor m = torch::amin(from.unsqueeze(3) + weight.unsqueeze(3) * pair, {2});
    return m - torch::amin(m, {2}, true);
  }
  Tensor potts(const Tensor& from, const Tensor& weight) const {
    return torch::minimum(from - torch::amin(from, {2}, true), weight * strength);
  }
};

TorchGrid::TorchGrid(int height, int width, int labels, const std::vector<float>& single,
                     const std::vector<float>& horizontal, const std::vector<float>& vertical,
                     const std::vector<float>& pair, double strength)
    : impl_(std::make_unique<Impl>()) {
  const auto tensor = [](const std::vector<float>& from, at::IntArrayRef shape) {
    return torch::from_blob(const_cast<float*>(from.data()), shape).clone();
  };
  *impl_ = {height,
            width,
            labels,
            strength,
            tensor(single, {height, width, labels}),
            tensor(horizontal, {height, width - 1, 1}),
            tensor(vertical, {height - 1, width, 1}),
            tensor(pair, {labels, labels})};
}
TorchGrid::~TorchGrid() = default;

void TorchGrid::set_threads(int count) { torch::set_num_threads(count); }

std::vector<int> TorchGrid::labels_after(int sweeps, bool potts) const {
  const torch::NoGradGuard guard;
  const Impl& g = *impl_;
  const int h = g.h, w = g.w;
  Tensor right = torch::zeros({h, w - 1, g.labels}), left = right.clone();
  Tensor down = torch::zeros({h - 1, w, g.labels}), up = down.clone();
  const auto send = [&](const Tensor& from, const Tensor& weight) {
    return potts ? g.potts(from, weight) : g.through_table(from, weight);
  };
  Tensor all;
  for (int sweep = 0;; ++sweep) {
    all = g.single.clone();
    all.slice(1, 1).add_(right);
    all.slice(1, 0, w - 1).add_(left);
    all.slice(0, 1).add_(down);
    all.slice(0, 0, h - 1).add_(up);
    if (sweep == sweeps) break;
    const Tensor r = send(all.slice(1, 0, w - 1) - left, g.horizontal),
                 l = send(all.slice(1, 1) - right, g.horizontal),
                 d = send(all.slice(0, 0, h - 1) - up, g.vertical),
                 u = send(all.slice(0, 1) - down, g.vertical);
    right = r, left = l, down = d, up = u;
  }
  const Tensor best = all.argmin(2).flatten().contiguous();
  const auto* from = best.data_ptr<std::int64_t>();
  return {from, from + best.numel()};
}
