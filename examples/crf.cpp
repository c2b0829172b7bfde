// Linear-chain CRF, E(W, X, Y) = sum_t U(x_t)[y_t] + sum_t A[y_t, y_t+1], trained by negative log-likelihood
// (Lafferty, McCallum, Pereira 2001), against the same classifier without A.
#include <iostream>

#include "data.hpp"
using namespace ebm;
using examples::Sentence;

int main() {
  const auto train_data = examples::tagging(400, /*features=*/32, /*tags=*/5, /*stream=*/1);
  const auto test_data = examples::tagging(200, 32, 5, 2);

  const auto tags_right = [&](bool with_pairs) {
    Params W;
    const Net emit = net::linear(W, "emit", 32, 5);
    const Param pairs = W.table("pairs", {5, 5});

    Model<Sentence> crf(W, [&](FactorGraph& g, const Sentence& s) {
      const auto y = g.outputs("tag", static_cast<int>(s.tags.size()), Labels(5),
                               s.tags);               // losses alone read the truth
      g.add_each(factor::network(emit, s.words), y);  // row t of U(x) on y_t
      if (with_pairs)
        g.add_each(factor::table(W, pairs), y.pairs());  // one shared A on every pair of neighbours
    });

    Trainer train(crf, loss::NegativeLogLikelihood{}, infer::SumProduct{}, optim::Adam{.rate = 1e-2});
    const Prepared sentences = crf.prepare(train_data);
    for (int epoch = 0; epoch < 5; ++epoch) std::cout << train.epoch(sentences, {.batch = 16}) << '\n';

    const Prepared test = crf.prepare(test_data);
    Batch batch = test.batch();
    const Minimum best = minimize(batch, infer::MinSum{});
    std::cout << best.report << '\n';
    return accuracy(batch, best);
  };

  std::cout << "each word alone\n";
  const double alone = tags_right(false);
  std::cout << "as a chain\n";
  const double chain = tags_right(true);
  std::cout << "tags right: " << 100 * alone << " % alone, " << 100 * chain << " % as a chain\n";
  return chain > alone + 0.05 ? 0 : 1;
}
