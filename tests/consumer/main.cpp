// What a user's program needs of an installed ebm: one include, and one library to link.
#include <cmath>
#include <ebm/ebm.hpp>
#include <iostream>

int main() {
  using namespace ebm;
  Params W;
  const Param agree = W.uniform("agree", {3, 3}, 1.0);
  const Net emit = net::linear(W, "emit", 4, 3);
  const Model<Tensor> model(W, [&](FactorGraph& g, const Tensor& x) {
    const auto y = g.outputs("y", x.shape()[0], Labels(3));
    g.add_each(factor::network(emit, x), y);
    g.add_each(factor::table(W, agree), y.pairs());
  });
  Tensor x(Shape{5, 4});
  for (std::size_t i = 0; i < x.size(); ++i) x[i] = static_cast<Real>(std::sin(i));
  const Prepared ready = model.prepare(x);
  Batch batch = ready.batch();
  const Minimum best = minimize(batch);
  const double all = free_energy(batch)[0];
  std::cout << "minimum " << best.energy[0] << ", free energy " << all << " nats; " << best.report << '\n';
  // The energy of the labels found is the minimum, and alternatives only lower a free energy.
  const bool same = std::abs(energy(batch, 0, best.labels[0]) - best.energy[0]) < 1e-5;
  return same && all < best.energy[0] ? 0 : 1;
}
