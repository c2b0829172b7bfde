#include "torch_chains.hpp"

#include <torch/torch.h>

using torch::Tensor;

struct TorchChains::Impl {
  Tensor unary, pair, labels;
};

namespace {

// Shifted exponentials and one product a step.
Tensor log_sums(const Tensor& u, const Tensor& t) {
  const Tensor high = t.max().detach(), masses = torch::exp(t - high);
  const auto steps = u.unbind(1);  // not select, whose backward walks the whole length at every step
  Tensor a = steps[0];
  for (std::size_t i = 1; i < steps.size(); ++i) {
    const Tensor m = std::get<0>(a.max(1, true)).detach();
    a = torch::log(torch::matmul(torch::exp(a - m), masses)) + m + high + steps[i];
  }
  return torch::logsumexp(a, 1);
}

Tensor at_labels(const Tensor& u, const Tensor& t, const Tensor& y) {
  const Tensor own = u.gather(2, y.unsqueeze(2)).squeeze(2).sum(1);
  return own + t.index({y.slice(1, 0, y.size(1) - 1), y.slice(1, 1)}).sum(1);
}

}  // namespace

TorchChains::TorchChains(int batch, int length, int labels_of, const std::vector<float>& unary,
                         const std::vector<float>& pair, const std::vector<int>& labels)
    : impl_(std::make_unique<Impl>()) {
  impl_->unary = torch::from_blob(const_cast<float*>(unary.data()), {batch, length, labels_of}).clone();
  impl_->pair = torch::from_blob(const_cast<float*>(pair.data()), {labels_of, labels_of}).clone();
  impl_->labels =
      torch::from_blob(const_cast<int*>(labels.data()), {batch, length}, torch::kInt32).to(torch::kLong);
}

TorchChains::~TorchChains() = default;

void TorchChains::threads(int count) { torch::set_num_threads(count); }

double TorchChains::viterbi(bool exact) {
  const torch::NoGradGuard guard;
  const auto type = exact ? torch::kFloat64 : torch::kFloat32;
  const Tensor u = impl_->unary.to(type), t = impl_->pair.to(type);
  const int64_t length = u.size(1);
  std::vector<Tensor> from;
  Tensor a = u.select(1, 0);
  for (int64_t i = 1; i < length; ++i) {
    const auto best = (a.unsqueeze(2) + t.unsqueeze(0)).max(1);
    from.push_back(std::get<1>(best));
    a = std::get<0>(best) + u.select(1, i);
  }
  const auto best = a.max(1);
  Tensor y = torch::empty({u.size(0), length}, torch::kLong), at = std::get<1>(best);
  y.select(1, length - 1).copy_(at);
  for (int64_t i = length - 2; i >= 0; --i) {
    at = from[static_cast<std::size_t>(i)].gather(1, at.unsqueeze(1)).squeeze(1);
    y.select(1, i).copy_(at);
  }
  return std::get<0>(best).to(torch::kFloat64).sum().item<double>();
}

TorchChains::Likelihood TorchChains::likelihood() {
  const Tensor u = impl_->unary.clone().requires_grad_(true), t = impl_->pair.clone().requires_grad_(true);
  const Tensor loss = (log_sums(u, t) - at_labels(u, t, impl_->labels)).sum();
  loss.backward();
  return {loss.item<double>(), u.grad().to(torch::kFloat64).norm().item<double>(),
          t.grad().to(torch::kFloat64).norm().item<double>()};
}

double TorchChains::likelihood_double() {
  const torch::NoGradGuard guard;
  const Tensor u = impl_->unary.to(torch::kFloat64), t = impl_->pair.to(torch::kFloat64);
  return (log_sums(u, t) - at_labels(u, t, impl_->labels)).sum().item<double>();
}
