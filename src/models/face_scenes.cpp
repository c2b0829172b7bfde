#include "ebm/models/face_scenes.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

#include "ebm/core/error.hpp"
#include "ebm/core/pool.hpp"

namespace ebm::models {
namespace {

constexpr std::uint64_t kFaces = 0xface, kOthers = 0x07e5, kScenes = 0x5cee;  // streams of random numbers

void check_natural(std::span<const GreyMap> natural) {
  for (const GreyMap& picture : natural)
    if (picture.width < kFaceSide || picture.height < kFaceSide)
      throw DataError(message("[faces] a background of ", picture.width, " x ", picture.height,
                              " is smaller than a window of ", kFaceSide, " x ", kFaceSide,
                              ": leave it out"));
}

/// Crops on all threads, crop i by make(i).
template <class Make>
Tensor crops(int count, const Make& make) {
  Tensor images({count, 1, kFaceSide, kFaceSide});
  const std::size_t pixels = std::size_t{kFaceSide} * kFaceSide;
  parallel_for(static_cast<std::size_t>(count), [&](std::size_t i) {
    const GreyMap crop = make(i);
    std::copy(crop.values.begin(), crop.values.end(), images.data() + i * pixels);
  });
  return images;
}

FaceWindow framed(int side, double shift, double scale, Rng& rng) {
  const double most = std::log(std::max(1.0, scale));
  FaceWindow window;
  window.x = side * (0.5 + rng.uniform(-shift, shift));
  window.y = side * (0.5 + rng.uniform(-shift, shift));
  window.size = side * std::exp(rng.uniform(-most, most));
  return window;
}

/// A face that is not framed as a detector should find it.
GreyMap misframed(Rng& rng, std::span<const GreyMap> natural) {
  GreyMap crop = draw_background(kFaceSide, kFaceSide, rng, natural);
  FacePose pose = draw_pose({}, rng);
  FaceWindow window = framed(kFaceSide, 0.1, 1.2, rng);
  switch (rng.below(4)) {
    case 0:
    case 1: {
      const double angle = rng.uniform(0, 2 * std::numbers::pi), far = kFaceSide * rng.uniform(0.45, 0.8);
      window.x = 0.5 * kFaceSide + far * std::cos(angle);
      window.y = 0.5 * kFaceSide + far * std::sin(angle);
      break;
    }
    case 2: {
      const bool large = rng.chance(0.6);
      window.size = kFaceSide * (large ? rng.uniform(1.9, 4) : 1 / rng.uniform(1.9, 3));
      window.x = kFaceSide * rng.uniform(0.3, 0.7);
      window.y = kFaceSide * rng.uniform(0.3, 0.7);
      break;
    }
    case 3:
      pose.roll = std::numbers::pi + rng.uniform(-1, 1);
      break;
  }
  draw_head(draw_face(rng), pose, window, crop);
  return crop;
}

double overlap(const FaceWindow& a, const FaceWindow& b) {
  const double x =
      std::min(a.x + a.size / 2, b.x + b.size / 2) - std::max(a.x - a.size / 2, b.x - b.size / 2);
  const double y =
      std::min(a.y + a.size / 2, b.y + b.size / 2) - std::max(a.y - a.size / 2, b.y - b.size / 2);
  const double least = std::min(a.size, b.size);
  return std::max(0.0, x) * std::max(0.0, y) / (least * least);
}

}  // namespace

FacePose draw_pose(const FaceRanges& ranges, Rng& rng) {
  const auto within = [&](double bound) { return rng.uniform(-bound, bound); };
  FacePose pose;
  pose.yaw = within(ranges.yaw);
  pose.pitch = within(ranges.pitch);
  pose.roll = within(ranges.roll);
  return pose;
}

FaceCrop make_face(int side, std::uint64_t seed, std::uint64_t i, const FaceRanges& ranges,
                   std::span<const GreyMap> natural) {
  if (side < 1) throw DataError("[faces] a picture has at least one pixel");
  check_natural(natural);
  Rng rng = Rng(seed, kFaces).fork(i);
  FaceCrop crop;
  crop.pose = draw_pose(ranges, rng);
  crop.image = draw_background(side, side, rng, natural);
  crop.window = framed(side, ranges.shift, ranges.scale, rng);
  draw_head(draw_face(rng), crop.pose, crop.window, crop.image);
  expose(draw_camera(rng), rng, crop.image);
  return crop;
}

FaceSet make_faces(int count, std::uint64_t seed, const FaceRanges& ranges, std::span<const GreyMap> natural,
                   std::uint64_t first) {
  FaceSet set;
  set.poses.resize(static_cast<std::size_t>(count));
  set.images = crops(count, [&](std::size_t i) {
    FaceCrop crop = make_face(kFaceSide, seed, first + i, ranges, natural);
    set.poses[i] = crop.pose;
    return std::move(crop.image);
  });
  return set;
}

Tensor make_non_faces(int count, std::uint64_t seed, std::span<const GreyMap> natural, std::uint64_t first) {
  check_natural(natural);
  return crops(count, [&](std::size_t i) {
    Rng rng = Rng(seed, kOthers).fork(first + i);
    GreyMap crop =
        rng.chance(0.25) ? misframed(rng, natural) : draw_background(kFaceSide, kFaceSide, rng, natural);
    expose(draw_camera(rng), rng, crop);
    return crop;
  });
}

FaceScene make_scene(const SceneOptions& o, std::uint64_t seed, std::uint64_t i,
                     std::span<const GreyMap> natural) {
  const int side = std::min(o.width, o.height);
  if (o.least < 0 || o.most < o.least || o.smallest < 4 || o.largest < o.smallest || o.smallest > side)
    throw DataError(
        message("[faces] a scene of ", o.width, " x ", o.height, " with ", o.least, " to ", o.most,
                " faces of ", o.smallest, " to ", o.largest,
                " pixels cannot be made: give bounds in order, sizes from 4 to the scene's shorter side"));
  check_natural(natural);
  Rng rng = Rng(seed, kScenes).fork(i);
  FaceScene scene;
  scene.image = draw_background(o.width, o.height, rng, natural);
  const int wanted = o.least + rng.below(o.most - o.least + 1);
  const double largest = std::min<double>(o.largest, side);
  for (int tries = 0; tries < 50 * wanted && static_cast<int>(scene.faces.size()) < wanted; ++tries) {
    const double size = o.smallest * std::pow(largest / o.smallest, rng.uniform());
    const SceneFace face{
        {rng.uniform(size / 2, o.width - size / 2), rng.uniform(size / 2, o.height - size / 2), size},
        draw_pose(o.ranges, rng)};
    if (std::ranges::all_of(
            scene.faces, [&](const SceneFace& other) { return overlap(face.window, other.window) <= 0.1; }))
      scene.faces.push_back(face);
  }
  // Who stands lower is nearer, and drawn later.
  std::ranges::sort(scene.faces, {}, [](const SceneFace& face) { return face.window.y; });
  for (const SceneFace& face : scene.faces) draw_head(draw_face(rng), face.pose, face.window, scene.image);
  expose(draw_camera(rng, 1.2), rng, scene.image);
  return scene;
}

}  // namespace ebm::models
