#include "ebm/models/siamese.hpp"

#include <algorithm>

#include "ebm/core/hash.hpp"

namespace ebm::models {
inline namespace EBM_PRECISION {

Net siamese_face_net(Params& W, std::string name) {
  using namespace net;
  // +-2.4 / fan-in leaves so little of a picture after three layers that every embedding starts at one point.
  constexpr Init kStart = Init::he;
  return sequential(W, std::move(name), {1, 56, 46},
                    {Conv{.maps = 15, .kernel = square(7), .init = kStart, .name = "c1"}, Tanh{},
                     AveragePool{.size = {2, 2}, .gain_and_bias = true, .name = "s2"},
                     Conv{.maps = 45, .kernel = square(6), .init = kStart, .name = "c3"}, Tanh{},
                     AveragePool{.size = {4, 3}, .gain_and_bias = true, .name = "s4"},
                     Conv{.maps = 250, .kernel = square(5), .init = kStart, .name = "c5"}, Tanh{},
                     Linear{.outputs = 50, .init = kStart, .name = "f6"}, Tanh{}});
}

double largest_distance(int outputs, const net::Tanh& squash) {
  return outputs * 2.0 * static_cast<double>(squash.outside);
}

namespace {

using Distance = Term (*)(Feature, Feature);

Feature embedding(FactorGraph& g, const Net& G, const Tensor& images, int i) {
  if (i < 0 || i >= images.view().rows())
    throw DataError(message("[siamese] there is no image ", i, " among ", images.view().rows()));
  return g.feature(G, images.view().row(i));
}

Model<Pair> pair_model(Params& W, const Net& G, const Tensor& images, Distance distance) {
  return {W, [G, &images, distance](FactorGraph& g, const Pair& pair) {
            g.add(distance(embedding(g, G, images, pair.a), embedding(g, G, images, pair.b)));
            g.truth(pair.genuine ? Truth::low : Truth::high);
          }};
}

std::uint64_t fingerprint_of(const PairSet& set) {
  std::uint64_t out = fnv1a("");
  const auto add = [&](const std::vector<Pair>& pairs) {
    for (const Pair& p : pairs)
      out = (out * 1099511628211ULL) ^ ((static_cast<std::uint64_t>(p.a) << 33) |
                                        (static_cast<std::uint64_t>(p.b) << 1) | (p.genuine ? 1 : 0));
  };
  add(set.genuine);
  if (set.impostor) add(*set.impostor);
  return out;
}

}  // namespace

Model<Pair> siamese(Params& W, const Net& G, const Tensor& images) {
  return pair_model(W, G, images, factor::absolute_distance);
}

Model<Pair> drlim(Params& W, const Net& G, const Tensor& images) {
  return pair_model(W, G, images, factor::distance);
}

Model<Choice> choosing(Params& W, const Net& G, const Tensor& images) {
  return {W, [G, &images](FactorGraph& g, const Choice& choice) {
            std::vector<Feature> candidates;
            for (const int i : choice.candidates) candidates.push_back(embedding(g, G, images, i));
            g.add(factor::absolute_distances(embedding(g, G, images, choice.image), candidates),
                  g.output("choice", Labels(Choice::kCandidates), 0));
          }};
}

namespace {

void name_images(const Pair& p, std::vector<int>& out) { out.insert(out.end(), {p.a, p.b}); }
void name_images(const Choice& c, std::vector<int>& out) {
  out.push_back(c.image);
  out.insert(out.end(), c.candidates.begin(), c.candidates.end());
}
template <class S>
std::vector<int> images_of(const std::vector<S>& seen) {
  std::vector<int> out;
  for (const S& s : seen) name_images(s, out);
  std::ranges::sort(out);
  out.erase(std::unique(out.begin(), out.end()), out.end());
  return out;
}

// Trains on what `look` draws for a pass.
template <class S, class Look>
History train(Model<S>& model, const PairSet& set, const AnyLoss& loss, const AnyOptimiser& optimiser,
              const PairTraining& o, const Look& look) {
  std::vector<S> seen;
  std::optional<Prepared> drawn;
  int at = -1;
  const auto draw = [&](int pass) -> std::span<const Sample> {
    if (pass != at) {
      at = pass;
      seen = look(Rng(o.seed, 0x9a1).fork(static_cast<std::uint64_t>(pass)));
      if (o.before_pass) o.before_pass(pass, images_of(seen));
      drawn.emplace(model.prepare(std::span<const S>(seen)));
    }
    return drawn->samples();
  };
  TrainerCore trainer(model.params(), model.schema(), loss, infer::Exhaustive{}, optimiser, o.seed);
  FitOptions f;
  f.epochs = o.passes;
  f.batch = o.batch;
  f.shuffle = false;  // batches were drawn as such
  f.checkpoint = o.checkpoint;
  f.resume = o.resume;
  f.quiet = o.quiet;
  f.title = o.title;
  f.stage = o.stage;
  f.recipe = o.recipe;
  f.recipe.settings["pairs"] = message(o.pairs);
  f.recipe.settings["pairs in all"] = message(set.genuine_count(), " genuine and ", set.impostor_count(),
                                              " impostor, of ", set.images, " images");
  f.earlier = o.earlier;
  f.draw = draw;
  f.recipe.fingerprints["pairs"] = fingerprint_of(set);
  if (o.on_pass) f.on_epoch = [&](const EpochReport& pass, const EpochReport*) { o.on_pass(pass); };
  return trainer.fit(draw(0), {}, f);
}

}  // namespace

History train_pairs(Model<Pair>& model, const PairSet& set, const AnyLoss& loss,
                    const AnyOptimiser& optimiser, const PairTraining& o) {
  return train(model, set, loss, optimiser, o,
               [&](Rng rng) { return draw_pairs(set, o.pairs, o.batch, rng); });
}

History train_choices(Model<Choice>& model, const PairSet& set, const AnyLoss& loss,
                      const AnyOptimiser& optimiser, const PairTraining& o) {
  PairTraining with = o;
  with.recipe.settings["images a step"] = message(o.images);
  return train(model, set, loss, optimiser, with,
               [&](Rng rng) { return draw_choices(set, o.pairs, o.batch, o.images, rng); });
}

Tensor embed(const Params& W, const Net& G, ConstView images) {
  constexpr int kBatch = 64;
  const int n = images.rows(), outputs = G.output_shape(images.shape.row()).back();
  Tensor out(Shape{n, outputs});
  Net::State state;
  for (int first = 0; first < n; first += kBatch) {
    const int count = std::min(kBatch, n - first);
    G.forward(W.data(), images.rows(first, count), out.view().rows(first, count), state);
  }
  return out;
}

}  // namespace EBM_PRECISION
}  // namespace ebm::models
