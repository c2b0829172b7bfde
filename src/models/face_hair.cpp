// Hair as a second skin that comes out of the first where hair grows, a curtain where it hangs; glasses as
// tubes.

#include "src/models/face_head.hpp"

namespace ebm::models::face {
namespace {

float f(double value) { return static_cast<float>(value); }

/// The height above which hair grows, by the azimuth from the front.
float hair_line(const FaceLook& look, float azimuth) {
  const Hair& h = look.hair;
  const float a = std::abs(azimuth);
  const float front = f(h.line) - f(h.fringe) + f(h.recess) * bump(a - 0.62F, 0, 0.4F, 1);
  // Down at the temples, over the ears or around them, down again to the nape.
  const bool covered = h.length < -8;
  const float sides = f(h.sides), ears = covered ? sides : 2, nape = covered ? -9 : f(h.length);
  const float temple = mix(front, sides, step(0.8F, 1.25F, a));
  return mix(mix(temple, ears, step(1.4F, 1.55F, a)), nape, step(2.05F, 2.35F, a));
}

float hair_thickness(const FaceLook& look, float azimuth, const Vec3& skin) {
  const Hair& h = look.hair;
  if (h.bald) {
    // A wreath of hair around the back, perhaps.
    const float a = std::abs(azimuth);
    const float grows =
        step(1.2F, 1.6F, a) * step(f(h.length) - 0.5F, f(h.length) + 0.5F, skin.y) * step(5, 3, skin.y);
    return mix(-0.8F, 0.5F * f(h.thick), grows);
  }
  const float strength = 0.4F + 0.4F * f(h.fringe), over = skin.y - hair_line(look, azimuth);
  if (over < -0.4F - 0.6F * strength) return -0.8F;
  const float wobble = 1.2F * (noise({skin.x * 0.8F, skin.y * 0.2F, skin.z * 0.8F}, look.texture) - 0.5F);
  const float above = over - wobble * strength;
  const float locks = 0.7F + 0.6F * noise(skin * 0.45F, look.texture + 7);
  float thick = f(h.thick) * locks * (0.55F + 0.45F * step(0, 5, above));
  const float part = f(h.parting) * 5;
  if (std::abs(part) > 1)
    thick *= 1 - 0.7F * bump((skin.x - part) / 0.9F, 0, 1, 1) * step(4, 7, skin.y) * step(-2, 3, skin.z);
  return mix(-0.8F, thick, step(-0.35F, 0.45F, above));
}

/// A tube of four sides along a closed or open line.
template <class Line>
void add_tube(float radius, int steps, float brightness, const Line& line, std::vector<Surface>& surfaces) {
  surfaces.push_back(grid(Material::frame, 4, steps, true, [&](float s, float t) {
    const Vec3 p = line(t), ahead = unit(line(t + 0.01F) - line(t - 0.01F));
    const Vec3 side = unit(cross(ahead, Vec3{0.1F, 0.2F, 1})), other = cross(side, ahead);
    const float a = 6.2831853F * s;
    return p + side * (radius * std::cos(a)) + other * (radius * std::sin(a));
  }));
  surfaces.back().brightness = brightness;
  surfaces.back().closed = false;
}

}  // namespace

void add_hair(const FaceLook& look, float detail, std::vector<Surface>& surfaces) {
  const auto cells = [&](float n) { return static_cast<int>(std::lround(n * detail)); };
  const Hair& h = look.hair;
  const Vec3 middle{0, 0, -1};
  surfaces.push_back(grid(Material::hair, cells(40), cells(30), true, [&](float s, float t) {
    const float azimuth = azimuth_of(s);
    const Vec3 p = skin_point(look, azimuth, latitude_of(t));
    return p + unit(p - middle) * hair_thickness(look, azimuth, p);
  }));
  if (h.bald || h.length > -8) return;
  // What hangs: from above the ears around the back, open at the front.
  surfaces.push_back(grid(Material::hair, cells(22), cells(8), false, [&](float s, float t) {
    const float a = (2 * s - 1) * 1.75F + 3.14159265F;  // of the back
    const float y = mix(4, f(h.length), t);
    const float wave = 0.8F * noise({6 * s, 2 * t, 0}, look.texture + 3);
    const float out =
        f(h.thick) + f(h.spread) * t + wave - 1.6F * step(-8, -18, y) * (f(h.spread) < 1 ? 1.F : 0.F);
    const float belly = std::sqrt(std::max(0.2F, 1 - bump(t * t * 4) * 0.12F));
    return Vec3{(7.3F * f(look.shape.width) + out) * belly * std::sin(a), y,
                -1 + (9 + 0.6F * out) * std::cos(a)};
  }));
}

void add_glasses(const FaceLook& look, std::vector<Surface>& surfaces) {
  const float eye = 0.5F * f(look.features.eye_spacing) + 0.15F, size = f(look.frame_size);
  const float front = std::max(skin_point(look, 0, 0.25F).z, skin_point(look, 0.4F, 0.4F).z) + 1.0F,
              wide = f(look.shape.width);
  const float radius = f(look.frame), tone = f(look.frame_colour), drop = -0.4F;
  const auto rim = [&](float side, float t) {
    const float a = 6.2831853F * t, c = std::cos(a), s = std::sin(a);
    const float x = side * (eye + size * (c > 0 ? 1.0F : 0.95F) * c);
    return Vec3{x * wide, drop + 0.78F * size * s * (s < 0 ? 1.1F : 1), front - 0.035F * x * x};
  };
  for (const float side : {-1.0F, 1.0F}) {
    add_tube(
        radius, 16, tone, [&](float t) { return rim(side, t); }, surfaces);
    const Vec3 hinge = rim(side, 0.04F), ear{side * 7.9F * wide, 0.6F, -0.5F};
    add_tube(
        radius, 4, tone, [&](float t) { return mix(hinge, ear, t); }, surfaces);
    if (look.glasses == Glasses::dark) {
      surfaces.push_back(grid(Material::lens, 14, 2, false, [&](float s, float t) {
        const Vec3 middle{side * eye * wide, drop, front + 0.1F - 0.035F * eye * eye};
        return mix(middle, rim(side, s), t);
      }));
      surfaces.back().brightness = 0.3F * tone;
    }
  }
  const Vec3 left = rim(-1, 0.46F), right = rim(1, 0.46F);
  add_tube(
      radius, 2, tone, [&](float t) { return mix(left, right, t); }, surfaces);
}

}  // namespace ebm::models::face
