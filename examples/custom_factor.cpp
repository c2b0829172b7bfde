// A factor of one's own: class y has a centre w_y in W, and E(W, x, y) = log(1 + |x - w_y|^2), which forgives
// outliers. forward gives the energies of all rows, backward adds the slopes, and that is all there is to it.
#include <cmath>
#include <ebm/ebm.hpp>
#include <iostream>
using namespace ebm;

constexpr int kClasses = 3, kDims = 2;

struct Centres {
  std::size_t at;                                   // where in W the centres [classes, dims] begin
  bool operator==(const Centres&) const = default;  // equal ones of a batch are computed in one call

  static Real squared(const Real* a, const Real* b) {
    Real sum = 0;
    for (int k = 0; k < kDims; ++k) sum += (a[k] - b[k]) * (a[k] - b[k]);
    return sum;
  }
  void forward(const Reads& x, View energy) const {  // energy[row, class]
    for (int r = 0; r < x.rows; ++r)
      for (int c = 0; c < kClasses; ++c)
        energy[r * kClasses + c] = std::log1p(squared(x.in[0].data + r * kDims, x.w + at + c * kDims));
  }
  void backward(const Reads& x, ConstView weight,
                const Slopes& s) const {  // += weight . dE/dw, weight . dE/dx
    for (int r = 0; r < x.rows; ++r)
      for (int c = 0; c < kClasses; ++c) {
        const Real *a = x.in[0].data + r * kDims, *w = x.w + at + c * kDims;
        const Real scale = 2 * weight[r * kClasses + c] / (1 + squared(a, w));
        for (int k = 0; k < kDims; ++k) {
          s.w[at + c * kDims + k] -= scale * (a[k] - w[k]);
          if (s.in[0].data) s.in[0].data[r * kDims + k] += scale * (a[k] - w[k]);
        }
      }
  }
};

struct Flower {
  Tensor x;
  int kind;
};

int main() {
  Rng rng(5);
  std::vector<Flower> data;
  for (int i = 0; i < 600;
       ++i) {  // three kinds around points of a circle; one measurement in ten is nonsense
    const double angle = 2.1 * (i % 3), spread = rng.chance(0.1) ? 8 : 0.5;
    const double x = 3 * std::cos(angle) + spread * rng.normal(),
                 y = 3 * std::sin(angle) + spread * rng.normal();
    data.push_back({Tensor({kDims}, {static_cast<Real>(x), static_cast<Real>(y)}), i % 3});
  }

  Params W;
  const Net embed = net::linear(W, "embed", 2, kDims);
  const Param centres = W.uniform("centres", {kClasses, kDims}, 0.5);
  Model<Flower> flowers(W, [&](FactorGraph& g, const Flower& f) {
    const auto kind = g.output("kind", Labels(kClasses), f.kind);
    g.add(factor::function(Centres{W.block(centres).offset}, {g.feature(embed, f.x)}, "centres"), kind);
  });

  Trainer train(flowers, loss::NegativeLogLikelihood{}, infer::Exhaustive{}, optim::Adam{.rate = 1e-2});
  const Prepared ready = flowers.prepare(data);
  for (int epoch = 0; epoch < 10; ++epoch) std::cout << train.epoch(ready, {.batch = 20}) << '\n';
  return train.evaluate(ready).error < 0.12 ? 0 : 1;
}
