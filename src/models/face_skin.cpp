#include "src/models/face_skin.hpp"

namespace ebm::models::face {
namespace {

float f(double value) { return static_cast<float>(value); }

/// 1 inside, 0 outside of an edge at `distance` 0, negative inside; the ramp is about a pixel of a 64-pixel
/// face.
float inside(float distance) { return 1 - step(-0.16F, 0.16F, distance); }

void paint_eye(const FaceFeatures& k, float tone, float side, float x, float y, Finish& out) {
  const float dx = side * x - 0.5F * f(k.eye_spacing), dy = y - f(k.eye_tilt) * dx, size = f(k.eye_size);
  const float half = 1.5F * size;
  if (std::abs(dx) > 3 || std::abs(dy) > 2.5F) return;
  out.open *= 1 - 0.4F * f(k.socket) * bump(dx + 0.5F, dy - 0.3F, 2.6F, 2.1F);
  out.brightness *= 1 - 0.22F * f(k.socket) * bump(dx + 0.2F, dy - 0.4F, 2.4F, 1.7F);
  out.brightness *= 1 - 0.18F * bump(dx + 0.4F, dy + 1.1F, 1.8F, 0.8F);  // below the eye
  const float span = std::max(0.0F, 1 - (dx / half) * (dx / half));
  const float upper = f(k.eye_open) * 1.15F * size * std::sqrt(span),
              lower = -f(k.eye_open) * 0.85F * size * span;
  const float lash = 0.16F + 0.06F * size;
  if (k.eye_open >= 0.1 && span > 0) {
    const float lid = inside(std::max(dy - upper, lower - dy));
    const float gx = dx - side * f(k.gaze_x), gy = dy - f(k.gaze_y) - 0.05F, r = std::sqrt(gx * gx + gy * gy);
    float ball = mix(f(k.white) * (0.75F + 0.25F * span), f(k.iris), inside(r - 0.62F * size));
    ball = mix(ball, 0.015F, inside(r - 0.28F * size));
    ball *= 1 - 0.55F * step(upper - 0.55F, upper, dy);  // the shadow of the lid
    out.brightness = mix(out.brightness, ball, lid);
    out.gloss = mix(out.gloss, 0.5F, lid);
    out.brightness = mix(out.brightness, 0.03F,
                         0.85F * inside(std::abs(dy - upper) - lash) * step(1, 0.8F, std::abs(dx / half)));
    out.brightness *= 1 - 0.3F * inside(std::abs(dy - lower) - 0.1F);
    out.brightness *= 1 - 0.35F * inside(std::abs(dy - upper - 0.5F) - 0.12F);  // the fold above
  } else if (span > 0) {
    out.brightness =
        mix(out.brightness, 0.15F * tone, 0.85F * inside(std::abs(dy + 0.35F * size * span) - lash));
    out.brightness *= 1 - 0.3F * inside(std::abs(dy - 0.5F) - 0.12F);
  }
}

void paint_brow(const FaceLook& look, float side, float x, float y, Finish& out) {
  const FaceFeatures& k = look.features;
  const float dx = side * x - 0.5F * f(k.eye_spacing) - 0.1F;
  if (std::abs(dx) > 2.8F) return;
  const float along = dx / 2.4F;
  const float middle =
      f(k.brow_height) + f(k.brow_arch) * (1 - along * along - 0.4F * along * 0) + f(k.brow_tilt) * dx;
  const float half =
      0.5F * f(k.brow_thick) * (1.1F - 0.45F * along) * std::min(1.0F, 3 * (1.15F - std::abs(along)));
  if (half <= 0) return;
  const float cover = inside(std::abs(y - middle) - half) * f(k.brow_dark);
  out.brightness = mix(out.brightness, std::min(f(look.hair.colour) * 1.2F, out.brightness), cover);
  out.gloss *= 1 - cover;
}

void paint_nose(const FaceFeatures& k, float x, float y, Finish& out) {
  const float ax = std::abs(x), tip = -4 * f(k.nose_length), wide = f(k.nose_width);
  out.open *= 1 - 0.55F * bump(ax, y - tip + 1.0F, 2.2F * wide, 0.9F);
  out.open *= 1 - 0.35F * bump(ax - 2.1F * wide, y - tip, 0.8F, 1.4F);
  out.open *= 1 - 0.25F * bump(ax - 1.5F, y - 0.2F, 1, 1.2F);  // beside the bridge
  const float nostril = bump(ax - 0.75F * wide, y - tip + 0.62F, 0.75F * wide, 0.5F);
  out.brightness = mix(out.brightness, 0.03F, std::min(1.0F, 1.3F * nostril));
}

void paint_mouth(const FaceFeatures& k, float tone, float x, float y, Finish& out) {
  const float half = 0.5F * f(k.mouth_width), along = std::min(std::abs(x) / half, 1.5F), lip = f(k.lips);
  const float middle = -7 + f(k.smile) * (along * along - 0.35F), gap = f(k.mouth_open);
  const float shape = std::max(0.0F, 1 - along * along);
  const float bow = 1 - 0.25F * bump(x, 0, 0.5F, 1);
  const float upper = middle + 1.25F * lip * bow * std::sqrt(shape), bottom = middle - gap * shape;
  const float lower = bottom - 1.5F * lip * shape;
  if (y < lower - 2 || y > upper + 2) return;
  if (shape > 0) {
    const float mouth = inside(std::max(y - upper, lower - y));
    out.brightness *= 1 - (1 - f(k.lip_dark)) * mouth;
    out.gloss = mix(out.gloss, 0.35F, mouth);
    if (gap > 0.15F) {
      const float hole = inside(std::max(y - middle, bottom - y));
      const float bite = middle - f(k.teeth) * gap * shape;
      out.brightness = mix(out.brightness, 0.02F, hole);
      out.brightness =
          mix(out.brightness, 0.55F * std::sqrt(shape), hole * inside(bite - y) * step(0, 0.2F, f(k.teeth)));
    }
  }
  const float line = inside(std::abs(y - (gap > 0.15F ? middle : 0.5F * (middle + bottom))) - 0.14F) *
                     step(1.12F, 0.95F, along);
  if (gap <= 0.15F) out.brightness = mix(out.brightness, 0.18F * tone, 0.8F * line);
  out.open *= 1 - 0.3F * bump(std::abs(x) - half, y - middle, 0.8F, 0.7F);
  out.open *= 1 - 0.3F * bump(x, y - lower + 0.55F, 2, 0.8F);
}

void paint_folds(const FaceFeatures& k, float x, float y, Finish& out) {
  if (y > -3.6F || y < -8) return;
  const float ax = std::abs(x), t = (-3.6F - y) / 4.4F;
  const float at = 1.9F + 1.5F * t + 0.4F * f(k.smile) * t;
  out.brightness *=
      1 - 0.4F * f(k.folds) * inside(std::abs(ax - at) - 0.2F) * (1 - t) * std::min(1.0F, 4 * t);
  out.open *= 1 - 0.2F * f(k.folds) * bump(ax - at, 0, 1.0F, 1) * (1 - t);
}

void paint_beard(const FaceLook& look, const Vec3& p, Finish& out) {
  const FaceFeatures& k = look.features;
  const float ax = std::abs(p.x);
  const float gap = f(k.mouth_open);
  const float lips = bump(p.x, p.y + 7.1F + 0.5F * gap, 0.6F * f(k.mouth_width), 1.3F + 0.5F * gap);
  const float edge =
      1.2F * (noise(p * 1.1F, look.texture + 11) - 0.5F) + 0.5F * (noise(p * 3, look.texture + 13) - 0.5F);
  // Higher at the ears than on the cheeks.
  const float jaw =
      step(0.8F, -0.8F, p.y + 7.6F - 0.9F * std::max(0.0F, ax - 3.2F) + edge) * step(-3, 0, p.z);
  const float droop = p.y + 0.12F * ax * ax;
  const float lip =
      step(3.4F, 2.2F, ax + edge) * step(-4.7F, -5.3F, droop + 0.3F * edge) * step(-7.6F, -6.5F, droop);
  const float cover = (1 - std::min(1.0F, 1.6F * lips * (p.y < -6.7F ? 1.0F : 0.3F))) *
                      std::min(1.0F, jaw * std::max(f(k.beard), f(k.stubble)) +
                                         lip * std::max({f(k.moustache), f(k.beard) * 0.8F, f(k.stubble)}));
  if (cover <= 0) return;
  const float grain = 0.7F + 0.6F * noise({p.x * 3, p.y * 1.2F, p.z * 3}, look.texture + 12);
  out.brightness = mix(out.brightness, std::min(out.brightness, f(look.hair.colour) * grain), cover);
  out.gloss *= 1 - cover;
}

}  // namespace

Finish skin_finish(const FaceLook& look, const Vec3& place) {
  const float tone = f(look.skin);
  Finish out{tone, f(look.shine), 1};
  // Features are drawn on the mean head.
  const Vec3 p{place.x / f(look.shape.width), place.y / f(look.shape.height), place.z / f(look.shape.depth)};
  const float grain =
      noise(p * 0.9F, look.texture) - 0.5F + 0.6F * (noise(p * 2.6F, look.texture + 1) - 0.5F);
  out.brightness *= 1 + f(look.mottle) * grain;
  if (p.z > 2 && std::abs(p.x) < 8 && p.y > -14 && p.y < 5) {
    const float facing = step(2.5F, 4, p.z);
    Finish front = out;
    const float side = p.x < 0 ? -1.0F : 1.0F;
    if (p.y < -3) {
      paint_folds(look.features, p.x, p.y, front);
      paint_mouth(look.features, tone, p.x, p.y, front);
      front.brightness *= 1 - 0.08F * bump(std::abs(p.x) - 4.5F, p.y + 3.5F, 2.5F, 2);
    }
    if (p.y < 0 && p.y > -8) paint_nose(look.features, p.x, p.y, front);
    if (std::abs(p.y) < 3) paint_eye(look.features, tone, side, p.x, p.y, front);
    if (p.y > 0) paint_brow(look, side, p.x, p.y, front);
    out = {mix(out.brightness, front.brightness, facing), mix(out.gloss, front.gloss, facing),
           mix(out.open, front.open, facing)};
  }
  if (look.features.beard + look.features.moustache + look.features.stubble > 0 && p.y < -3)
    paint_beard(look, p, out);
  if (p.z < 2) out.gloss *= 0.3F;
  // Under the chin little light comes in.
  out.open *= 1 - 0.45F * step(-10.5F, -12.5F, p.y) * step(8, 4, p.z);
  return out;
}

Finish hair_finish(const FaceLook& look, const Vec3& p) {
  const float angle = 5 * std::atan2(p.x, p.z + 1);
  const float strands = noise({angle * 2.4F, p.y * 0.25F, 0.25F * p.z}, look.texture + 21) - 0.5F +
                        0.7F * (noise(p * 1.1F, look.texture + 22) - 0.5F);
  return {f(look.hair.colour) * (1 + 2 * f(look.hair.streaks) * strands), f(look.hair.shine), 1};
}

}  // namespace ebm::models::face
