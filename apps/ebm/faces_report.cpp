#include "faces_report.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "ebm/report/format.hpp"
#include "ebm/report/page.hpp"
#include "ebm/report/plot.hpp"
#include "roc_chart.hpp"

namespace ebm::app {
namespace {

using report::fixed;
using report::percent;

constexpr double kRadians = std::numbers::pi / 180;
constexpr std::size_t kMostCards = 48;

// Where a face looks, from the middle of its window: right with yaw, the whole turned by roll.
struct Look {
  double x, y;
};
Look look(const models::FaceDetection& f) {
  const double length = 0.5 * f.size * std::sin(f.yaw * kRadians), roll = f.roll * kRadians;
  return {f.x + length * std::cos(roll), f.y + length * std::sin(roll)};
}
// The four corners of a window, turned by roll.
std::vector<std::pair<double, double>> corners(const models::FaceDetection& f) {
  const double c = std::cos(f.roll * kRadians) * f.size / 2, s = std::sin(f.roll * kRadians) * f.size / 2;
  return {{f.x - c + s, f.y - s - c},
          {f.x + c + s, f.y + s - c},
          {f.x + c - s, f.y + s + c},
          {f.x - c - s, f.y - s + c},
          {f.x - c + s, f.y - s - c}};
}

report::Card card(const FacePicture& p) {
  const double scale = 240.0 / std::max(p.image.width, p.image.height);
  report::Svg svg(p.image.width * scale, p.image.height * scale,
                  fmt::format("{} with {} faces found", p.name, p.found.faces.size()));
  svg.image(0, 0, p.image.width * scale, p.image.height * scale, p.image);
  for (const models::FaceWindow& w : p.truth)  // light below dark, to be seen on anything
    for (const auto& stroke : {report::Svg::Stroke{.colour = report::Colour::faint, .width = 2},
                               {.colour = report::Colour::s1, .width = 2, .dash = "4 4"}})
      svg.frame((w.x - w.size / 2) * scale, (w.y - w.size / 2) * scale, w.size * scale, w.size * scale,
                stroke);
  report::Card out;
  for (const models::FaceDetection& f : p.found.faces) {
    report::Svg::Points frame;
    for (const auto& [x, y] : corners(f)) frame.emplace_back(x * scale, y * scale);
    svg.polyline(frame, {.colour = report::Colour::s2, .width = 2});
    const Look to = look(f);
    svg.line(f.x * scale, f.y * scale, to.x * scale, to.y * scale,
             {.colour = report::Colour::s2, .width = 2});
    if (out.lines.size() < 4)
      out.lines.push_back(
          fmt::format("yaw {}, roll {}, energy {}", fixed(f.yaw, 0), fixed(f.roll, 0), fixed(f.energy, 2)));
  }
  out.picture = svg.str();
  const std::size_t faces = p.found.faces.size();
  out.title =
      p.found.reason.empty() ? fmt::format("{}: {} face{}", p.name, faces, faces == 1 ? "" : "s") : p.name;
  if (!p.found.reason.empty()) out.lines = {p.found.reason};
  return out;
}

std::vector<report::Card> cards(const std::vector<FacePicture>& pictures) {
  std::vector<report::Card> out;
  for (std::size_t i = 0; i < std::min(pictures.size(), kMostCards); ++i) out.push_back(card(pictures[i]));
  return out;
}

// How far the lowest energy of a window is from that of every yaw: E(face, X, Z) along the manifold.
std::string energy_chart(const models::FaceDetector& detector, const FacePicture& p) {
  const models::FaceDetection& f = p.found.faces.front();
  const models::PoseManifold m = detector.config().manifold;
  const models::GreyMap light = models::to_light(p.image);
  const double scale = f.size / models::kFaceSide;
  const auto side = [&](int pixels) {
    return std::max(models::kFaceSide, static_cast<int>(std::lround(pixels / scale)));
  };
  const models::GreyMap level = models::normalise(
      models::resample(light, side(p.image.width), side(p.image.height)), detector.config().contrast);
  const auto start = [&](double at, int pixels, int level_pixels) {
    return std::clamp(static_cast<int>(std::lround(at / pixels * level_pixels)) - models::kFaceSide / 2, 0,
                      level_pixels - models::kFaceSide);
  };
  const int x = start(f.x, p.image.width, level.width), y = start(f.y, p.image.height, level.height);
  Tensor window(Shape{1, 1, models::kFaceSide, models::kFaceSide});
  for (int j = 0; j < models::kFaceSide; ++j)
    for (int i = 0; i < models::kFaceSide; ++i)
      window[static_cast<std::size_t>(j * models::kFaceSide + i)] = level.at(x + i, y + j);
  Net::State state;
  Tensor g(Shape{1, models::pose_outputs(m)});
  detector.net().forward(detector.params().data(), window, g, state);
  const auto energy = [&](double yaw, double roll) {
    std::array<double, 9> at{};
    models::embed_pose(m, std::array{yaw * kRadians, roll * kRadians}, at);
    double sum = 0;
    for (std::size_t k = 0; k < g.size(); ++k) sum += (g[k] - at[k]) * (g[k] - at[k]);
    return std::sqrt(sum);
  };
  report::Chart c;
  c.label = "Energy over the pose manifold";
  c.x = {.title = "yaw, degrees", .log = false, .percent = false, .low = -90, .high = 90};
  c.y = {.title = "energy", .log = false, .percent = false, .low = 0.0, .high = {}};
  const int dims = models::pose_dims(m);
  for (const double roll : dims > 1 ? std::vector<double>{-45, f.roll, 45} : std::vector<double>{0}) {
    report::Series s{.name = dims > 1 ? fmt::format("roll {}", fixed(roll, 0)) : "", .x = {}, .y = {}};
    for (double yaw = -90; yaw <= 90; yaw += 2) s.x.push_back(yaw), s.y.push_back(energy(yaw, roll));
    s.dashed = dims > 1 && roll != f.roll;
    c.series.push_back(s);
  }
  c.marks = {{f.yaw, fmt::format("yaw {}", fixed(f.yaw, 0)), true},
             {detector.config().threshold, "threshold", false}};
  return report::line_chart(c);
}

void add_energy(report::Page& page, const models::FaceDetector& detector,
                const std::vector<FacePicture>& pictures) {
  if (models::pose_dims(detector.config().manifold) == 0) return;
  const FacePicture* best = nullptr;
  for (const FacePicture& p : pictures)
    if (!p.found.faces.empty() && (!best || p.found.faces[0].energy < best->found.faces[0].energy)) best = &p;
  if (!best) return;
  page.section("The energy of one window",
               fmt::format("The surest face, in {}. Its pose is latent: the energy of a face is the distance "
                           "to the nearest point of the manifold, found in closed form.",
                           best->name));
  page.figure(energy_chart(detector, *best),
              "Distance between the net's output and the manifold at every yaw. Lower is better.");
}

std::string scene_chart(const models::SceneVerdict& v) {
  report::Chart c;
  c.label = "Detection rate against false positives an image";
  c.x = {.title = "false positives an image", .low = 0.0, .high = 6.0};
  c.y = {.title = "faces found", .percent = true, .low = 0.0, .high = 1.0};
  report::Series ours{.name = "rendered scenes", .x = {}, .y = {}},
      published{.name = "published, other pictures", .x = {}, .y = {}, .line = false, .points = true};
  for (const auto& p : v.curve()) {
    if (p.false_per_image > 6) break;
    ours.x.push_back(p.false_per_image);
    ours.y.push_back(p.rate);
  }
  for (const PublishedPoint& p : kPublished)
    published.x.push_back(p.false_per_image), published.y.push_back(p.rate);
  c.series = {ours, published};
  return report::line_chart(c);
}

std::string error_chart(const models::WindowVerdict& v, int dims) {
  report::Histogram h;
  h.label = "Errors of the pose";
  h.x = {.title = "error, degrees", .low = 0.0, .high = 60.0};
  h.y.title = "faces";
  h.y.whole = true;
  h.bins = 24;
  h.samples = {{"yaw", v.yaw_errors}};
  if (dims > 1) h.samples.push_back({"roll", v.roll_errors});
  h.marks = {{15, "15 degrees", true}};
  return report::histogram(h);
}

}  // namespace

io::Image annotated(const FacePicture& p) {
  io::Image out = p.image;
  const auto dot = [&](double x, double y, std::uint8_t v) {
    const int i = static_cast<int>(x), j = static_cast<int>(y);
    if (x >= 0 && y >= 0 && i < out.width && j < out.height)
      out.pixels[static_cast<std::size_t>(j) * static_cast<std::size_t>(out.width) +
                 static_cast<std::size_t>(i)] = v;
  };
  // White beside black, to be seen on anything.
  const auto line = [&](double x1, double y1, double x2, double y2) {
    const int steps = std::max(1, static_cast<int>(2 * std::hypot(x2 - x1, y2 - y1)));
    for (const std::uint8_t v : {std::uint8_t{0}, std::uint8_t{255}})
      for (int k = 0; k <= steps; ++k) {
        const double t = static_cast<double>(k) / steps, off = v == 0 ? 1 : 0;
        dot(x1 + t * (x2 - x1) + off, y1 + t * (y2 - y1) + off, v);
      }
  };
  for (const models::FaceDetection& f : p.found.faces) {
    const auto frame = corners(f);
    for (std::size_t k = 0; k + 1 < frame.size(); ++k)
      line(frame[k].first, frame[k].second, frame[k + 1].first, frame[k + 1].second);
    const Look to = look(f);
    line(f.x, f.y, to.x, to.y);
  }
  return out;
}

void write_detections(const std::filesystem::path& path, const models::FaceDetector& detector,
                      const std::vector<FacePicture>& pictures) {
  report::Page page("Faces and their poses",
                    "Windows whose energy is below the threshold and lowest around, turned by the roll, with "
                    "a line to where the face looks.");
  std::size_t faces = 0;
  for (const FacePicture& p : pictures) faces += p.found.faces.size();
  page.tiles({{"Faces", std::to_string(faces), ""},
              {"Pictures", std::to_string(pictures.size()), ""},
              {"Threshold", fixed(detector.config().threshold, 3), "of the energy"}});
  page.section("Pictures", pictures.size() > kMostCards
                               ? fmt::format("The first {} of {}.", kMostCards, pictures.size())
                               : std::string());
  page.gallery(cards(pictures));
  add_energy(page, detector, pictures);
  page.save(path);
}

void write_judgement(const std::filesystem::path& path, const models::FaceDetector& detector,
                     const FaceJudgement& j) {
  const int dims = models::pose_dims(detector.config().manifold);
  report::Page page(
      "Face detector: what it finds and how faces look",
      "E(face, X, Z) = |G(X) - F(Z)|: the distance between the output of a net and a manifold of poses. "
      "Lower "
      "is better. Faces, windows and scenes of this page are rendered, and no training has seen them.");
  std::vector<report::Tile> tiles{
      {"Equal error", percent(j.windows.equal_error, 2), "faces missed as often as backgrounds taken"}};
  if (dims > 0)
    tiles.push_back({"Yaw within 15 degrees", percent(j.windows.yaw_within_15),
                     fmt::format("mean error {}", fixed(j.windows.mean_yaw_error, 1))});
  if (dims > 1)
    tiles.push_back({"Roll within 15 degrees", percent(j.windows.roll_within_15),
                     fmt::format("mean error {}", fixed(j.windows.mean_roll_error, 1))});
  tiles.push_back(
      {"Faces found in scenes", percent(j.scenes.at(0.5).rate),
       fmt::format("of {} in {} scenes, at half a false positive each", j.scenes.faces, j.scenes.images)});
  page.tiles(tiles);
  page.section("Windows",
               "32 x 32 pixels, faces shifted and scaled as far as the nearest place of the "
               "detector may be off.");
  page.figure(roc_chart({.label = "Backgrounds taken for faces against faces missed",
                         .rejected = "faces missed",
                         .accepted = "backgrounds taken for faces",
                         .most = 0.3,
                         .curves = {{"any threshold", j.windows.curve}}}),
              "Every point is one threshold. Further down and left is better.");
  if (dims > 0) page.figure(error_chart(j.windows, dims), "How far the pose is off, of all faces.");
  page.section("Scenes",
               "240 x 240 pixels, no face to three. A face counts as found when the window shares 0.4 of the "
               "union with its own; every other detection is a false positive.");
  report::Table table({"false positives an image", "found here", "published", "published on"});
  for (const PublishedPoint& p : kPublished)
    table.row({fixed(p.false_per_image, 2), percent(j.scenes.at(p.false_per_image).rate), percent(p.rate, 0),
               p.set});
  page.table(table,
             "The published rates (Osadchy, LeCun, Miller 2007) are of photographs and stand here for "
             "scale alone.");
  page.figure(scene_chart(j.scenes));
  if (!j.examples.empty()) {
    page.section("Some of the scenes", "Dashed: where the faces are. The line points where a face looks.");
    page.gallery(cards(j.examples));
  }
  add_energy(page, detector, j.examples);
  if (!j.real.empty()) {
    page.section("Pictures of one face each");
    page.gallery(cards(j.real));
  }
  page.save(path);
}

}  // namespace ebm::app
