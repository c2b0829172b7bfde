#include "src/models/face_head.hpp"

namespace ebm::models::face {
namespace {

constexpr Vec3 kCentre{0, -2, 1};  ///< directions start here

/// Distance from kCentre to the ellipsoid along `d`; the centre is inside.
float ellipsoid(const Vec3& d, const Vec3& centre, const Vec3& axes) {
  const auto over = [&](const Vec3& v) { return Vec3{v.x / axes.x, v.y / axes.y, v.z / axes.z}; };
  const Vec3 o = over(kCentre - centre), u = over(d);
  const float a = dot(u, u), b = dot(o, u), c = dot(o, o) - 1;
  return (-b + std::sqrt(std::max(0.0F, b * b - a * c))) / a;
}

/// The larger of the two, rounded where they meet.
float smooth_max(float a, float b, float k) {
  const float h = std::max(k - std::abs(a - b), 0.0F);
  return std::max(a, b) + h * h / (4 * k);
}

float f(double value) { return static_cast<float>(value); }

/// How far the face stands out at (x, y) beyond the two ellipsoids, cm.
float relief(const FaceLook& look, float x, float y) {
  const HeadShape& s = look.shape;
  const FaceFeatures& k = look.features;
  const float ax = std::abs(x);
  // The nose: a ridge that grows from the bridge to the tip, wings, and the column below.
  const float top = 0.8F, tip = -4 * f(k.nose_length), wide = f(k.nose_width), high = f(k.nose_height);
  float out = 0;
  if (ax < 3 && y < 2 && y > tip - 1.5F) {
    const float along = std::clamp((top - y) / (top - tip), 0.0F, 1.0F);
    const float height = mix(f(k.nose_bridge), 1.75F * high, along * (0.6F + 0.4F * along)) +
                         f(k.nose_hook) * 4 * along * (1 - along);
    const float half = mix(1.25F, 1.55F * wide, along);
    const float ends = step(tip - 1.0F, tip + 0.5F, y) * step(2, 0.2F, y);
    out += height * ends * bump(ax * ax / (half * half));
    out += 1.0F * high * bump(ax - 1.25F * wide, y - tip - 0.1F, 0.9F * wide, 0.95F);
    out += 0.45F * high * bump(ax, y - tip - 0.1F, 1.2F * wide, 1.3F);
  }
  const float eye = 0.5F * f(k.eye_spacing);
  out -= f(k.socket) * 1.25F * bump(ax - eye + 0.35F, y + 0.1F, 2.5F, 1.9F);
  out += 0.55F * bump(ax - eye, y, 1.5F, 1.2F);                         // the ball of the eye
  out += 0.45F * bump(ax - eye + 0.2F, y - f(k.brow_height), 3, 1.2F);  // ridge of the brows
  out += f(s.forehead) * bump(ax, y - 4.5F, 6, 3.5F);
  out += f(s.cheekbones) * bump(ax - 5, y + 2.6F, 3, 2.6F);
  out += f(s.cheeks) * bump(ax - 3.9F, y + 5.2F, 3, 3.2F);
  const float mouth = -7;
  out += 0.9F * bump(ax, y - mouth, 3.6F, 3.2F);
  const float bow = 0.8F * bump(ax, 0, 0.55F * f(k.mouth_width), 1), lip = f(k.lips);
  const float gap = f(k.mouth_open);
  out += bow * (bump(0, y - mouth - 0.6F * lip, 1, 1.2F * lip) +
                bump(0, y - mouth + 0.8F * lip + gap, 1, 1.2F * lip));
  out -= (0.35F + 0.9F * std::min(1.0F, gap)) *
         bump(ax, y - mouth + 0.5F * gap, 0.5F * f(k.mouth_width), 0.3F + 0.6F * gap);
  out -= 0.45F * bump(ax, y + 8.7F, 2.4F, 0.8F);  // below the lower lip
  out += 2.3F * f(s.chin) * bump(ax, y + 10.3F + f(s.chin_drop), 3.6F, 2.9F);
  return out;
}

Vec3 ear(const FaceLook& look, float side, float s, float t) {
  const HeadShape& h = look.shape;
  const float a = 6.2831853F * s, r = std::sin(1.5707963F * t);  // from the middle outwards and to the rim
  const float size = f(h.ears);
  const float u = r * std::cos(a), v = r * std::sin(a);
  const float y = 2.9F * size * v - 1.6F, z = (1.75F + 0.25F * v) * size * u - 0.9F - 0.3F * v;
  // Grown on in front, standing off behind; the rim stands out, the shell lies in.
  const float skull = 7.7F * std::sqrt(1 - (y - 2.6F) * (y - 2.6F) / 81);
  const float bowl = 0.35F * step(0.5F, 0.85F, t) - 0.6F * step(0.85F, 1, t);
  const float x = (skull + 0.25F) * f(h.width) + (0.7F + f(h.ears_out)) * (0.5F - 0.5F * u) + bowl;
  return {side * x, y * f(h.height), z};
}

void turn(const FaceLook& look, const FacePose& pose, std::vector<Surface>& surfaces) {
  const double follows = look.body_follows;
  const Turn head(pose), body({pose.yaw * follows, pose.pitch * follows * 0.5, pose.roll * follows});
  // The head turns about the top of the spine; neck and clothes are between it and the shoulders.
  const Vec3 pivot{0, -6, -1.5F}, middle = head(kMiddle - pivot);
  for (Surface& surface : surfaces) {
    surface.seen.resize(surface.place.size());
    for (std::size_t i = 0; i < surface.place.size(); ++i) {
      const Vec3 p = surface.place[i] - pivot, turned = head(p);
      const bool below = surface.material == Material::cloth || surface.material == Material::plain;
      const float stiff = below ? step(-1, -10, p.y) : 0;
      surface.seen[i] = (stiff > 0 ? mix(turned, body(p), stiff) : turned) - middle;
    }
    surface.normal.resize(surface.place.size());
    const int n = surface.across, m = surface.down;
    for (int j = 0; j <= m; ++j)
      for (int i = 0; i <= n; ++i) {
        const Vec3 dx =
            surface.seen[surface.at(std::min(i + 1, n), j)] - surface.seen[surface.at(std::max(i - 1, 0), j)];
        const Vec3 dy =
            surface.seen[surface.at(i, std::max(j - 1, 0))] - surface.seen[surface.at(i, std::min(j + 1, m))];
        surface.normal[surface.at(i, j)] = unit(cross(dx, dy));
      }
  }
}

}  // namespace

Vec3 skin_point(const FaceLook& look, float azimuth, float latitude) {
  const HeadShape& s = look.shape;
  const float ct = std::cos(latitude);
  const Vec3 d{std::sin(azimuth) * ct, std::sin(latitude), std::cos(azimuth) * ct};
  const float skull = ellipsoid(d, {0, 2.6F, -0.8F}, {7.7F, 9, 9.7F});
  const float front = ellipsoid(d, {0, -3.8F, 2.3F}, {6.9F, 7.7F, 6.9F});
  Vec3 p = kCentre + d * smooth_max(skull, front, 1.6F);
  // The jaw, then what stands out in front.
  p.x *= 1 + f(s.jaw) * step(-3, -8.5F, p.y) - 0.06F * step(0.5F, 3.5F, p.y) * step(0, 8, p.z);
  p.y += 2.6F * step(7, -1, p.z) * step(-5, -10, p.y);  // up to the angle of the jaw
  const float facing = step(0.5F, 4.5F, p.z);
  if (facing > 0) p.z += facing * relief(look, p.x, p.y);
  if (p.y < -9) p.y -= f(s.chin_drop) * step(-9, -11, p.y) * facing;
  return {p.x * f(s.width), p.y * f(s.height), p.z * f(s.depth)};
}

Vec3 nose_tip_place(const FaceLook& look) {
  Vec3 best{0, 0, -1e9F};
  for (int i = 0; i <= 80; ++i) {
    const Vec3 p = skin_point(look, 0, -0.6F + 0.0075F * static_cast<float>(i));
    if (p.z > best.z) best = p;
  }
  return best;
}

std::vector<Surface> head_surfaces(const FaceLook& look, const FacePose& pose, float detail) {
  const auto cells = [&](float n) { return static_cast<int>(std::lround(n * detail)); };
  std::vector<Surface> all;
  all.push_back(grid(Material::skin, cells(44), cells(38), true,
                     [&](float s, float t) { return skin_point(look, azimuth_of(s), latitude_of(t)); }));
  for (const float side : {-1.0F, 1.0F}) {
    all.push_back(grid(Material::skin, 10, 5, false,
                       [&](float s, float t) { return ear(look, side, side > 0 ? 1 - s : s, 1 - t); }));
  }
  const HeadShape& h = look.shape;
  all.push_back(grid(Material::plain, cells(16), cells(5), true, [&](float s, float t) {
    const float a = 6.2831853F * (s - 0.5F), y = -6 - 14 * t, wide = f(h.neck) * (4.9F + 1.2F * t * t);
    return Vec3{wide * std::sin(a), y, -2 - 2 * t + 1.02F * wide * std::cos(a)};
  }));
  all.back().brightness = -1;  // as the skin
  all.push_back(grid(Material::cloth, cells(20), cells(10), true, [&](float s, float t) {
    const float a = 6.2831853F * (s - 0.5F), b = 1.5707963F * (1 - 1.3F * t);
    const float wide = 19 * f(h.shoulders);
    // Squarer than an ellipsoid, rising to the neck.
    const float c = std::pow(std::max(0.0F, std::cos(b)), 0.8F), neck = bump(c * c / 0.45F);
    return Vec3{wide * std::sin(a) * c, -26.5F + 9.5F * std::sin(b) + (3.2F + f(look.collar)) * neck,
                -3.5F + 10.5F * std::cos(a) * c};
  }));
  all.back().brightness = f(look.clothes);
  add_hair(look, detail, all);
  if (look.glasses != Glasses::none) add_glasses(look, all);
  turn(look, pose, all);
  return all;
}

}  // namespace ebm::models::face
