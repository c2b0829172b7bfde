// Factors of one's own, on a label and on a real variable. First: class y has a centre w_y in W, and E(W, x,
// y) = log(1 + |x - w_y|^2), which forgives outliers. The formula is all there is to it: slopes come by dual
// numbers. Then: a line of heights z fitted to measurements, one of them nonsense.
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

bool learn_flowers() {
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
  return train.evaluate(ready).error < 0.12;
}

// E(z, x) = z_0^2 + sum_i log(1 + (z_i - x_i)^2) + w sum_i (z_i - 2 z_i+1 + z_i+2)^2
bool fit_heights() {
  Params W;
  const Param stiffness = W.table("stiffness", {1});
  W.view(stiffness)[0] = 2;
  const Model<Tensor> line(W, [&](FactorGraph& g, const Tensor& x) {
    const RealVariable z = g.output("z", Reals(6));
    g.add(factor::each(
        "start", [](const auto* z) { return z[0] * z[0]; }, g.slice(z, 1, {0})));  // one row
    g.add_each(factor::each(
                   "measured",
                   [](const auto* z, const auto* x) {
                     using std::log1p;
                     return log1p((z[0] - x[0]) * (z[0] - x[0]));
                   },
                   g.slice(z, 1, {0, 1, 2, 3, 4, 5}), g.feature(x)),
               6);  // six rows: row i of both features is factor i
    g.add_each(factor::each(
                   "bend",
                   [](const auto* z, const auto* w) {
                     const auto bend = (z[0] - z[1]) - (z[1] - z[2]);
                     return w[0] * bend * bend;
                   },
                   g.slice(z, 3, {0, 1, 2, 1, 2, 3, 2, 3, 4, 3, 4, 5}), W.block(stiffness)),
               4);  // W has no rows: all share it
  });

  const Tensor measured({6, 1}, {0, 1, 2, 9, 4, 5});
  const Prepared ready = line.prepare(measured);
  const GradientCheck check = check_gradient(ready, 0, {}, std::vector<Real>{0, 1, 3, 2, 5, 4});
  std::cout << check << '\n';  // no label, six reals: dE/dz and dE/dW at these
  Batch batch = ready.batch();
  const Minimum best = minimize(batch, infer::GradientDescent{.low = 0, .high = 5});
  for (const Real z : best.reals) std::cout << z << ' ';
  std::cout << '\n' << best.report << '\n';
  return check && std::abs(best.reals[3] - 3) < 0.3;
}

int main() {
  const bool learned = learn_flowers(), fitted = fit_heights();
  return learned && fitted ? 0 : 1;
}
