#pragma once
/// \file
/// Small trainable models of the architectures that LeCun et al. 2006 set losses against: sections 2 (latent
/// variables), 4 (regression, classifiers, implicit regression, centres), 5 and 6 (chains, paths). Each with
/// data that it can learn, and the fraction of its answers that is wrong, found by an engine that tries them
/// all.

#include <cmath>
#include <numbers>
#include <string>
#include <string_view>
#include <vector>

#include "ebm/inference/verbs.hpp"
#include "support/zoo.hpp"

namespace ebm::testing {

/// E(Y, X) = -Y G(X), Y = -1 for label 0 and +1 for label 1.
struct SignedMargin {
  bool operator==(const SignedMargin&) const = default;
  std::string_view name() const { return "signed margin"; }
  void forward(const Reads& x, View out) const {
    for (int r = 0; r < x.rows; ++r) {
      const auto k = static_cast<std::size_t>(r);
      out[2 * k] = x.in[0][k];
      out[2 * k + 1] = -x.in[0][k];
    }
  }
  void backward(const Reads& x, ConstView dout, const Slopes& s) const {
    for (int r = 0; r < x.rows; ++r) {
      const auto k = static_cast<std::size_t>(r);
      s.in[0][k] += dout[2 * k] - dout[2 * k + 1];
    }
  }
};

/// E(1, Z, X) = |G(X) - F(Z)|^2 / 2 with F(Z) = (Z, Z^2), and E(0) a constant (Osadchy, LeCun, Miller 2007).
struct OnACurve {
  Real threshold = Real(0.5);
  bool operator==(const OnACurve&) const = default;
  std::string_view name() const { return "on a curve"; }
  void forward(const Reads& x, View out) const {
    for (int r = 0; r < x.rows; ++r) {
      const auto k = static_cast<std::size_t>(r);
      const Real z = x.in[1][k], u = x.in[0][2 * k] - z, v = x.in[0][2 * k + 1] - z * z;
      out[2 * k] = threshold;
      out[2 * k + 1] = (u * u + v * v) / 2;
    }
  }
  void backward(const Reads& x, ConstView dout, const Slopes& s) const {
    for (int r = 0; r < x.rows; ++r) {
      const auto k = static_cast<std::size_t>(r);
      const Real z = x.in[1][k], u = x.in[0][2 * k] - z, v = x.in[0][2 * k + 1] - z * z,
                 weight = dout[2 * k + 1];
      if (s.in[0].data) s.in[0][2 * k] += weight * u;
      if (s.in[0].data) s.in[0][2 * k + 1] += weight * v;
      if (s.in[1].data) s.in[1][k] -= weight * (u + 2 * z * v);
    }
  }
};

/// What its variables are, which decides what an engine says of it.
enum class Kind { labels, path, real, mixed };

struct Architecture {
  std::string_view name;  ///< with its article, as a part of a test's name
  Kind kind;
  Beast (*make)();     ///< its engine tries every answer
  double chance;       ///< error of an answer that does not look at X
  double most_errors;  ///< a trained one has no more
};

inline constexpr int kSamples = 24;

/// `dims` numbers a sample: one of `classes` centres, sample i's being i % classes, and a little noise.
inline auto clusters(int classes, int rows = 1) {
  auto out = std::make_shared<std::vector<Tensor>>();
  Rng rng(1);
  for (int i = 0; i < kSamples; ++i) {
    Tensor x({rows, 2});
    for (int r = 0; r < rows; ++r) {
      const double angle = 2 * std::numbers::pi * ((i + r) % classes) / classes + 0.4;
      x[static_cast<std::size_t>(2 * r)] = static_cast<Real>(1.2 * std::cos(angle) + 0.2 * rng.normal());
      x[static_cast<std::size_t>(2 * r + 1)] = static_cast<Real>(1.2 * std::sin(angle) + 0.2 * rng.normal());
    }
    out->push_back(std::move(x));
  }
  return out;
}

inline const Tensor& at(const std::shared_ptr<std::vector<Tensor>>& all, int i) {
  return (*all)[static_cast<std::size_t>(i)];
}

inline Beast two_class_classifier() {
  return beast("binary", infer::Exhaustive{}, kSamples, [](Params& W) {
    const Net net = net::linear(W, "net", 2, 1);
    return [net, x = clusters(2)](FactorGraph& g, const int& i) {
      g.add(factor::function(SignedMargin{}, {g.feature(net, at(x, i))}), g.output("y", Labels(2), i % 2));
    };
  });
}

inline Beast multiclass_classifier() {
  return beast("multiclass", infer::Exhaustive{}, kSamples, [](Params& W) {
    const Net net = net::linear(W, "net", 2, 3);
    return [net, x = clusters(3)](FactorGraph& g, const int& i) {
      g.add(factor::network(net, at(x, i)), g.output("y", Labels(3), i % 3));
    };
  });
}

/// E = |U_k - G(X)|^2, the centres trained or not.
inline Beast centres(bool trained) {
  return beast("centres", infer::Exhaustive{}, kSamples, [trained](Params& W) {
    const Net net = net::mlp(W, "net", {2, 4, 2});
    const Param u = W.uniform("centres", {3, 2}, 1);
    std::vector<Real> corners{1, 0, 0, 1, -1, -1};
    if (trained)  // as learned ones begin: close together
      for (Real& c : corners) c *= Real(0.3);
    std::ranges::copy(corners, W.flat().begin() + static_cast<std::ptrdiff_t>(W.block(u).offset));
    W.set_trainable("centres", trained);
    const Prototypes distance{W.block(u).offset, 3};
    return [net, distance, x = clusters(3)](FactorGraph& g, const int& i) {
      g.add(factor::function(distance, {g.feature(net, at(x, i))}), g.output("y", Labels(3), (i + 1) % 3));
    };
  });
}
inline Beast fixed_centres() { return centres(false); }
inline Beast learned_centres() { return centres(true); }

/// X in [-1, 1] and Y = 1.2 X^2 - 0.5.
inline Real curve(int i) { return static_cast<Real>(-1 + 2.0 * i / (kSamples - 1)); }
inline Real above(int i) { return Real(1.2) * curve(i) * curve(i) - Real(0.5); }

/// E = |G(X) - Y|^2 / 2. Y is wide against the deviation 1 that this energy gives it at beta 1.
inline constexpr Real kWide = 5;
inline Beast regression() {
  return beast("regression", infer::Grid{.low = -6, .high = 6, .points = 241}, kSamples, [](Params& W) {
    const Net net = net::mlp(W, "net", {1, 8, 1});
    return [net](FactorGraph& g, const int& i) {
      const auto y = g.output("y", Reals(1), kWide * above(i));
      g.add(factor::half_squared_distance(g.feature(net, Tensor(curve(i))), g.feature(y)));
    };
  });
}

/// E = |G1(X) - G2(Y)|^2 / 2, Y within bounds.
inline Beast implicit_regression() {
  return beast("implicit", infer::Grid{.points = 121}, kSamples, [](Params& W) {
    const Net gx = net::mlp(W, "gx", {1, 6, 4}), gy = net::mlp(W, "gy", {1, 6, 4});
    return [gx, gy](FactorGraph& g, const int& i) {
      const auto y = g.output("y", Reals(1).within(-1, 1), above(i));
      g.add(factor::half_squared_distance(g.feature(gx, Tensor(curve(i))), g.feature(gy, y)));
    };
  });
}

/// E = sum_t U(x_t)[y_t] + sum_t A[y_t, y_t+1], of 3 to 5 places.
inline Beast crf() {
  return beast("crf", infer::Exhaustive{}, kSamples, [](Params& W) {
    const Net emit = net::linear(W, "emit", 2, 3);
    const Param trans = W.uniform("trans", {3, 3}, 0.1);
    return [emit, trans, &W, x = clusters(3, 5)](FactorGraph& g, const int& i) {
      const int length = 3 + i % 3;
      std::vector<int> truth;
      for (int t = 0; t < length; ++t) truth.push_back((i + t) % 3);
      const auto y = g.outputs("tag", length, Labels(3), truth);
      g.add_each(factor::network(emit, ConstView{at(x, i).data(), Shape{length, 2}}), y);
      g.add_each(factor::table(W, trans), y.pairs());
    };
  });
}

/// E = Ea(X, Z1) + Eb(X, Z1, Z2) + Ec(Z2, Y1) + Ed(Y1, Y2).
inline Beast latent_trellis() {
  return beast("trellis", infer::Exhaustive{}, kSamples, [](Params& W) {
    const Net ea = net::linear(W, "ea", 2, 2), eb = net::linear(W, "eb", 2, 4);
    const Param ec = W.uniform("ec", {2, 2}, 0.5), ed = W.uniform("ed", {2, 3}, 0.5);
    return [ea, eb, ec, ed, &W, x = clusters(2)](FactorGraph& g, const int& i) {
      const auto z = g.latents("z", 2, Labels(2));
      const auto y1 = g.output("y1", Labels(2), i % 2), y2 = g.output("y2", Labels(3), i % 2);
      g.add(factor::network(ea, at(x, i)), z[0]);
      g.add(factor::network(eb, at(x, i)), z[0], z[1]);
      g.add(factor::table(W, ec), z[1], y1);
      g.add(factor::table(W, ed), y1, y2);
    };
  });
}

/// A path through pieces and classes (graph transformer network): three pieces in a row, or wider ones.
inline Beast path() {
  return beast("path", infer::ForwardBackward{}, kSamples, [](Params& W) {
    const Net net = net::linear(W, "net", 2, 3);
    return [net, x = clusters(3, 3), wide = random_data(kSamples, 8, [](int) {
                                       return Shape{2, 2};
                                     })](FactorGraph& g, const int& i) {
      Tensor pieces({5, 2});
      std::copy_n(at(x, i).data(), 6, pieces.data());
      std::copy_n((*wide)[static_cast<std::size_t>(i)].data(), 4, pieces.data() + 6);
      const std::vector<int> truth{1 + i % 3, 1 + (i + 1) % 3, 1 + (i + 2) % 3};
      g.add(factor::network(net, std::move(pieces)), g.output("reading", Paths(pieces_lattice(4)), truth));
    };
  });
}

/// Face or not, at an unknown pose: labels with a latent real variable.
inline Beast latent_pose() {
  return beast("pose", infer::Grid{.points = 41}, kSamples, [](Params& W) {
    const Net net = net::mlp(W, "net", {2, 4, 2});
    return [net, x = clusters(2)](FactorGraph& g, const int& i) {
      const auto y = g.output("face", Labels(2), i % 2);
      const auto z = g.latent("pose", Reals(1).within(-1, 1));
      g.add(factor::function(OnACurve{}, {g.feature(net, at(x, i)), g.feature(z)}), y);
    };
  });
}

inline constexpr Architecture kArchitectures[] = {
    {"ATwoClassClassifier", Kind::labels, two_class_classifier, 0.5, 0.1},
    {"AMulticlassClassifier", Kind::labels, multiclass_classifier, 2.0 / 3, 0.1},
    {"FixedCentres", Kind::labels, fixed_centres, 2.0 / 3, 0.1},
    {"LearnedCentres", Kind::labels, learned_centres, 2.0 / 3, 0.1},
    {"ARegression", Kind::real, regression, 1, 0.8},
    {"AnImplicitRegression", Kind::real, implicit_regression, 1, 0.8},
    {"ACrf", Kind::labels, crf, 2.0 / 3, 0.1},
    {"ALatentTrellis", Kind::labels, latent_trellis, 0.5, 0.25},
    {"APath", Kind::path, path, 1, 0.5},
    {"ALatentPose", Kind::mixed, latent_pose, 0.5, 0.2},
};

/// Fraction of the answers of least energy that are wrong; of real ones the root of the mean square error, as
/// a part of that of the best constant answer.
inline double error_of(const Beast& b) {
  Batch batch = b.ready->batch();
  const Minimum best = minimize(batch, b.engine);
  const Structure& s = *batch.sample(0).structure;
  if (s.has_path) {
    double wrong = 0;
    for (int i = 0; i < kSamples; ++i)
      wrong += best.paths[static_cast<std::size_t>(i)].labels != batch.sample(i).truth.path->labels;
    return wrong / kSamples;
  }
  if (s.label_variables > 0) return 1 - accuracy(batch, best);
  double sum = 0, squares = 0, wrong = 0;
  for (int i = 0; i < kSamples; ++i) {
    const double y = batch.sample(i).truth.reals[0],
                 off = static_cast<double>(best.reals[static_cast<std::size_t>(i)]) - y;
    sum += y, squares += y * y, wrong += off * off;
  }
  return std::sqrt(wrong / (squares - sum * sum / kSamples));
}

}  // namespace ebm::testing
