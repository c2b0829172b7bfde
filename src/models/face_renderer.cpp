#include "ebm/models/face_renderer.hpp"

#include "src/models/face_head.hpp"
#include "src/models/face_raster.hpp"
#include "src/models/face_skin.hpp"

namespace ebm::models {
namespace {

using namespace face;

constexpr int kFine = 2;  ///< samples per pixel in each direction

float f(double value) { return static_cast<float>(value); }

Projection projection_of(const FaceLook& look, const FaceWindow& window, float fine) {
  return {f(window.x) * fine, f(window.y) * fine, f(window.size) * fine / kWindowSide, f(look.distance)};
}

/// Which points the main light reaches: depths as the light sees them, around the head.
class ShadowMap {
 public:
  ShadowMap(const FaceLight& light, const std::vector<Surface>& surfaces) {
    const Vec3 ahead = unit({f(light.x), f(light.y), f(light.z)});
    const Vec3 right = unit(cross(std::abs(ahead.y) < 0.9F ? Vec3{0, 1, 0} : Vec3{1, 0, 0}, ahead));
    axes_ = {right, cross(ahead, right), ahead};
    std::vector<std::vector<Vec3>> projected(surfaces.size());
    for (std::size_t k = 0; k < surfaces.size(); ++k) {
      projected[k].reserve(surfaces[k].seen.size());
      for (const Vec3& p : surfaces[k].seen) projected[k].push_back(place(p));
    }
    depth_ = rasterise(surfaces, projected, kSide, kSide, false).depth;
  }

  /// Share of the light that arrives, its edge as wide as two cells.
  float reached(const Vec3& p) const {
    const Vec3 q = place(p);
    const float x = q.x - 0.5F, y = q.y - 0.5F;
    const int x0 = static_cast<int>(std::floor(x)), y0 = static_cast<int>(std::floor(y));
    if (x0 < 1 || y0 < 1 || x0 + 2 >= kSide || y0 + 2 >= kSide) return 1;
    const float u = x - static_cast<float>(x0), v = y - static_cast<float>(y0);
    float sum = 0;
    for (int j = -1; j <= 2; ++j)
      for (int i = -1; i <= 2; ++i) {
        const float wx = i == -1 ? 1 - u : i == 2 ? u : 1, wy = j == -1 ? 1 - v : j == 2 ? v : 1;
        const float above = depth_[static_cast<std::size_t>((y0 + j) * kSide + x0 + i)] - q.z;
        sum += wx * wy * (1 - step(0.5F, 1.3F, above));
      }
    return sum / 9;
  }

 private:
  static constexpr int kSide = 56;
  static constexpr float kReach = 19;  ///< cm from the middle that the map covers

  Vec3 place(const Vec3& p) const {
    constexpr float kScale = kSide / (2 * kReach);
    return {kScale * dot(axes_[0], p) + 0.5F * kSide, 0.5F * kSide - kScale * (dot(axes_[1], p)),
            dot(axes_[2], p)};
  }

  std::array<Vec3, 3> axes_;
  std::vector<float> depth_;
};

/// Light that goes to the camera from a point.
class Shader {
 public:
  Shader(const FaceLook& look, const std::vector<Surface>& surfaces)
      : look_(look),
        surfaces_(surfaces),
        shadows_(look.light, surfaces),
        main_(unit({f(look.light.x), f(look.light.y), f(look.light.z)})),
        fill_(unit({f(look.light.fill_x), f(look.light.fill_y), f(look.light.fill_z)})) {
    // Exposed so that skin facing the light comes out as asked for, whatever its tone.
    const float full = f(look.light.ambient + look.light.strength * 0.9);
    gain_ = std::pow(f(look.light.exposure), f(look.light.gamma)) / (full * f(look.skin));
  }

  float at(const Fragment& fragment) const {
    const Surface& surface = surfaces_[static_cast<std::size_t>(fragment.surface)];
    const Vec3 place = fragment.of(surface.place), seen = fragment.of(surface.seen);
    Vec3 normal = unit(fragment.of(surface.normal));
    if (!surface.closed && normal.z < 0) normal = normal * -1;
    const FaceLight& light = look_.light;
    const Finish finish = finish_of(surface, place);
    const float facing = dot(normal, main_);
    const float wrap = surface.material == Material::hair ? 0.25F : 0.08F;
    float lit = std::max(0.0F, (facing + wrap) / (1 + wrap));
    float shade = 1;
    if (lit > 0) shade = 1 - f(light.shadow) * (1 - shadows_.reached(seen + normal * 0.5F));
    lit *= shade;
    const float around = f(light.ambient) * (0.72F + 0.28F * normal.y) * finish.open;
    const float second = f(light.fill) * std::max(0.0F, dot(normal, fill_));
    const float open = 0.5F + 0.5F * finish.open;
    float sum = finish.brightness * (around + open * (f(light.strength) * lit + second));
    const Vec3 half = unit(main_ + Vec3{0, 0, 1});
    const float mirror = std::max(0.0F, dot(normal, half));
    const float m2 = mirror * mirror, m4 = m2 * m2, m8 = m4 * m4;
    const float sharp = surface.material == Material::hair ? m8 : m8 * m8;
    sum += 0.25F * finish.gloss * f(light.strength) * sharp * shade * f(look_.skin) *
           (surface.material == Material::hair ? 0.5F : 1.0F);
    return std::pow(std::min(1.0F, gain_ * sum), f(1 / light.gamma));
  }

