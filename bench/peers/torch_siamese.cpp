#include "torch_siamese.hpp"

#include <torch/torch.h>

using torch::Tensor;

struct TorchSiamese::Impl {
  std::vector<Tensor> p;  // c1 w b, s2 gain bias, c3 w b, s4 gain bias, c5 w b, f6 w b
  double q = 1;
  Tensor x, a, b, genuine, impostor;  // genuine, impostor: 1 or 0 for each pair

  static Tensor squash(const Tensor& h) { return 1.7159 * torch::tanh(h * (2.0 / 3)); }
  Tensor subsample(const Tensor& h, at::IntArrayRef size, std::size_t first) const {
    const Tensor gain = p[first].view({1, -1, 1, 1}), bias = p[first + 1].view({1, -1, 1, 1});
    return torch::avg_pool2d(squash(h), size) * gain + bias;
  }
  Tensor embedding() const {
    Tensor h = subsample(torch::conv2d(x, p[0], p[1]), {2, 2}, 2);
    h = subsample(torch::conv2d(h, p[4], p[5]), {4, 3}, 6);
    h = squash(torch::conv2d(h, p[8], p[9])).flatten(1);
    return squash(torch::linear(h, p[10], p[11]));
  }
  Tensor loss() const {
    const Tensor g = embedding();
    const Tensor energy = (g.index_select(0, a) - g.index_select(0, b)).abs().sum(1);
    return (genuine * energy.square() * (2 / q) + impostor * torch::exp(energy * (-2.77 / q)) * (2 * q))
        .mean();
  }
};

TorchSiamese::TorchSiamese(const std::vector<std::vector<float>>& blocks, double q)
    : impl_(std::make_unique<Impl>()) {
  impl_->q = q;
  const std::vector<std::vector<int64_t>> shapes{{15, 1, 7, 7},   {15},  {15},      {15},
                                                 {45, 15, 6, 6},  {45},  {45},      {45},
                                                 {250, 45, 5, 5}, {250}, {50, 250}, {50}};
  for (std::size_t i = 0; i < shapes.size(); ++i)
    impl_->p.push_back(
        torch::from_blob(const_cast<float*>(blocks[i].data()), shapes[i]).clone().requires_grad_(true));
}

TorchSiamese::~TorchSiamese() = default;

void TorchSiamese::batch(const float* images, int count, const std::vector<int>& a, const std::vector<int>& b,
                         const std::vector<bool>& genuine) {
  impl_->x = torch::from_blob(const_cast<float*>(images), {count, 1, 56, 46}).clone();
  impl_->a = torch::tensor(std::vector<int64_t>(a.begin(), a.end()));
  impl_->b = torch::tensor(std::vector<int64_t>(b.begin(), b.end()));
  impl_->genuine = torch::tensor(std::vector<float>(genuine.begin(), genuine.end()));
  impl_->impostor = 1 - impl_->genuine;
}

void TorchSiamese::forward() {
  const torch::NoGradGuard guard;
  impl_->loss();
}

void TorchSiamese::step(float rate) {
  for (Tensor& p : impl_->p) p.mutable_grad() = Tensor();
  impl_->loss().backward();
  const torch::NoGradGuard guard;
  for (Tensor& p : impl_->p) p.sub_(p.grad(), rate);
}

double TorchSiamese::loss() {
  const torch::NoGradGuard guard;
  return impl_->loss().item<double>();
}

void TorchSiamese::set_threads(int count) { torch::set_num_threads(count); }
