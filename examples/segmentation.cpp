// Which pixels belong together: E(W, X, Y) = sum_i U(x)_i[y_i] + sum_ij (w_0 + w_1 c_ij) [y_i != y_j], U a
// ConvNet, c how alike two neighbours look. Pixels alone, against pixels with learned pairs, trained in five
// ways: the structured hinge by minimum cuts (Taskar, Guestrin, Koller 2003; Szummer, Kohli, Hoiem 2008),
// pseudo-likelihood (Besag 1975), contrastive divergence by Gibbs sampling (Hinton 2002), the likelihood by
// mean field, and exactly on the rows as chains.
//
//   example_segmentation                made shapes in noise
//   example_segmentation --data DIR     DIR/weizmann_horses/horses.tar.gz, or
//   DIR/std_images/set12_pgm.tar.gz: minutes
#include <iostream>

#include "labelled_pictures.hpp"
#include "pictures.hpp"
using namespace ebm;
using examples::LabelledPicture;

namespace {

constexpr int kEdge = 6;  // pixels that a label sees in every direction

struct Energy {
  Params W;
  Net U;
  Param pairs;
  Energy()
      : U(net::sequential(W, "pixels", {3, 2 * kEdge + 1, 2 * kEdge + 1},
                          {net::Conv{.maps = 12, .kernel = net::square(5)}, net::Tanh{},
                           net::Conv{.maps = 12, .kernel = net::square(5)}, net::Tanh{},
                           net::Conv{.maps = 2, .kernel = net::square(5)}})),
        pairs(W.add("pairs", {2})) {
    W.set_least("pairs", 0);  // unlike labels are never cheaper: one minimum cut answers
  }

  enum class Pairs { none, in_rows, all };
  Model<LabelledPicture> model(Pairs which) {
    return Model<LabelledPicture>(W, [this, which](FactorGraph& g, const LabelledPicture& p) {
      const Variables y = g.outputs("pixel", p.height * p.width, Labels(2), p.labels);
      g.add_each(factor::network(U, p.seen), y);
      if (which == Pairs::none) return;
      Scopes scopes = y.grid_pairs(p.height, p.width);  // those in rows come first
      int pairs_read = p.contrast.shape()[0];
      if (which == Pairs::in_rows) pairs_read = p.height * (p.width - 1);
      scopes.variables.resize(2 * static_cast<std::size_t>(pairs_read));
      const ConstView contrast{p.contrast.data(), Shape{pairs_read, 2}};
      g.add_each(factor::contrast_potts(W, pairs, g.feature(contrast), 2), std::move(scopes));
    });
  }
};

// Pixels right, and label 1 where both say so of where either does.
struct Judged {
  double right = 0, overlap = 0;
};
Judged judge(const Model<LabelledPicture>& model, const std::vector<LabelledPicture>& pictures,
             const AnyEngine& engine) {
  double right = 0, all = 0, both = 0, either = 0;
  const Prepared ready = model.prepare(pictures);
  Batch batch = ready.batch();
  const Minimum best = minimize(batch, engine);
  for (std::size_t i = 0; i < pictures.size(); ++i)
    for (std::size_t k = 0; k < pictures[i].labels.size(); ++k) {
      const bool a = best.labels[i][k] == 1, b = pictures[i].labels[k] == 1;
      right += a == b, all += 1, both += a && b, either += a || b;
    }
  return {right / all, both / std::max(1.0, either)};
}

}  // namespace

int main(int argc, char** argv) {
  const examples::Arguments arguments(argc, argv);
  std::vector<LabelledPicture> train_pictures, test_pictures;
  int alone_passes = 12, pair_passes = 6;
  if (arguments.data.empty()) {
    train_pictures = examples::made_pictures(60, 40, kEdge, 1);
    test_pictures = examples::made_pictures(40, 40, kEdge, 2);
  } else {
    const std::filesystem::path folder = arguments.data,
                                horses = folder / "weizmann_horses" / "horses.tar.gz";
    auto all = std::filesystem::exists(horses)
                   ? examples::masked_pictures(horses, 72, kEdge)
                   : examples::noisy_photographs(folder / "std_images" / "set12_pgm.tar.gz", 128, kEdge, 0.8);
    for (std::size_t i = 0; i < all.size(); ++i)
      (i % 3 == 2 ? test_pictures : train_pictures).push_back(std::move(all[i]));
  }
  std::cout << train_pictures.size() << " pictures to learn from, " << test_pictures.size() << " to judge\n";

  const auto print = [](std::string_view name, const Judged& j) {
    std::cout << name << ": " << 100 * j.right << " % of pixels right, label 1 overlaps by "
              << 100 * j.overlap << " %\n";
    return j;
  };
  Energy alone;
  {
    Model<LabelledPicture> model = alone.model(Energy::Pairs::none);
    Trainer train(model, loss::NegativeLogLikelihood{}, infer::SumProduct{},
                  optim::Adam{.rate = Schedule::cosine(3e-3, alone_passes)});
    (void)train.fit(model.prepare(train_pictures),
                    {.epochs = alone_passes, .batch = 4, .title = "pixels alone"});
  }
  const Judged pixels =
      print("pixels alone", judge(alone.model(Energy::Pairs::none), test_pictures, infer::MinSum{}));

  // Each from the same net, its pairs from nothing.
  double least = 1;
  const auto learn = [&](std::string_view name, Energy::Pairs which, const AnyLoss& loss,
                         const AnyEngine& engine, const AnyEngine& judging) {
    Energy e;
    std::ranges::copy(alone.W.flat(), e.W.flat().begin());
    Model<LabelledPicture> model = e.model(which);
    Trainer train(model, loss, engine,
                  AnyOptimiser(optim::Adam{.rate = Schedule::cosine(2e-3, pair_passes)}));
    e.W.set_rate("pairs", 10);
    (void)train.fit(model.prepare(train_pictures),
                    {.epochs = pair_passes, .batch = 4, .title = std::string(name)});
    const Judged j = print(name, judge(model, test_pictures, judging));
    if (which == Energy::Pairs::all) least = std::min(least, j.right);
  };
  learn("rows as chains, likelihood", Energy::Pairs::in_rows, loss::NegativeLogLikelihood{},
        infer::SumProduct{}, infer::MinSum{});
  learn("pairs, structured hinge by cuts", Energy::Pairs::all, loss::Perceptron{.rescaling = {.hamming = 1}},
        infer::GraphCut{}, infer::GraphCut{});
  learn("pairs, pseudo-likelihood", Energy::Pairs::all, loss::NegativeLogLikelihood{},
        infer::PseudoLikelihood{}, infer::GraphCut{});
  learn("pairs, contrastive divergence", Energy::Pairs::all, loss::ContrastiveDivergence{.steps = 2},
        infer::Gibbs{}, infer::GraphCut{});
  learn("pairs, likelihood by mean field", Energy::Pairs::all, loss::NegativeLogLikelihood{},
        infer::MeanField{}, infer::GraphCut{});
  return least > pixels.right ? 0 : 1;
}
