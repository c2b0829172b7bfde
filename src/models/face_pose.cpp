#include "ebm/models/face_pose.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

namespace ebm::models {
namespace {

constexpr double kThird = std::numbers::pi / 3, kTurn = 2 * std::numbers::pi;
constexpr std::array<double, 3> kCosines{0.5, 1, 0.5},
    kSines{-std::numbers::sqrt3 / 2, 0, std::numbers::sqrt3 / 2};  // of -pi/3, 0, pi/3

// Energies repeat after a turn, so one turn of wider or open bounds has every value.
PoseBounds within_a_turn(const PoseBounds& bounds) {
  PoseBounds out = bounds;
  for (std::size_t k = 0; k < 2; ++k) {
    double &low = out.low[k], &high = out.high[k];
    if (high - low < kTurn) continue;
    if (!std::isfinite(low)) low = std::isfinite(high) ? high - kTurn : -kTurn / 2;
    high = low + kTurn;
  }
  return out;
}

// The first angle at or above low that is a whole number of steps from `angle`.
double first_above(double low, double angle, double step) {
  return std::max(low, angle + step * std::ceil((low - angle) / step));
}

// The angle in [low, high] at which c cos t + s sin t is largest.
double best_angle(double c, double s, double low, double high) {
  const double up = first_above(low, std::atan2(s, c), kTurn);
  if (up <= high) return up;
  return c * std::cos(low) + s * std::sin(low) >= c * std::cos(high) + s * std::sin(high) ? low : high;
}

// G . F(yaw, roll) = cc cos cos + cs cos sin + sc sin cos + ss sin sin.
struct Plane {
  double cc = 0, cs = 0, sc = 0, ss = 0;
  explicit Plane(std::span<const double> g) {
    for (std::size_t i = 0; i < 3; ++i)
      for (std::size_t j = 0; j < 3; ++j) {
        const double v = g[3 * i + j];
        cc += v * kCosines[i] * kCosines[j], cs += v * kCosines[i] * kSines[j];
        sc += v * kSines[i] * kCosines[j], ss += v * kSines[i] * kSines[j];
      }
  }
  double operator()(double yaw, double roll) const {
    return std::cos(yaw) * (cc * std::cos(roll) + cs * std::sin(roll)) +
           std::sin(yaw) * (sc * std::cos(roll) + ss * std::sin(roll));
  }
};

void nearest_yaw_roll(const Plane& p, const PoseBounds& b, std::span<double> z) {
  // With A = yaw + roll and B = yaw - roll it is a wave in A plus a wave in B, so the free maxima are (yaw,
  // roll) and all that are half turns of both away.
  const double a = std::atan2(p.cs + p.sc, p.cc - p.ss), d = std::atan2(p.sc - p.cs, p.cc + p.ss);
  const double yaw = (a + d) / 2, roll = (a - d) / 2;
  // Two of each angle are enough: a half turn of both more is again one, further up.
  const double half = kTurn / 2;
  const double first[] = {first_above(b.low[0], yaw, half), first_above(b.low[1], roll, half)};
  const bool odd = std::lround((first[0] - yaw) / half + (first[1] - roll) / half) % 2 != 0;
  for (const int k : {0, 1}) {
    const double y = first[0] + k * half, r = first[1] + (odd ? 1 - k : k) * half;
    if (y <= b.high[0] && r <= b.high[1]) {
      z[0] = y, z[1] = r;
      return;
    }
  }
  // No maximum inside: it is on an edge, and along an edge there is one wave.
  double best = -std::numeric_limits<double>::infinity();
  const auto offer = [&](double y, double r) {
    const double value = p(y, r);
    if (!(value <= best)) best = value, z[0] = y, z[1] = r;
  };
  for (const double y : {b.low[0], b.high[0]}) {
    const double c = std::cos(y), s = std::sin(y);
    offer(y, best_angle(c * p.cc + s * p.sc, c * p.cs + s * p.ss, b.low[1], b.high[1]));
  }
  for (const double r : {b.low[1], b.high[1]}) {
    const double c = std::cos(r), s = std::sin(r);
    offer(best_angle(c * p.cc + s * p.cs, c * p.sc + s * p.ss, b.low[0], b.high[0]), r);
  }
}

}  // namespace

int pose_dims(PoseManifold manifold) { return static_cast<int>(manifold); }
int pose_outputs(PoseManifold manifold) { return manifold == PoseManifold::yaw ? 3 : 9; }

void embed_pose(PoseManifold manifold, std::span<const double> z, std::span<double> f) {
  const auto turned = [](double angle, std::size_t i) {
    return std::cos(angle - kThird * (static_cast<double>(i) - 1));
  };
  const double yaw = manifold == PoseManifold::point ? 0 : z[0];
  const double roll = manifold == PoseManifold::yaw_roll ? z[1] : 0;
  for (std::size_t i = 0; i < 3; ++i) {
    if (manifold == PoseManifold::yaw)
      f[i] = turned(yaw, i);
    else
      for (std::size_t j = 0; j < 3; ++j) f[3 * i + j] = turned(yaw, i) * turned(roll, j);
  }
}

void nearest_pose(PoseManifold manifold, std::span<const double> g, const PoseBounds& within,
                  std::span<double> z) {
  const PoseBounds bounds = within_a_turn(within);
  if (manifold == PoseManifold::yaw) {
    double c = 0, s = 0;
    for (std::size_t i = 0; i < 3; ++i) c += g[i] * kCosines[i], s += g[i] * kSines[i];
    z[0] = best_angle(c, s, bounds.low[0], bounds.high[0]);
  } else if (manifold == PoseManifold::yaw_roll) {
    nearest_yaw_roll(Plane(g), bounds, z);
  }
}

inline namespace EBM_PRECISION {
namespace {

struct PoseDistance {
  PoseManifold manifold;
  bool operator==(const PoseDistance&) const = default;
  std::string_view name() const { return "pose_distance"; }
  void check(std::span<const Shape> in, int entries) const {
    const auto outputs = static_cast<std::size_t>(pose_outputs(manifold)),
               dims = static_cast<std::size_t>(pose_dims(manifold));
    if (in.size() != 2 || in[0].size() != outputs || in[1].size() != dims || entries != 1)
      throw ShapeError(message("[pose_distance] compares ", outputs, " outputs with a pose of ", dims,
                               " numbers, not ", in.empty() ? std::string("nothing") : to_string(in[0]),
                               " with ", in.size() < 2 ? std::string("nothing") : to_string(in[1])));
  }

  // d = G - F(Z) of row r, and its length.
  double difference(const Reads& x, int r, std::span<double> d) const {
    std::array<double, 2> z{};
    for (std::size_t k = 0; k < x.in[1].row_size(); ++k) z[k] = x.in[1].row(r)[k];
    embed_pose(manifold, z, d);
    double sum = 0;
    for (std::size_t k = 0; k < x.in[0].row_size(); ++k) {
      d[k] = x.in[0].row(r)[k] - d[k];
      sum += d[k] * d[k];
    }
    return std::sqrt(sum);
  }
  void forward(const Reads& x, View out) const {
    std::array<double, 9> d{};
    for (int r = 0; r < x.rows; ++r)
      out[static_cast<std::size_t>(r)] = static_cast<Real>(difference(x, r, d));
  }
  void backward(const Reads& x, ConstView dout, const Slopes& s) const {
    std::array<double, 9> d{}, up{};
    for (int r = 0; r < x.rows; ++r) {
      const Real weight = dout[static_cast<std::size_t>(r)];
      const double length = weight == 0 ? 0 : difference(x, r, d);
      if (length == 0) continue;
      for (double& v : d) v *= weight / length;
      if (s.in[0].data)
        for (std::size_t k = 0; k < s.in[0].row_size(); ++k) s.in[0].row(r)[k] += static_cast<Real>(d[k]);
      if (!s.in[1].data) continue;
      // F is a sine of each angle: its derivative is F a quarter turn on.
      for (std::size_t k = 0; k < s.in[1].row_size(); ++k) {
        std::array<double, 2> z{};
        for (std::size_t j = 0; j < s.in[1].row_size(); ++j) z[j] = x.in[1].row(r)[j];
        z[k] += std::numbers::pi / 2;
        embed_pose(manifold, z, up);
        double sum = 0;
        for (std::size_t j = 0; j < s.in[0].row_size(); ++j) sum -= d[j] * up[j];
        s.in[1].row(r)[k] += static_cast<Real>(sum);
      }
    }
  }
  void minimise(const Reads& x, const FreeInput& free, std::span<double> z) const {
    PoseBounds bounds{{-kInf, -kInf}, {kInf, kInf}};
    const auto dims = static_cast<std::size_t>(pose_dims(manifold));
    std::ranges::copy(free.low, bounds.low.begin());
    std::ranges::copy(free.high, bounds.high.begin());
    std::array<double, 9> g{};
    for (int r = 0; r < x.rows; ++r) {
      std::copy_n(x.in[0].row(r).data, x.in[0].row_size(), g.begin());
      nearest_pose(manifold, g, bounds, z.subspan(static_cast<std::size_t>(r) * dims, dims));
    }
  }
};

}  // namespace

net::Table face_table() {
  net::Table table;
  for (int m = 0; m < 20; ++m) {
    // Runs of four, then pairs of pairs, then every other one, each going round.
    std::vector<int> row;
    for (const int step : m < 8    ? std::array{0, 1, 2, 3}
                          : m < 16 ? std::array{0, 1, 3, 5}
                                   : std::array{0, 2, 4, 5})
      row.push_back((m + step) % 8);
    std::ranges::sort(row);
    table.push_back(row);
  }
  return table;
}

Net pose_net(Params& W, std::string name, int outputs) {
  const auto subsample = [](const char* name) {
    return net::AveragePool{.gain_and_bias = true, .name = name};
  };
  // He's variance keeps the size of signals from layer to layer; under Init::tanh they start near zero, and
  // training is far slower.
  const auto conv = [](int maps, const char* name, net::Table table = {}) {
    return net::Conv{.maps = maps,
                     .kernel = net::square(5),
                     .table = std::move(table),
                     .init = net::Init::he,
                     .name = name};
  };
  return net::sequential(W, std::move(name), {1, 32, 32},
                         {conv(8, "c1"), net::Tanh{}, subsample("s2"), net::Tanh{},
                          conv(20, "c3", face_table()), net::Tanh{}, subsample("s4"), net::Tanh{},
                          conv(120, "c5"), net::Tanh{}, net::Linear{.outputs = outputs, .name = "out"}});
}

Reals pose_domain(PoseManifold manifold) {
  // As Real has them, so that a pose on the very bound is inside.
  std::vector<double> low, high;
  for (std::size_t k = 0; k < static_cast<std::size_t>(pose_dims(manifold)); ++k) {
    low.push_back(static_cast<Real>(PoseBounds{}.low[k]));
    high.push_back(static_cast<Real>(PoseBounds{}.high[k]));
  }
  return Reals(pose_dims(manifold)).within(low, high);
}

Term pose_distance(PoseManifold manifold, Feature g, Feature z) {
  return factor::function(PoseDistance{manifold}, {g, z}, "pose_distance");
}

Model<FaceExample> face_model(Params& W, const Net& net, PoseManifold manifold) {
  const auto declare = [net, manifold](FactorGraph& g, const FaceExample& x) {
    const Feature G = g.feature(net, x.image);
    const auto known = std::span(x.pose).first(static_cast<std::size_t>(pose_dims(manifold)));
    if (manifold == PoseManifold::point) {
      std::array<double, 9> f{};
      embed_pose(manifold, {}, f);
      g.add(factor::distance(G, g.feature(Tensor({9}, {f.begin(), f.end()}))));
    } else {
      const auto Z = g.latent("pose", pose_domain(manifold), x.face ? known : known.first(0));
      g.add(pose_distance(manifold, G, g.feature(Z)));
    }
    g.truth(x.face ? Truth::low : Truth::high);
  };
  return {W, declare};
}

}  // namespace EBM_PRECISION
}  // namespace ebm::models
