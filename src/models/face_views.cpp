#include "ebm/models/face_views.hpp"

#include <algorithm>
#include <cmath>

#include "ebm/core/pool.hpp"

namespace ebm::models {
namespace {

constexpr std::uint64_t kFaces = 0xface72, kBackgrounds = 0x07e572;  // streams of random numbers
constexpr double kMiddle = kViewSide / 2.0;

// View i made by make(generator) on all threads.
template <class Make>
std::vector<FaceView> views(int count, std::uint64_t seed, std::uint64_t stream, std::uint64_t first,
                            std::span<const GreyMap> natural, const Make& make) {
  std::vector<GreyMap> large;
  for (const GreyMap& n : natural)
    if (n.width >= kViewSide && n.height >= kViewSide) large.push_back(n);
  std::vector<FaceView> out(static_cast<std::size_t>(count));
  parallel_for(out.size(), [&](std::size_t i) {
    Rng rng = Rng(seed, stream).fork(first + i);
    GreyMap canvas = draw_background(kViewSide, kViewSide, rng, large);
    make(rng, canvas, out[i]);
    expose(draw_camera(rng), rng, canvas);
    out[i].picture = to_image(canvas);
  });
  return out;
}

// Light at a point of the picture, pixel centres at halves, edges repeated.
float at(const GreyMap& picture, double x, double y) {
  const double px = std::clamp(x - 0.5, 0.0, picture.width - 1.0),
               py = std::clamp(y - 0.5, 0.0, picture.height - 1.0);
  const int i = std::min(static_cast<int>(px), picture.width - 2),
            j = std::min(static_cast<int>(py), picture.height - 2);
  const auto a = static_cast<float>(px - i), b = static_cast<float>(py - j);
  return (1 - b) * ((1 - a) * picture.at(i, j) + a * picture.at(i + 1, j)) +
         b * ((1 - a) * picture.at(i, j + 1) + a * picture.at(i + 1, j + 1));
}

}  // namespace

std::vector<FaceView> face_views(int count, std::uint64_t seed, std::span<const GreyMap> natural,
                                 std::uint64_t first) {
  return views(count, seed, kFaces, first, natural, [](Rng& rng, GreyMap& canvas, FaceView& view) {
    view.face = true;
    view.pose = draw_pose({}, rng);
    draw_head(draw_face(rng), view.pose, {kMiddle, kMiddle, kFaceSide}, canvas);
  });
}

std::vector<FaceView> background_views(int count, std::uint64_t seed, std::span<const GreyMap> natural,
                                       std::uint64_t first) {
  return views(count, seed, kBackgrounds, first, natural, [](Rng& rng, GreyMap& canvas, FaceView&) {
    if (!rng.chance(0.25)) return;
    FacePose pose = draw_pose({}, rng);
    FaceWindow window{kMiddle, kMiddle, kFaceSide * rng.uniform(0.85, 1.2)};
    const int kind = rng.below(4);
    if (kind < 2) {
      const double angle = rng.uniform(0, 2 * std::numbers::pi), far = kFaceSide * rng.uniform(0.5, 1.0);
      window.x += far * std::cos(angle);
      window.y += far * std::sin(angle);
    } else if (kind == 2) {
      window.size = kFaceSide * (rng.chance(0.6) ? rng.uniform(2.2, 4) : 1 / rng.uniform(2.2, 3));
      window.x += kFaceSide * rng.uniform(-0.2, 0.2);
      window.y += kFaceSide * rng.uniform(-0.2, 0.2);
    } else {
      pose.roll = std::numbers::pi + rng.uniform(-0.8, 0.8);
    }
    draw_head(draw_face(rng), pose, window, canvas);
  });
}

FaceView view_of(const GreyMap& picture, const FaceWindow& window) {
  const double scale = window.size / kFaceSide;
  const auto size = [&](int side) { return std::max(2, static_cast<int>(std::lround(side / scale))); };
  const GreyMap level = resample(picture, size(picture.width), size(picture.height));
  const double x = window.x / picture.width * level.width - kMiddle,
               y = window.y / picture.height * level.height - kMiddle;
  GreyMap out(kViewSide, kViewSide);
  for (int j = 0; j < kViewSide; ++j)
    for (int i = 0; i < kViewSide; ++i) out.at(i, j) = at(level, x + i + 0.5, y + j + 0.5);
  return {to_image(out), false, {}};
}

inline namespace EBM_PRECISION {

FacePose draw_crop(const FaceView& view, const LocalContrast& contrast, const CropRanges& ranges, Rng rng,
                   std::span<Real> out) {
  const auto within = [&](double bound) { return rng.uniform(-bound, bound); };
  const bool mirror = ranges.mirror && rng.chance(0.5);
  FacePose pose = mirror ? mirrored(view.pose) : view.pose;
  constexpr double kMost = std::numbers::pi / 4;
  double turn = within(ranges.roll);
  if (view.face) turn = std::clamp(pose.roll + turn, -kMost, kMost) - pose.roll;
  pose.roll += turn;
  const double scale = std::exp(within(std::log(ranges.scale))), dx = kFaceSide * within(ranges.shift),
               dy = kFaceSide * within(ranges.shift);
  const double gain = std::exp(within(std::log(ranges.contrast))), bright = within(ranges.bright);
  const GreyMap light = to_light(view.picture);
  // What the local means at the window's edge see, too.
  const int margin = std::max(0, contrast.radius), side = kFaceSide + 2 * margin;
  GreyMap crop(side, side);
  const double c = std::cos(turn) / scale, s = std::sin(turn) / scale;
  for (int j = 0; j < side; ++j)
    for (int i = 0; i < side; ++i) {
      const double u = i + 0.5 - side / 2.0 - dx, v = j + 0.5 - side / 2.0 - dy;
      const double x = c * u + s * v, y = c * v - s * u;
      const double value = at(light, kMiddle + (mirror ? -x : x), kMiddle + y);
      crop.at(i, j) = static_cast<float>(std::clamp((value - 0.5) * gain + 0.5 + bright, 0.0, 1.0));
    }
  const GreyMap normal = normalise(crop, contrast);
  for (int j = 0; j < kFaceSide; ++j)
    std::copy_n(normal.values.data() + normal.index(margin, margin + j), kFaceSide,
                out.data() + static_cast<std::ptrdiff_t>(j) * kFaceSide);
  return pose;
}

}  // namespace EBM_PRECISION
}  // namespace ebm::models
