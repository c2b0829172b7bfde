#include "ebm/models/face_detector.hpp"

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "ebm/core/pool.hpp"
#include "ebm/io/json.hpp"
#include "ebm/io/model_file.hpp"

namespace ebm::models {
namespace {

constexpr double kDegrees = 180 / std::numbers::pi;
constexpr std::string_view kKind = "face_detector";
constexpr int kLargestRadius = 1024;  // a file that says more lies

double shared_area(const FaceDetection& a, const FaceDetection& b) {
  const auto along = [&](double p, double q) {
    return std::min(p + a.size / 2, q + b.size / 2) - std::max(p - a.size / 2, q - b.size / 2);
  };
  return std::max(0.0, along(a.x, b.x)) * std::max(0.0, along(a.y, b.y));
}

// One level of the pyramid: a pixel of it is `across` x `down` of the picture, `border` pixels of it lie
// outside on every side.
struct Level {
  double across = 1, down = 1;
  int border = 0;
  FaceMap map;
  // Middle of a window, pixels of the picture.
  double x(int column) const { return (column * kStep + kHalf - border) * across; }
  double y(int line) const { return (line * kStep + kHalf - border) * down; }
  // The window whose middle is nearest.
  int column(double x) const { return static_cast<int>(std::lround((x / across + border - kHalf) / kStep)); }
  int line(double y) const { return static_cast<int>(std::lround((y / down + border - kHalf) / kStep)); }

