// A graph transformer network by hand (LeCun, Bottou, Bengio, Haffner 1998): the answer is a path through
// segmentation x recognition x grammar, learned from pairs of picture and amount. models::CheckReader is this
// with more care.
#include <ebm/ebm.hpp>
#include <iostream>
using namespace ebm;
using models::AmountGenerator;

int main() {
  const AmountGenerator writer({.seed = 1});  // endless handwritten amounts
  const models::Alphabet alphabet;            // 0-9 and rubbish
  struct Check {
    models::Segmentation seen;
    std::string amount;
  };
  std::vector<Check> checks(300);
  parallel_for(checks.size(), [&](std::size_t i) {
    const models::AmountField field = writer.field(i);
    checks[i] = {models::segment(models::normalise_field(field.image)), field.amount};
  });
  struct Character {
    Tensor image;
    int label;
  };
  std::vector<Character> characters(3000);
  parallel_for(characters.size(), [&](std::size_t i) {
    Tensor image({1, 32, 32});
    const int label = writer.character(i, alphabet, /*rubbish=*/0.2, image.span());
    characters[i] = {std::move(image), label};
  });

  Params W;
  const Net recogniser = net::lenet(W, "recogniser", {1, 32, 32}, alphabet.classes());
  const Automaton grammar = models::digit_grammar();

  // First the recogniser alone, on characters; then the same net as the energies of a lattice's arcs.
  Model<Character> alone(W, [&](FactorGraph& g, const Character& c) {
    g.add(factor::network(recogniser, c.image), g.output("character", Labels(alphabet.classes()), c.label));
  });
  Model<Check> reader(W, [&](FactorGraph& g, const Check& c) {
    std::vector<lattice::Piece> pieces;
    for (const models::Piece& p : c.seen.pieces) pieces.push_back({p.from, p.to});
    const Lattice candidates =
        lattice::expand(pieces, c.seen.cuts, alphabet.labels());  // every piece x every class
    const auto z =
        g.output("reading", Paths(lattice::compose(candidates, grammar).lattice), lattice::labels(c.amount));
    g.add(factor::network(recogniser, c.seen.images), z);  // arc energy = net row [piece, class]
  });

  Trainer first(alone, loss::NegativeLogLikelihood{}, infer::Exhaustive{}, optim::Adam{.rate = 1e-3});
  for (int epoch = 0; epoch < 2; ++epoch)
    std::cout << first.epoch(alone.prepare(characters), {.batch = 16}) << '\n';

  const std::span<const Check> train_checks(checks.data(), 200), test_checks(checks.data() + 200, 100);
  Trainer second(reader, loss::NegativeLogLikelihood{}, infer::ForwardBackward{}, optim::Adam{.rate = 1e-3});
  const Prepared train = reader.prepare(train_checks), test = reader.prepare(test_checks);
  const EpochReport before = second.evaluate(test);
  for (int epoch = 0; epoch < 5; ++epoch) std::cout << second.epoch(train, {.batch = 4}) << '\n';
  const EpochReport after = second.evaluate(test);
  std::cout << "fields misread: " << 100 * before.error << " % by the recogniser trained alone, "
            << 100 * after.error << " % after global training\n";

  Batch batch = test.batch();
  const Minimum best = minimize(batch);
  for (std::size_t i = 0; i < 5; ++i)
    std::cout << test_checks[i].amount << " read as "
              << std::string(best.paths[i].labels.begin(), best.paths[i].labels.end())
              << ", E = " << best.energy[i] << '\n';
  return after.error < 0.6 && before.error > after.error + 0.2 ? 0 : 1;
}
