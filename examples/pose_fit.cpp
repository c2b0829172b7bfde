// A pose from nine responses of a detector: F_ij(z) = cos(z0 - a_i) cos(z1 - a_j) of two angles z, seen
// through a gain w that is learned from known poses, E(W, x, z) = rho(|F(z) - w x|^2) / 2. Then the poses of
// all faces are fitted at once, each a small least-squares problem of its own; Jacobians come by dual
// numbers.
#include <cmath>
#include <ebm/ebm.hpp>
#include <iostream>
using namespace ebm;

struct Responses {
  template <class T>
  void operator()(const T* z, const T* x, const T* gain, T* r) const {
    using std::cos;
    for (int i = 0; i < 3; ++i)
      for (int j = 0; j < 3; ++j)
        r[3 * i + j] = cos(z[0] - 1.047 * (i - 1)) * cos(z[1] - 1.047 * (j - 1)) - gain[0] * x[3 * i + j];
  }
};

struct Face {
  Tensor responses;
  Real pose[2];
};

int main() {
  Rng rng(7);
  std::vector<Face> faces;
  for (int n = 0; n < 2000; ++n) {
    Face f{Tensor(Shape{9}),
           {static_cast<Real>(rng.uniform(-1.5, 1.5)), static_cast<Real>(rng.uniform(-0.75, 0.75))}};
    const double z[2] = {f.pose[0], f.pose[1]}, none[9] = {}, gain = 0;
    double clean[9];
    Responses{}(z, none, &gain, clean);
    for (std::size_t k = 0; k < 9; ++k)
      f.responses[k] = static_cast<Real>((clean[k] + 0.05 * rng.normal()) / 1.7);
    faces.push_back(std::move(f));
  }

  Params W;
  const Param gain = W.add("gain", {1});
  W.view(gain)[0] = 1;
  Model<Face> model(W, [&](FactorGraph& g, const Face& f) {
    const auto z = g.output("pose", Reals(2).within(-1.6, 1.6), f.pose);
    g.add(factor::residual("responses", Responses{}, {.count = 9, .robust = Robust::cauchy(1)}, g.feature(z),
                           g.feature(f.responses), W.block(gain)));
  });
  Trainer train(model, loss::Energy{}, infer::LevenbergMarquardt{}, optim::Adam{.rate = 5e-2});
  const Prepared ready = model.prepare(faces);
  for (int epoch = 0; epoch < 5; ++epoch) std::cout << train.epoch(ready, {.batch = 50}) << '\n';

  Batch batch = ready.batch();
  const Minimum found = minimize(batch, infer::LevenbergMarquardt{.restarts = 2});
  double off = 0;
  for (std::size_t n = 0; n < faces.size(); ++n)
    off +=
        std::hypot(found.reals[2 * n] - faces[n].pose[0], found.reals[2 * n + 1] - faces[n].pose[1]) / 2000;
  std::cout << found.report << "\ngain " << W.view(gain)[0] << ", poses off by " << off
            << " radians on average\n";
  return std::abs(W.view(gain)[0] - 1.7) < 0.05 && off < 0.1 ? 0 : 1;
}