 private:
  static constexpr double kStep = 4, kHalf = 16;
};

GreyMap with_border(const GreyMap& map, int border) {
  if (border == 0) return map;
  GreyMap out(map.width + 2 * border, map.height + 2 * border);
  for (int y = 0; y < out.height; ++y)
    for (int x = 0; x < out.width; ++x)
      out.at(x, y) =
          map.at(std::clamp(x - border, 0, map.width - 1), std::clamp(y - border, 0, map.height - 1));
  return out;
}

}  // namespace

double window_overlap(const FaceDetection& a, const FaceDetection& b) {
  const double both = shared_area(a, b);
  return both / (a.size * a.size + b.size * b.size - both);
}

void suppress_overlaps(std::vector<FaceDetection>& faces, double overlap) {
  std::ranges::stable_sort(faces, {}, &FaceDetection::energy);
  std::vector<FaceDetection> kept;
  for (const FaceDetection& f : faces)
    if (std::ranges::none_of(kept, [&](const FaceDetection& k) {
          const double least = std::min(f.size, k.size);
          return window_overlap(f, k) > overlap || shared_area(f, k) > 0.6 * least * least;
        }))
      kept.push_back(f);
  faces = std::move(kept);
}

inline namespace EBM_PRECISION {
namespace {

// Scratch memory of a thread, moved out while it is used: a waiting thread may be given another piece. A
// state knows its net by address, so the net stays alive with it.
struct Scratch {
  Net net;
  Net::State state;
  Tensor in, out;
};
thread_local Scratch kept;

Scratch scratch_for(const Net& net) {
  Scratch s = std::move(kept);
  if (s.net.identity() != net.identity()) s.state = {}, s.net = net;
  return s;
}

void fit(Tensor& t, const Shape& shape) {
  if (t.size() == shape.size())
    t = std::move(t).reshaped(shape);
  else
    t = Tensor(shape);
}

// Lower bounds of the energies of up to kTogether positions at once, sums over outputs inside: the largest G
// . F over all angles is half the sum of the amplitudes of the waves in yaw + roll and yaw - roll.
constexpr std::size_t kTogether = 64;
struct Bounds {
  std::array<std::array<float, kTogether>, 5> sums;  // |G|^2, then cos cos, cos sin, sin cos, sin sin
  std::array<float, kTogether> squared;

  void assign(PoseManifold m, const Real* g, std::size_t count) {
    constexpr std::array<float, 3> c{0.5F, 1, 0.5F}, s{-0.8660254F, 0, 0.8660254F};
    for (auto& sum : sums) sum.fill(0);
    const auto outputs = static_cast<std::size_t>(pose_outputs(m));
    for (std::size_t k = 0; k < outputs; ++k) {
      const std::size_t i = m == PoseManifold::yaw ? k : k / 3, j = m == PoseManifold::yaw ? 1 : k % 3;
      const std::array<float, 4> by{c[i] * c[j], c[i] * s[j], s[i] * c[j], s[i] * s[j]};
      for (std::size_t p = 0; p < count; ++p) {
        const auto v = static_cast<float>(g[p * outputs + k]);
        sums[0][p] += v * v;
        for (std::size_t w = 0; w < 4; ++w) sums[w + 1][p] += v * by[w];
      }
    }
    const auto& [g2, cc, cs, sc, ss] = sums;
    for (std::size_t p = 0; p < count; ++p) {
      const float a = cc[p] - ss[p], b = cs[p] + sc[p], d = cc[p] + ss[p], e = sc[p] - cs[p];
      switch (m) {
        case PoseManifold::point:  // 2 G . F(0, 0) = 2 cc
          squared[p] = g2[p] + 2.25F - 2 * cc[p];
          break;
        case PoseManifold::yaw:
          squared[p] = g2[p] + 1.5F - 2 * std::sqrt(cc[p] * cc[p] + sc[p] * sc[p]);
          break;
        case PoseManifold::yaw_roll:
          squared[p] = g2[p] + 2.25F - std::sqrt(a * a + b * b) - std::sqrt(d * d + e * e);
          break;
      }
    }
  }
};

}  // namespace

FaceDetector::FaceDetector(const FaceDetectorConfig& config)
    : config_(config), params_(std::make_unique<Params>(Params::Options{config.seed})) {
  net_ = pose_net(*params_, "face", pose_outputs(config.manifold));
}

void FaceDetector::set_threshold(double threshold) {
  if (!(threshold >= 0 && std::isfinite(threshold)))
    throw GraphError(
        message("[face_detector] a threshold of ", threshold, " tells no face; give one from 0"));
  config_.threshold = threshold;
}

// Energies and poses of positions first .. of `to` from the outputs of the net there.
void FaceDetector::solve(std::span<const Real> outputs, double threshold, std::size_t first,
                         FaceMap& to) const {
  const PoseManifold m = config_.manifold;
  const auto width = static_cast<std::size_t>(pose_outputs(m));
  const std::size_t count = outputs.size() / width;
  Bounds bounds;
  for (std::size_t begin = 0; begin < count; begin += kTogether) {
    const std::size_t n = std::min(kTogether, count - begin);
    bounds.assign(m, outputs.data() + begin * width, n);
    for (std::size_t p = 0; p < n; ++p) {
      const std::size_t at = first + begin + p;
      if (!std::isfinite(bounds.squared[p]))
        throw DataError(
            "[face_detector] the energy of a window is not finite: the weights are too large; train the "
            "model "
            "again");
      to.energy[at] = std::sqrt(std::max(0.0F, bounds.squared[p]));
      if (to.energy[at] >= threshold && threshold < kInf) continue;
      std::array<double, 9> g{}, f{};
      std::array<double, 2> z{};
      std::copy_n(outputs.data() + (begin + p) * width, width, g.begin());
      nearest_pose(m, std::span(g).first(width), {}, z);
      embed_pose(m, z, f);
      double sum = 0;
      for (std::size_t k = 0; k < width; ++k) sum += (g[k] - f[k]) * (g[k] - f[k]);
      to.energy[at] = static_cast<float>(std::sqrt(sum));
      to.yaw[at] = static_cast<float>(z[0]);
      to.roll[at] = static_cast<float>(z[1]);
    }
  }
}

FaceMap FaceDetector::map(const GreyMap& normalised, double threshold) const {
  if (normalised.width < kWindow || normalised.height < kWindow)
    throw DataError(message("[face_detector] a picture of ", normalised.width, " x ", normalised.height,
                            " is smaller than a window of ", kWindow, " x ", kWindow));
  FaceMap out;
  out.lines = (normalised.height - kWindow) / kStride + 1;
  out.columns = (normalised.width - kWindow) / kStride + 1;
  const auto positions = static_cast<std::size_t>(out.lines) * static_cast<std::size_t>(out.columns);
  out.energy.resize(positions);
  out.yaw.resize(positions);
  out.roll.resize(positions);
  // Bands of lines, so that a large picture keeps all threads busy; each reads 28 lines of pixels more.
  constexpr int kBand = 32;
  const int bands = std::max(1, (out.lines + kBand / 2) / kBand);
  parallel_for(static_cast<std::size_t>(bands), [&](std::size_t band) {
    const int first = static_cast<int>(band) * out.lines / bands,
              last = (static_cast<int>(band) + 1) * out.lines / bands;
    Scratch s = scratch_for(net_);
    const int height = (last - first - 1) * kStride + kWindow;
    const Shape shape{1, 1, height, normalised.width};
    fit(s.in, shape);
    const float* from = normalised.values.data() + normalised.index(0, first * kStride);
    std::copy_n(from, s.in.size(), s.in.data());
    fit(s.out, Shape{1, last - first, out.columns, pose_outputs(config_.manifold)});
    View result = s.out.view();
    result.shape = net_.output_shape(Shape{1, height, normalised.width}).with_rows(1);
    net_.forward(params_->data(), s.in, result, s.state);
    solve(s.out.span(), threshold, out.index(0, first), out);
    kept = std::move(s);
  });
  return out;
}

FaceMap FaceDetector::judge(ConstView windows) const {
  FaceMap out;
  out.lines = windows.rows();
  out.columns = 1;
  out.energy.resize(static_cast<std::size_t>(out.lines));
  out.yaw = out.roll = out.energy;
  constexpr int kRows = 256;
  parallel_for(static_cast<std::size_t>((out.lines + kRows - 1) / kRows), [&](std::size_t part) {
    const int first = static_cast<int>(part) * kRows, count = std::min(kRows, out.lines - first);
    Scratch s = scratch_for(net_);
    fit(s.out, Shape{count, pose_outputs(config_.manifold)});
    net_.forward(params_->data(), windows.rows(first, count), s.out, s.state);
    solve(s.out.span(), kInf, static_cast<std::size_t>(first), out);
    kept = std::move(s);
  });
  return out;
}

namespace {

void check(const FaceSearch& s) {
  if (!(s.smallest >= 8) || !(s.largest >= s.smallest) || !(s.step > 1) || !(s.overlap >= 0) ||
      !(s.border >= 0 && s.border <= 0.5))
    throw GraphError(message("[face_detector] cannot search windows of ", s.smallest, " to ", s.largest,
                             " pixels, each ", s.step, " times the last, overlapping by ", s.overlap,
                             " and reaching out by ", s.border,
                             "; sizes are at least 8 in order, the step above 1, the overlap at least 0, the "
                             "border in [0, 0.5]"));
}

// An angle on its bound is there, whatever a float makes of it.
double in_degrees(float angle, double bound) { return std::clamp(angle * kDegrees, -bound, bound); }

// Nothing lower among the eight around it, nor among the nine nearest of the levels before and after.
bool is_lowest(const std::vector<Level>& levels, std::size_t level, int column, int line) {
  const Level& own = levels[level];
  const float energy = own.map.energy[own.map.index(column, line)];
  const double x = own.x(column), y = own.y(line);
  for (std::size_t k = level == 0 ? 0 : level - 1; k < std::min(level + 2, levels.size()); ++k) {
    const Level& other = levels[k];
    const int cx = other.column(x), cy = other.line(y);
    for (int j = std::max(0, cy - 1); j <= std::min(cy + 1, other.map.lines - 1); ++j)
      for (int i = std::max(0, cx - 1); i <= std::min(cx + 1, other.map.columns - 1); ++i)
        if (other.map.energy[other.map.index(i, j)] < energy) return false;
  }
  return true;
}

}  // namespace

std::vector<FaceDetection> FaceDetector::detect(const GreyMap& light, const FaceSearch& search) const {
  check(search);
  std::vector<double> scales;
  for (double scale = search.smallest / kWindow; scale * kWindow <= search.largest * (1 + 1e-9);
       scale *= search.step) {
    if (light.width / scale < kWindow - 0.5 || light.height / scale < kWindow - 0.5) break;
    scales.push_back(scale);
  }
  if (scales.empty())
    throw DataError(message("[face_detector] a picture of ", light.width, " x ", light.height,
                            " is smaller than the smallest window, ", search.smallest, " x ", search.smallest,
                            "; search smaller windows, or leave it out"));
  const double threshold = search.threshold.value_or(config_.threshold);
  std::vector<Level> levels(scales.size());
  parallel_for(levels.size(), [&](std::size_t k) {
    const auto size = [&](int side) {
      return std::max(kWindow, static_cast<int>(std::lround(side / scales[k])));
    };
    const int width = size(light.width), height = size(light.height);
    levels[k].across = static_cast<double>(light.width) / width;
    levels[k].down = static_cast<double>(light.height) / height;
    levels[k].border = static_cast<int>(std::lround(search.border * kWindow));
    const GreyMap level = with_border(resample(light, width, height), levels[k].border);
    levels[k].map = map(normalise(level, config_.contrast), threshold);
  });
  std::vector<FaceDetection> out;
  for (std::size_t k = 0; k < levels.size(); ++k) {
    const Level& level = levels[k];
    for (int line = 0; line < level.map.lines; ++line)
      for (int column = 0; column < level.map.columns; ++column) {
        const std::size_t at = level.map.index(column, line);
        if (!(level.map.energy[at] < threshold) || !is_lowest(levels, k, column, line)) continue;
        out.push_back({level.x(column), level.y(line), kWindow * std::sqrt(level.across * level.down),
                       in_degrees(level.map.yaw[at], 90), in_degrees(level.map.roll[at], 45),
                       level.map.energy[at]});
      }
  }
  suppress_overlaps(out, search.overlap);
  return out;
}

std::vector<FaceFinding> FaceDetector::detect(std::span<const GreyMap> pictures,
                                              const FaceSearch& search) const {
  check(search);
  std::vector<FaceFinding> out(pictures.size());
  parallel_for(pictures.size(), [&](std::size_t i) {
    try {
      out[i].faces = detect(pictures[i], search);
    } catch (const DataError& e) {
      out[i].reason = e.what();
    }
  });
  return out;
}

FaceDetector::Operations FaceDetector::operations(int width, int height) const {
  const double windows = static_cast<double>((width - kWindow) / kStride + 1) *
                         static_cast<double>((height - kWindow) / kStride + 1);
  return {static_cast<double>(net_.connection_count(Shape{1, height, width})),
          windows * static_cast<double>(net_.connection_count(Shape{1, kWindow, kWindow}))};
}

void FaceDetector::save(const std::filesystem::path& path) const {
  const nlohmann::json c{{"pose_dims", pose_dims(config_.manifold)},
                         {"radius", config_.contrast.radius},
                         {"floor", config_.contrast.floor},
                         {"threshold", config_.threshold},
                         {"seed", config_.seed}};
  io::Metadata notes_of;
  if (!notes.empty()) notes_of["training"] = notes;
  io::save_model(path, {.kind = std::string(kKind), .version = 1, .config = c.dump(), .notes = notes_of},
                 *params_);
}

FaceDetector FaceDetector::load(const std::filesystem::path& path) {
  const io::ModelFile file = io::load_model(path, kKind);
  const io::JsonObject o(file.info.config, file.name);
  o.only({"pose_dims", "radius", "floor", "threshold", "seed"});
  FaceDetectorConfig c;
  c.manifold = static_cast<PoseManifold>(o.integer("pose_dims", 0, 2));
  c.contrast = {o.integer("radius", 0, kLargestRadius), o.number("floor", 1e-6, 1)};
  c.threshold = o.number("threshold", 0, 1e9);
  c.seed = o.natural("seed");
  FaceDetector out(c);
  io::load_params(file, *out.params_);
  if (const auto it = file.info.notes.find("training"); it != file.info.notes.end()) out.notes = it->second;
  return out;
}

}  // namespace EBM_PRECISION
}  // namespace ebm::models
