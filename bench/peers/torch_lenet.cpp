#include "torch_lenet.hpp"

#include <torch/torch.h>

struct TorchLeNet::Impl {
  std::vector<torch::Tensor> p;
  torch::Tensor x, y;

  torch::Tensor operator()() const {
    torch::Tensor h = torch::avg_pool2d(torch::tanh(torch::conv2d(x, p[0], p[1])), 2);
    h = torch::avg_pool2d(torch::tanh(torch::conv2d(h, p[2], p[3])), 2).flatten(1);
    h = torch::tanh(torch::linear(h, p[4], p[5]));
    h = torch::tanh(torch::linear(h, p[6], p[7]));
    return torch::linear(h, p[8], p[9]);
  }
};

TorchLeNet::TorchLeNet(const std::vector<float>& weights) : impl_(std::make_unique<Impl>()) {
  auto from = weights.data();
  const std::vector<std::vector<int64_t>> shapes{{6, 1, 5, 5}, {6},       {16, 6, 5, 5}, {16},     {120, 400},
                                                 {120},        {84, 120}, {84},          {10, 84}, {10}};
  for (const auto& shape : shapes) {
    const torch::Tensor t = torch::from_blob(const_cast<float*>(from), shape).clone();
    impl_->p.push_back(t.requires_grad_(true));
    from += t.numel();
  }
}

TorchLeNet::~TorchLeNet() = default;

void TorchLeNet::batch(const float* images, const int* classes, int rows) {
  impl_->x = torch::from_blob(const_cast<float*>(images), {rows, 1, 32, 32}).clone();
  impl_->y = torch::from_blob(const_cast<int*>(classes), {rows}, torch::kInt32).to(torch::kLong);
}

void TorchLeNet::forward() {
  const torch::NoGradGuard guard;
  (*impl_)();
}

void TorchLeNet::step(float rate) {
  for (auto& p : impl_->p) p.mutable_grad() = torch::Tensor();
  torch::cross_entropy_loss((*impl_)(), impl_->y).backward();
  const torch::NoGradGuard guard;
  for (auto& p : impl_->p) p.sub_(p.grad(), rate);
}

double TorchLeNet::loss() {
  const torch::NoGradGuard guard;
  return torch::cross_entropy_loss((*impl_)(), impl_->y).item<double>();
}

void TorchLeNet::set_threads(int count) { torch::set_num_threads(count); }
