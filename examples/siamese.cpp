// A siamese net (Hadsell, Chopra, LeCun 2006): from pairs of digits that are alike or not, and nothing else,
// it learns a distance that holds for writers it has never seen.
#include <ebm/ebm.hpp>
#include <ebm/models/amount_generator.hpp>
#include <iostream>

using namespace ebm;

// Digits as rows of one tensor; another seed, other writers.
struct Digits {
  Tensor images;
  std::vector<int> classes;
};

Digits digits(int count, std::uint64_t seed) {
  const models::AmountGenerator writer({.seed = seed});
  Digits out{Tensor(Shape{count, 1, 32, 32}), {}};
  for (int i = 0; i < count; ++i) {
    const std::span<Real> row = out.images.span().subspan(static_cast<std::size_t>(i) * 32 * 32, 32 * 32);
    out.classes.push_back(writer.character(static_cast<std::uint64_t>(i), models::Alphabet{}, 0, row));
  }
  return out;
}

double equal_error(ConstView rows, const std::vector<int>& classes) {
  const models::TwoKinds energies = models::energies_by_kind(models::all_pairs(rows, classes));
  return models::equal_error(models::roc(energies.genuine, energies.impostor));
}

int main() {
  const Digits seen = digits(600, 1), unseen = digits(200, 2);
  Params W;
  const Net G = net::lenet(W, "G", {1, 32, 32}, 8);
  Model<models::Pair> pairs = models::drlim(W, G, seen.images);  // E = |G(X1) - G(X2)|

  models::PairTraining options;
  options.passes = 8;
  options.pairs = 1600;
  options.on_pass = [](const EpochReport& pass) { std::cout << pass << '\n'; };
  models::train_pairs(pairs, models::pairs_by_identity(seen.classes), loss::ContrastiveMargin{.margin = 4},
                      optim::Adam{.rate = 1e-3}, options);

  const double pixels = equal_error(unseen.images, unseen.classes);
  const double learned = equal_error(models::embed(W, G, unseen.images), unseen.classes);
  std::cout << "equal error on pairs of digits by unseen writers: " << 100 * learned << " %, by pixels "
            << 100 * pixels << " %\n";
  return learned < 0.5 * pixels ? 0 : 1;
}