 private:
  Finish finish_of(const Surface& surface, const Vec3& place) const {
    switch (surface.material) {
      case Material::skin:
        return skin_finish(look_, place);
      case Material::hair:
        return hair_finish(look_, place);
      case Material::plain: {
        const float open = 1 - 0.55F * step(-17, -11, place.y);  // under the chin
        return {f(look_.skin) * 0.85F, 0.1F, open};
      }
      case Material::cloth: {
        const float weave = 0.3F * (noise(place * 0.35F, look_.texture + 31) - 0.5F);
        return {surface.brightness * (1 + weave), 0, 0.9F};
      }
      case Material::frame:
        return {surface.brightness, 0.5F, 1};
      case Material::lens:
        return {surface.brightness, 1, 1};
    }
    return {};
  }

  const FaceLook& look_;
  const std::vector<Surface>& surfaces_;
  ShadowMap shadows_;
  Vec3 main_, fill_;
  float gain_ = 1;
};

Spot spot_of(const FaceLook& look, const FacePose& pose, const FaceWindow& window, const Vec3& place) {
  const Vec3 q = projection_of(look, window, 1)(Turn(pose)(place - kMiddle));
  return {static_cast<double>(q.x), static_cast<double>(q.y)};
}

}  // namespace

void draw_head(const FaceLook& look, const FacePose& pose, const FaceWindow& window, GreyMap& canvas) {
  const float detail = std::clamp(std::sqrt(f(window.size) / 32), 1.0F, 3.0F);
  const std::vector<Surface> surfaces = head_surfaces(look, pose, detail);
  std::vector<std::vector<Vec3>> projected = project_all(surfaces, projection_of(look, window, kFine));
  // The part of the canvas that the head may touch.
  Vec3 low{1e9F, 1e9F, 0}, high{-1e9F, -1e9F, 0};
  for (const auto& points : projected)
    for (const Vec3& p : points) {
      low = {std::min(low.x, p.x), std::min(low.y, p.y), 0};
      high = {std::max(high.x, p.x), std::max(high.y, p.y), 0};
    }
  const auto whole = [](float v) { return static_cast<int>(std::floor(v / kFine)); };
  const int left = std::max(0, whole(low.x)), right = std::min(canvas.width, whole(high.x) + 1);
  const int top = std::max(0, whole(low.y)), bottom = std::min(canvas.height, whole(high.y) + 1);
  if (left >= right || top >= bottom) return;
  for (auto& points : projected)
    for (Vec3& p : points) p = {p.x - f(kFine * left), p.y - f(kFine * top), p.z};
  const Buffer buffer = rasterise(surfaces, projected, kFine * (right - left), kFine * (bottom - top), true);
  const Shader shader(look, surfaces);
  constexpr float kShare = 1.0F / (kFine * kFine);
  for (int y = top; y < bottom; ++y)
    for (int x = left; x < right; ++x) {
      float sum = 0, cover = 0;
      for (int v = 0; v < kFine; ++v)
        for (int u = 0; u < kFine; ++u) {
          const Fragment& fragment = buffer.fragments[static_cast<std::size_t>(
              ((y - top) * kFine + v) * buffer.width + (x - left) * kFine + u)];
          if (fragment.surface < 0) continue;
          sum += kShare * shader.at(fragment);
          cover += kShare;
        }
      float& value = canvas.at(x, y);
      value = sum + (1 - cover) * value;
    }
}

Spot project(const FaceLook& look, const FacePose& pose, const FaceWindow& window, double x, double y,
             double z) {
  return spot_of(look, pose, window, {f(x), f(y), f(z)});
}

Spot nose_tip(const FaceLook& look, const FacePose& pose, const FaceWindow& window) {
  return spot_of(look, pose, window, nose_tip_place(look));
}

}  // namespace ebm::models
