#include "torch_parabola.hpp"

#include <torch/torch.h>

#include <limits>

using torch::Tensor;

struct TorchParabola::Impl {
  std::vector<Tensor> p;
  std::vector<Tensor> x, y, pair, mask, grid_and_truth;
  Tensor grid;

  Tensor branch(const Tensor& in, int first) const {
    return torch::linear(torch::tanh(torch::linear(in, p[first], p[first + 1])), p[first + 2], p[first + 3]);
  }
  Tensor energy(const Tensor& gx, const Tensor& gy) const { return (gx - gy).abs().sum(1); }
  void update(const Tensor& loss, double rate) {
    loss.backward();
    const torch::NoGradGuard guard;
    std::vector<Tensor> slopes;
    slopes.reserve(p.size());
    for (Tensor& w : p) slopes.push_back(w.grad());
    at::_foreach_add_(p, slopes, -rate);
    for (Tensor& w : p) w.mutable_grad().reset();
  }
};

TorchParabola::TorchParabola(const std::vector<std::vector<float>>& blocks, std::span<const float> x,
                             std::span<const float> y, int points, double exclude)
    : impl_(std::make_unique<Impl>()) {
  torch::set_num_threads(1);
  for (std::size_t i = 0; i < blocks.size(); ++i) {
    const auto n = static_cast<int64_t>(blocks[i].size());
    Tensor t = torch::from_blob(const_cast<float*>(blocks[i].data()), {n}).clone();
    if (i % 2 == 0) t = t.reshape({10, n / 10}).contiguous();
    impl_->p.push_back(t.requires_grad_(true));
  }
  impl_->grid = torch::linspace(-1, 1, points).reshape({points, 1});
  for (std::size_t i = 0; i < x.size(); ++i) {
    impl_->x.push_back(torch::full({1, 1}, x[i]));
    impl_->y.push_back(torch::full({1, 1}, y[i]));
    impl_->mask.push_back(((impl_->grid - y[i]).abs() <= exclude).flatten());
    impl_->grid_and_truth.push_back(torch::cat({impl_->grid, impl_->y.back()}));
  }
}

TorchParabola::~TorchParabola() = default;

void TorchParabola::square_square(int sample, double rate) {
  Impl& t = *impl_;
  const auto i = static_cast<std::size_t>(sample);
  Tensor ys;
  {
    const torch::NoGradGuard guard;
    const Tensor e = t.energy(t.branch(t.x[i], 0), t.branch(t.grid, 4));
    e.masked_fill_(t.mask[i], std::numeric_limits<float>::infinity());
    ys = torch::cat({t.y[i], t.grid.index_select(0, e.argmin(0, true))});
  }
  const Tensor e = t.energy(t.branch(t.x[i], 0), t.branch(ys, 4));
  t.update(e[0].square() + torch::relu(1 - e[1]).square(), rate);
}

void TorchParabola::nll(int sample, double rate) {
  Impl& t = *impl_;
  const auto i = static_cast<std::size_t>(sample);
  const Tensor e = t.energy(t.branch(t.x[i], 0), t.branch(t.grid_and_truth[i], 4));
  const int64_t n = e.size(0) - 1;
  t.update(e[n] + torch::logsumexp(-e.narrow(0, 0, n), 0), rate);
}

std::vector<float> TorchParabola::weights() const {
  std::vector<float> out;
  for (const Tensor& w : impl_->p) {
    const Tensor flat = w.detach().flatten().contiguous();
    out.insert(out.end(), flat.data_ptr<float>(), flat.data_ptr<float>() + flat.numel());
  }
  return out;
}
