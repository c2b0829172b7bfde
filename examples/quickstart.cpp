// Three friends in a row choose cinema (0) or walk (1). Each has a wish, and neighbours like to agree.
#include <cmath>
#include <ebm/ebm.hpp>
#include <iostream>
using namespace ebm;

int main() {
  Params W;                                   // nothing to learn here
  const Tensor differ({2, 2}, {0, 1, 1, 0});  // energy of two neighbours' choices
  const Model<Tensor> friends(W, [&](FactorGraph& g, const Tensor& wishes) {
    const Variables y = g.outputs("choice", 3, Labels(2));
    g.add_each(factor::constant(wishes), y);          // row i on friend i
    g.add_each(factor::constant(differ), y.pairs());  // one table for all neighbours
  });

  const Tensor wishes({3, 2}, {0, 2, 0.5, 0, 0, 1});  // energy of [friend, choice]
  const Prepared ready = friends.prepare(wishes);
  Batch batch = ready.batch();
  const Minimum best = minimize(batch);  // the structure decides the engine
  const double F = free_energy(batch)[0];
  for (const int choice : best.labels[0]) std::cout << (choice ? "walk " : "cinema ");
  std::cout << "\nE = " << best.energy[0] << ", F = " << F
            << ", P = exp(F - E) = " << std::exp(F - best.energy[0]) << '\n'
            << best.report << '\n';
  return best.labels[0] == std::vector<int>{0, 0, 0} && F < best.energy[0] ? 0 : 1;
}
