// A factor of one's own: class y has a centre w_y in W, and E(W, x, y) = log(1 + |x - w_y|^2), which forgives
// outliers. The formula is all there is to it: slopes come by dual numbers.
#include <cmath>
#include <ebm/ebm.hpp>
#include <iostream>
using namespace ebm;

constexpr int kClasses = 3, kDims = 2;

struct Student {
  template <class T>
  void operator()(const T* x, const T* centre, T* energy) const {  // one row: energy[class]
    for (int c = 0; c < kClasses; ++c, centre += kDims) {
      T squared = 0;
      for (int k = 0; k < kDims; ++k) squared += (x[k] - centre[k]) * (x[k] - centre[k]);
      using std::log1p;
      energy[c] = log1p(squared);
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
    g.add(factor::each("centres", Student{}, g.feature(embed, f.x), W.block(centres)), kind);
  });

  const Prepared ready = flowers.prepare(data);
  std::cout << check_gradient(ready, 0, std::vector<int>{2})
            << '\n';  // names the entry that is wrong, if any

  Trainer train(flowers, loss::NegativeLogLikelihood{}, infer::Exhaustive{}, optim::Adam{.rate = 1e-2});
  for (int epoch = 0; epoch < 10; ++epoch) std::cout << train.epoch(ready, {.batch = 20}) << '\n';
  return train.evaluate(ready).error < 0.12 ? 0 : 1;
}
