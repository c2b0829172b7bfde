// Y = X^2 learned by E(W, X, Y) = |G1(X) - G2(Y)|, after LeCun et al. 2006, section 3.4: a loss that only
// pulls the truth down makes both nets constant, and the energy tells no answer from another; one that pushes
// others up does not.
#include <iostream>

#include "data.hpp"
using namespace ebm;
using examples::Point;

int main() {
  const auto data = examples::parabola(200);

  const auto gap = [&](const char* name, auto loss) {
    Params W;
    const Net gx = net::mlp(W, "gx", {1, 10, 10});
    const Net gy = net::mlp(W, "gy", {1, 10, 10});

    Model<Point> implicit(W, [&](FactorGraph& g, const Point& p) {
      const auto y = g.output("y", Reals(1), p.y);
      g.add(factor::distance(g.feature(gx, p.x), g.feature(gy, y)));
    });

    const infer::Grid grid{.low = 0, .high = 1, .points = 21};
    Trainer train(implicit, loss, grid, optim::Sgd{.rate = 1e-2});
    const Prepared points = implicit.prepare(data);
    for (int epoch = 0; epoch < 60; ++epoch) train.epoch(points);
    const EpochReport report = train.evaluate(points);
    std::cout << name << ": E(most offending y) - E(true y) = " << report.gap << '\n';
    return report.gap;
  };

  const double flat = gap("energy loss            ", loss::Energy{});
  const double shaped = gap("negative log-likelihood", loss::NegativeLogLikelihood{});
  return flat < 0.02 && shaped > 0.1 ? 0 : 1;
}
