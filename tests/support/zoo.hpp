#pragma once
/// \file
/// One small trainable model of every kind that the engines cover, ragged wherever it can be. Laws that hold
/// for any model are tested on all of them.

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "ebm/graph/structured_factors.hpp"
#include "ebm/inference/discrete.hpp"
#include "ebm/net/build.hpp"
#include "support/graphs.hpp"

namespace ebm::testing {

/// A model, its samples ready, and the engine that answers it. Moves; what it owns stays where it is.
struct Beast {
  std::string name;
  std::unique_ptr<Params> W;
  AnyEngine engine;
  std::unique_ptr<Model<int>> model;
  std::unique_ptr<Prepared> ready;
};

/// E_k = |f - w_k|^2: a user's own factor function, with trained numbers of its own.
struct Prototypes {
  std::size_t offset = 0;
  int classes = 0;
  bool operator==(const Prototypes&) const = default;
  std::string_view name() const { return "prototypes"; }
  void forward(const Reads& x, View out) const {
    const std::size_t d = x.in[0].row_size();
    for (int r = 0; r < x.rows; ++r)
      for (int k = 0; k < classes; ++k) {
        Real sum = 0;
        for (std::size_t j = 0; j < d; ++j) {
          const Real diff = x.in[0].data[r * d + j] - x.w[offset + k * d + j];
          sum += diff * diff;
        }
        out[static_cast<std::size_t>(r * classes + k)] = sum;
      }
  }
  void backward(const Reads& x, ConstView dout, const Slopes& s) const {
    const std::size_t d = x.in[0].row_size();
    for (int r = 0; r < x.rows; ++r)
      for (int k = 0; k < classes; ++k)
        for (std::size_t j = 0; j < d; ++j) {
          const Real slope = 2 * dout[static_cast<std::size_t>(r * classes + k)] *
                             (x.in[0].data[r * d + j] - x.w[offset + k * d + j]);
          if (s.in[0].data) s.in[0].data[r * d + j] += slope;
          if (s.w) s.w[offset + k * d + j] -= slope;
        }
  }
};

using Declare = std::function<void(FactorGraph&, const int&)>;

inline Beast beast(std::string name, AnyEngine engine, int samples,
                   const std::function<Declare(Params&)>& make) {
  Beast b{std::move(name), std::make_unique<Params>(), std::move(engine), nullptr, nullptr};
  const Declare declare = make(*b.W);
  b.model = std::make_unique<Model<int>>(*b.W, declare);
  std::vector<int> index;
  for (int i = 0; i < samples; ++i) index.push_back(i);
  b.ready = std::make_unique<Prepared>(b.model->prepare(std::span<const int>(index)));
  return b;
}

/// `count` tensors of random normals; the shape may depend on the index.
inline auto random_data(int count, std::uint64_t seed, const std::function<Shape(int)>& shape) {
  auto out = std::make_shared<std::vector<Tensor>>();
  Rng rng(seed);
  for (int i = 0; i < count; ++i) out->push_back(random_tensor(shape(i), rng));
  return out;
}

inline Beast single_label(int n = 12) {
  return beast("single label", infer::Exhaustive{}, n, [&](Params& W) {
    const Net net = net::mlp(W, "net", {3, 5, 4});
    return [net, x = random_data(n, 1, [](int) { return Shape{3}; })](FactorGraph& g, const int& i) {
      const auto y = g.output("y", Labels(4), i % 4);
      g.add(factor::network(net, (*x)[i]), y);
    };
  });
}

inline Beast rubbish(int n = 10) {
  return beast("with rubbish, several true labels", infer::Exhaustive{}, n, [&](Params& W) {
    const Net net = net::mlp(W, "net", {3, 4, 3});
    const Param bias = W.uniform("bias", {4}, 1);
    return
        [net, bias, &W, x = random_data(n, 2, [](int) { return Shape{3}; })](FactorGraph& g, const int& i) {
          const std::vector<int> several{i % 4, (i + 1) % 4};
          const auto y = g.output("y", Labels(4), i % 3 ? LabelSet(i % 4) : LabelSet(several));
          g.add(factor::with_rubbish(g.feature(net, (*x)[i]), 0.5), y);
          g.add(factor::table(W, bias), y);
        };
  });
}

inline Beast chain(int n = 12) {
  return beast("ragged chains", infer::SumProduct{}, n, [&](Params& W) {
    const Net net = net::mlp(W, "emit", {3, 4, 3});
    const Param trans = W.uniform("trans", {3, 3}, 1);
    return [net, trans, &W, x = random_data(n, 3, [](int i) {
                              return Shape{1 + i % 5, 3};
                            })](FactorGraph& g, const int& i) {
      const int length = 1 + i % 5;
      std::vector<LabelSet> truth;
      for (int t = 0; t < length; ++t) truth.push_back(t == 2 ? LabelSet() : LabelSet((i + t * t) % 3));
      const auto y = g.outputs("tag", length, Labels(3), truth);
      g.add_each(factor::network(net, (*x)[i]), y);
      g.add_each(factor::table(W, trans), y.pairs());
    };
  });
}

inline Beast wide_images(int n = 9) {
  return beast("wide images", infer::SumProduct{}, n, [&](Params& W) {
    const Net net = net::sequential(W, "net", {1, 8, 8},
                                    {net::Conv{.maps = 3, .kernel = net::square(3)}, net::Tanh{},
                                     net::AveragePool{}, net::Conv{.maps = 4, .kernel = net::square(3)}});
    const Param trans = W.uniform("trans", {4, 4}, 1);
    return [net, trans, &W, x = random_data(n, 4, [](int i) {
                              return Shape{1, 8, 8 + 2 * (i % 4)};
                            })](FactorGraph& g, const int& i) {
      std::vector<int> truth;
      for (int c = 0; c < 1 + i % 4; ++c) truth.push_back((i + c) % 4);
      const auto y = g.outputs("column", 1 + i % 4, Labels(4), truth);
      g.add_each(factor::network(net, (*x)[i]), y);
      g.add_each(factor::table(W, trans), y.pairs());
    };
  });
}

/// Function factors with and without labels, one function at two widths, a user's own function.
inline Beast functions(int n = 8) {
  return beast("function factors", infer::Exhaustive{}, n, [&](Params& W) {
    const Net narrow = net::mlp(W, "narrow", {2, 3}), wide = net::mlp(W, "wide", {2, 4, 5});
    const Param few = W.uniform("few", {4, 3}, 1), many = W.uniform("many", {4, 5}, 1);
    const Prototypes by_few{W.block(few).offset, 4}, by_many{W.block(many).offset, 4};
    return [narrow, wide, by_few, by_many, x = random_data(n, 5, [](int) { return Shape{2}; }),
            z = random_data(n, 6, [](int) { return Shape{2}; })](FactorGraph& g, const int& i) {
      const auto y = g.output("y", Labels(4), i % 4);
      const Feature a = g.feature(narrow, (*x)[i]), b = g.feature(narrow, (*z)[i]);
      const Feature c = g.feature(wide, (*x)[i]), d = g.feature(wide, (*z)[i]);
      g.add(factor::distance(a, b));
      g.add(factor::distance(c, d));
      g.add(factor::half_squared_distance(c, d));
      g.add(factor::function(by_few, {a}), y);
      g.add(factor::function(by_many, {c}), y);
    };
  });
}

/// A loop with a factor of order three, a latent variable, and two structures.
inline Beast loop(int n = 8) {
  return beast("loops with a latent", infer::Exhaustive{}, n, [&](Params& W) {
    const Net net = net::mlp(W, "net", {3, 2});
    const Param pair = W.uniform("pair", {2, 2}, 1), triple = W.uniform("triple", {2, 2, 3}, 1);
    return [net, pair, triple, &W, x = random_data(n, 7, [](int i) {
                                     return Shape{3 + i % 2, 3};
                                   })](FactorGraph& g, const int& i) {
      const int count = 3 + i % 2;
      std::vector<int> truth;
      for (int v = 0; v < count; ++v) truth.push_back((i >> v) % 2);
      const auto y = g.outputs("y", count, Labels(2), truth);
      const auto z = g.latent("z", Labels(3));
      g.add_each(factor::network(net, (*x)[i]), y);
      g.add_each(factor::table(W, pair), y.pairs());
      g.add(factor::table(W, pair), y[count - 1], y[0]);
      g.add_each(factor::table(W, triple),
                 Scopes{3, {y[0].first, y[1].first, z.first, y[1].first, y[2].first, z.first}});
    };
  });
}

/// The same through a junction tree.
inline Beast low_treewidth(int n = 8) {
  Beast b = loop(n);
  b.name = "loops of low treewidth";
  b.engine = infer::JunctionTree{};
  return b;
}

/// Pairs by their difference and by contrast, a trained count over a block and an agreement over another.
inline Beast structured(int n = 8) {
  return beast("counts, agreements and differences", infer::JunctionTree{}, n, [&](Params& W) {
    const Net net = net::mlp(W, "net", {2, 3, 2});
    const Param smooth = W.uniform("smooth", {3}, 1), contrast = W.uniform("contrast", {2}, 1),
                how_many = W.uniform("how_many", {4}, 1), same = W.uniform("same", {4}, 1);
    return [net, smooth, contrast, how_many, same, &W, x = random_data(n, 21, [](int) {
                                                         return Shape{4, 2};
                                                       })](FactorGraph& g, const int& i) {
      const auto b = g.outputs("b", 4, Labels(2), std::vector<LabelSet>{i % 2, (i / 2) % 2, LabelSet(), 1}),
                 y = g.outputs("y", 3, Labels(3), std::vector<LabelSet>{i % 3, (i + 1) % 3, i % 3});
      g.add_each(factor::network(net, (*x)[i]), b);
      g.add_each(factor::contrast_potts(W, contrast, g.feature(ConstView{(*x)[i].data(), Shape{3, 2}}), 2),
                 b.pairs());
      g.add_each(factor::count(W, how_many), Scopes{4, {0, 1, 2, 3}});
      g.add_each(factor::absolute_difference(W, smooth, 3), y.pairs());
      g.add_each(factor::agreement(W, same), Scopes{3, {4, 5, 6}});
      g.add(factor::constant(Tensor(Shape{2, 3})), b[0], y[0]);
    };
  });
}

/// Pieces between neighbouring cuts and over two of them, three classes each.
inline Lattice pieces_lattice(int cuts) {
  std::vector<lattice::Piece> pieces;
  for (int c = 0; c + 1 < cuts; ++c) pieces.push_back({c, c + 1, 0.1 * c});
  for (int c = 0; c + 2 < cuts; ++c) pieces.push_back({c, c + 2, 0.2});
  return lattice::expand(pieces, cuts, std::vector<int>{1, 2, 3});
}

inline Beast paths(int n = 9) {
  return beast("paths", infer::ForwardBackward{}, n, [&](Params& W) {
    const Net net = net::mlp(W, "net", {2, 4, 3});
    const Net left = net::mlp(W, "left", {2, 3});
    const Param piece = W.uniform("piece", {12, 1}, 1);
    const auto cuts = [](int i) { return 3 + i % 3; };
    return [net, left, piece, cuts, &W,
            x = random_data(n, 8,
                            [cuts](int i) {
                              return Shape{2 * cuts(i) - 3, 2};
                            }),
            given = random_data(n, 9,
                                [cuts](int i) {
                                  return Shape{2 * cuts(i) - 3, 3};
                                }),
            z = random_data(n, 10, [](int) { return Shape{2}; })](FactorGraph& g, const int& i) {
      std::vector<int> truth;
      for (int k = 0; k < cuts(i) - 1 - i % 2; ++k) truth.push_back(1 + (i + k) % 3);
      const auto p = g.output("reading", Paths(pieces_lattice(cuts(i))), truth);
      g.add(factor::network(net, (*x)[i]), p);
      g.add(factor::table(W, piece), p);
      g.add(factor::constant((*given)[i]), p);
      g.add(factor::half_squared_distance(g.feature(left, (*z)[i]), g.feature(left, (*z)[0])));
    };
  });
}

/// E(x, y) = |G1(x) - G2(y)| + h(y) with a real y.
inline Beast grid(int n = 6) {
  return beast("real variable", infer::Grid{.points = 21}, n, [&](Params& W) {
    const Net gx = net::mlp(W, "gx", {1, 4, 3}), gy = net::mlp(W, "gy", {1, 4, 3}),
              h = net::mlp(W, "h", {1, 3, 1});
    return [gx, gy, h, x = random_data(n, 11, [](int) { return Shape{1}; })](FactorGraph& g, const int& i) {
      const auto y = g.output("y", Reals(1), Real(0.15) * static_cast<Real>(i) - Real(0.4));
      g.add(factor::distance(g.feature(gx, (*x)[i]), g.feature(gy, y)));
      g.add(factor::rows(g.feature(h, y)));
    };
  });
}

inline std::vector<Beast> zoo() {
  std::vector<Beast> out;
  for (auto* make :
       {single_label, rubbish, chain, wide_images, functions, loop, low_treewidth, structured, paths, grid})
    out.push_back(make(make == grid ? 6 : 9));
  return out;
}

}  // namespace ebm::testing
