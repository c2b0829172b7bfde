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

Model<Pair> pair_model(Params& W, const Net& G, const Tensor& images, Distance distance) {
  return {W, [G, &images, distance](FactorGraph& g, const Pair& pair) {
            const int n = images.view().rows();
            if (std::min(pair.a, pair.b) < 0 || std::max(pair.a, pair.b) >= n)
              throw DataError(message("[siamese] a pair names images ", pair.a, " and ", pair.b, " of ", n));
            g.add(distance(g.feature(G, images.view().row(pair.a)), g.feature(G, images.view().row(pair.b))));
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

History train_pairs(Model<Pair>& model, const PairSet& set, const AnyLoss& loss,
                    const AnyOptimiser& optimiser, const PairTraining& o) {
  std::vector<Pair> pairs;
  std::optional<Prepared> drawn;
  int at = -1;
  const auto draw = [&](int pass) -> std::span<const Sample> {
    if (pass != at) {
      at = pass;
      pairs = draw_pairs(set, o.pairs, o.batch, Rng(o.seed, 0x9a1).fork(static_cast<std::uint64_t>(pass)));
      drawn.emplace(model.prepare(std::span<const Pair>(pairs)));
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
  f.stage = "pairs";
  f.recipe = o.recipe;
  f.recipe.settings["pairs"] = message(o.pairs);
  f.recipe.settings["pairs in all"] = message(set.genuine_count(), " genuine and ", set.impostor_count(),
                                              " impostor, of ", set.images, " images");
  f.before_pass = o.before_pass;
  f.draw = draw;
  f.recipe.fingerprints["pairs"] = fingerprint_of(set);
  if (o.on_pass) f.on_epoch = [&](const EpochReport& pass, const EpochReport*) { o.on_pass(pass); };
  return trainer.fit(draw(0), {}, f);
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
