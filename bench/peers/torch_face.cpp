#include "torch_face.hpp"

#include <torch/torch.h>

using torch::Tensor;

struct TorchFace::Impl {
  std::vector<Tensor> p;  // c1 w b, s2 gain bias, c3 w b, s4 gain bias, c5 w b, out w b
  Tensor mask;            // of c3: libtorch has no connection tables, so absent kernels are held at 0
  Tensor x, target;

  static Tensor squash(const Tensor& h) { return 1.7159 * torch::tanh(h * (2.0 / 3)); }
  Tensor subsample(const Tensor& h, std::size_t first) const {
    const Tensor gain = p[first].view({1, -1, 1, 1}), bias = p[first + 1].view({1, -1, 1, 1});
    return squash(torch::avg_pool2d(squash(h), 2) * gain + bias);
  }
  Tensor operator()() const {
    Tensor h = subsample(torch::conv2d(x, p[0], p[1]), 2);
    h = subsample(torch::conv2d(h, p[4] * mask, p[5]), 6);
    h = squash(torch::conv2d(h, p[8], p[9])).flatten(1);
    return torch::linear(h, p[10], p[11]);
  }
  Tensor loss() const { return ((*this)() - target).square().sum(1).mean(); }
};

TorchFace::TorchFace(const std::vector<std::vector<float>>& blocks,
                     const std::vector<std::vector<int>>& table)
    : impl_(std::make_unique<Impl>()) {
  const std::vector<std::vector<int64_t>> shapes{
      {8, 1, 5, 5}, {8}, {8}, {8}, {20, 8, 5, 5}, {20}, {20}, {20}, {120, 20, 5, 5}, {120}, {9, 120}, {9}};
  for (std::size_t i = 0; i < shapes.size(); ++i) {
    Tensor t;
    if (i == 4) {
      t = torch::zeros(shapes[i]);
      impl_->mask = torch::zeros({20, 8, 1, 1});
      const float* from = blocks[i].data();
      for (std::size_t m = 0; m < table.size(); ++m)
        for (const int in : table[m]) {
          const auto map = static_cast<int64_t>(m);
          t[map][in].copy_(torch::from_blob(const_cast<float*>(from), {5, 5}));
          impl_->mask[map][in] = 1;
          from += 25;
        }
    } else {
      t = torch::from_blob(const_cast<float*>(blocks[i].data()), shapes[i]).clone();
    }
    impl_->p.push_back(t.requires_grad_(true));
  }
}

TorchFace::~TorchFace() = default;

void TorchFace::batch(const float* images, const float* targets, int rows) {
  impl_->x = torch::from_blob(const_cast<float*>(images), {rows, 1, 32, 32}).clone();
  impl_->target = torch::from_blob(const_cast<float*>(targets), {rows, 9}).clone();
}

void TorchFace::forward() {
  const torch::NoGradGuard guard;
  (*impl_)();
}

void TorchFace::step(float rate) {
  for (Tensor& p : impl_->p) p.mutable_grad() = Tensor();
  impl_->loss().backward();
  const torch::NoGradGuard guard;
  for (Tensor& p : impl_->p) p.sub_(p.grad(), rate);
}

double TorchFace::loss() {
  const torch::NoGradGuard guard;
  return impl_->loss().item<double>();
}

void TorchFace::set_threads(int count) { torch::set_num_threads(count); }
