#include "torch_gibbs.hpp"

#include <torch/torch.h>

using torch::Tensor;

struct TorchGibbs::Impl {
  int size, labels;
  double beta;
  Tensor s, even, odd;
  static Tensor around(const Tensor& s) {
    return s.roll(1, 0) + s.roll(-1, 0) + s.roll(1, 1) + s.roll(-1, 1);
  }
};

TorchGibbs::TorchGibbs(int size, int labels, double beta, unsigned seed) {
  torch::NoGradGuard guard;
  torch::manual_seed(seed);
  impl_.reset(new Impl{size, labels, beta, {}, {}, {}});
  const Tensor y = torch::arange(size).view({size, 1}), x = torch::arange(size).view({1, size});
  impl_->even = (y + x) % 2 == 0;
  impl_->odd = impl_->even.logical_not();
  impl_->s = labels == 2 ? (torch::rand({size, size}) < 0.5).to(torch::kFloat32) * 2 - 1
                         : torch::randint(labels, {size, size});
}
TorchGibbs::~TorchGibbs() = default;

void TorchGibbs::sweep() {
  torch::NoGradGuard guard;
  Impl& m = *impl_;
  for (int c = 0; c < 2; ++c) {
    Tensor drawn;
    if (m.labels == 2) {
      const Tensor p = torch::sigmoid(2 * m.beta * Impl::around(m.s));
      drawn = (torch::rand({m.size, m.size}) < p).to(torch::kFloat32) * 2 - 1;
    } else {
      const Tensor h = Impl::around(torch::one_hot(m.s, m.labels).to(torch::kFloat32)) * m.beta;
      const Tensor gumbel =
          -torch::log(-torch::log(torch::rand({m.size, m.size, m.labels}).clamp_min(1e-20)));
      drawn = (h + gumbel).argmax(2);
    }
    m.s = torch::where(c ? m.odd : m.even, drawn, m.s);
  }
}

double TorchGibbs::energy_per_site() const {
  torch::NoGradGuard guard;
  const Tensor &s = impl_->s, right = s.roll(1, 1), down = s.roll(1, 0);
  if (impl_->labels == 2) return -(s * (right + down)).mean().item<double>();
  return -((s == right).to(torch::kFloat32) + (s == down).to(torch::kFloat32)).mean().item<double>();
}

void TorchGibbs::set_threads(int count) { torch::set_num_threads(count); }
