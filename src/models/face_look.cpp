#include "ebm/models/face_look.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

namespace ebm::models {
namespace {

/// About `middle`, rarely more than two `spread` away, never more than three.
double about(Rng& rng, double middle, double spread) {
  return middle + spread * std::clamp(rng.normal(), -3.0, 3.0);
}

HeadShape draw_shape(Rng& rng) {
  HeadShape s;
  s.width = about(rng, 1, 0.055);
  s.height = about(rng, 1, 0.045);
  s.depth = about(rng, 1, 0.03);
  s.jaw = about(rng, 0, 0.06);
  s.chin = about(rng, 1, 0.2);
  s.chin_drop = about(rng, 0.2, 0.4);
  s.cheeks = about(rng, 0.3, 0.4);
  s.cheekbones = about(rng, 0.4, 0.3);
  s.forehead = about(rng, 0.1, 0.2);
  s.ears = about(rng, 1, 0.08);
  s.ears_out = about(rng, 0.3, 0.25);
  s.neck = about(rng, 1, 0.09);
  s.shoulders = about(rng, 1, 0.1);
  return s;
}

FaceFeatures draw_features(Rng& rng, bool man) {
  FaceFeatures k;
  k.nose_length = about(rng, 1, 0.1);
  k.nose_width = about(rng, man ? 1.05 : 0.95, 0.12);
  k.nose_height = about(rng, 1, 0.15);
  k.nose_bridge = about(rng, 0.9, 0.25);
  k.nose_hook = about(rng, 0.1, 0.2);
  k.eye_spacing = about(rng, 6.3, 0.3);
  k.eye_size = about(rng, 1, 0.08);
  k.eye_open = rng.chance(0.06) ? 0.05 : std::max(0.15, about(rng, 0.5, 0.12));
  k.eye_tilt = about(rng, 0.03, 0.06);
  k.gaze_x = about(rng, 0, 0.25);
  k.gaze_y = about(rng, 0, 0.1);
  k.iris = rng.chance(0.65) ? rng.uniform(0.02, 0.06) : rng.uniform(0.08, 0.25);
  k.white = rng.uniform(0.4, 0.7);
  k.socket = about(rng, 1.1, 0.3);
  k.brow_height = about(rng, man ? 2 : 2.3, 0.25);
  k.brow_thick = std::max(0.15, about(rng, man ? 0.8 : 0.55, 0.18));
  k.brow_arch = about(rng, 0.35, 0.2);
  k.brow_tilt = about(rng, 0, 0.05);
  k.brow_dark = rng.uniform(0.5, 1);
  k.mouth_width = about(rng, 5, 0.4);
  k.lips = std::max(0.25, about(rng, man ? 0.5 : 0.62, 0.12));
  k.lip_dark = rng.uniform(0.4, 0.85);
  if (rng.chance(0.4)) {  // pleased
    k.smile = rng.uniform(0.15, 0.75);
    k.mouth_width += 1.1 * k.smile;
    if (rng.chance(0.6)) k.mouth_open = rng.uniform(0.4, 1.3), k.teeth = rng.uniform(0.6, 1);
  } else if (rng.chance(0.15)) {  // speaking
    k.mouth_open = rng.uniform(0.3, 2);
    k.teeth = rng.chance(0.5) ? rng.uniform(0, 0.4) : 0;
  } else {
    k.smile = about(rng, 0, 0.12);
  }
  k.folds = std::clamp(about(rng, 0.35 + 0.5 * k.smile, 0.25), 0.0, 1.0);
  if (man) {
    const int kind = rng.below(10);
    if (kind == 0) k.beard = rng.uniform(0.6, 1), k.moustache = rng.uniform(0.6, 1);
    if (kind == 1) k.moustache = rng.uniform(0.6, 1);
    if (kind == 2) k.beard = rng.uniform(0.5, 1);
    if (kind == 3 || kind == 4) k.stubble = rng.uniform(0.1, 0.45);
  }
  return k;
}

Hair draw_hair(Rng& rng, bool man) {
  Hair h;
  const int tone = rng.below(10);
  h.colour = tone < 5   ? rng.uniform(0.012, 0.04)
             : tone < 7 ? rng.uniform(0.04, 0.1)
             : tone < 9 ? rng.uniform(0.1, 0.28)
                        : rng.uniform(0.3, 0.6);
  h.streaks = rng.uniform(0.1, 0.45);
  h.shine = rng.uniform(0, 0.5);
  h.line = about(rng, 6.3, 0.8);
  h.recess = std::max(0.0, about(rng, man ? 1 : 0.2, 0.8));
  h.parting = rng.chance(0.5) ? 0 : rng.uniform(-1, 1);
  h.thick = std::max(0.5, about(rng, man ? 1.4 : 1.9, 0.5));
  h.sides = about(rng, -1, 1);
  h.length = about(rng, -6, 1);
  if (rng.chance(man ? 0.15 : 0.45)) h.fringe = rng.uniform(1, 4.5);
  if (rng.chance(man ? 0.06 : 0.65)) {  // long
    h.length = rng.uniform(-24, -9);
    h.spread = rng.uniform(0, 3.5);
    h.sides = about(rng, -4, 1.5);
    h.recess *= 0.3;
  } else if (man && rng.chance(0.3)) {  // thinning
    h.line = rng.uniform(7, 10.5);
    h.recess = rng.uniform(1, 4);
    h.thick *= 0.6;
  }
  if (man && rng.chance(0.08)) h.bald = true, h.length = rng.chance(0.5) ? 6 : -5;
  return h;
}

FaceLight draw_light(Rng& rng) {
  FaceLight l;
  // From in front and above mostly, from the side at times, from behind hardly ever.
  const double side = rng.chance(0.3) ? rng.uniform(-1.5, 1.5) : 0.55 * rng.normal(),
               up = about(rng, 0.45, 0.35);
  l.x = std::sin(side) * std::cos(up);
  l.y = std::sin(up);
  l.z = std::cos(side) * std::cos(up);
  l.ambient = rng.uniform(0.15, 0.6);
  l.strength = 1.1 - l.ambient * rng.uniform(0.4, 1.1);
  l.shadow = rng.uniform(0.2, 1);
  l.fill_x = (l.x > 0 ? -1 : 1) * rng.uniform(0.2, 1);
  l.fill_y = rng.uniform(-0.4, 0.5);
  l.fill_z = rng.uniform(0, 0.8);
  l.fill = rng.chance(0.3) ? 0 : rng.uniform(0.05, 0.5);
  l.exposure = rng.uniform(0.5, 0.92);
  l.gamma = rng.uniform(1.5, 2.3);
  return l;
}

}  // namespace

FaceLook draw_face(Rng& rng) {
  const bool man = rng.chance(0.55);
  FaceLook look;
  look.shape = draw_shape(rng);
  look.features = draw_features(rng, man);
  look.hair = draw_hair(rng, man);
  look.light = draw_light(rng);
  look.skin = rng.chance(0.7) ? rng.uniform(0.28, 0.5) : rng.uniform(0.06, 0.28);
  if (look.skin < 0.2) look.hair.colour = std::min(look.hair.colour, 0.3 * look.skin);
  look.light.exposure *= 0.72 + 0.56 * std::min(look.skin, 0.5);  // darker skin stays darker, by half
  look.mottle = rng.uniform(0.03, 0.2);
  look.shine = std::max(0.0, rng.uniform(-0.2, 0.7));
  if (rng.chance(0.25)) {
    look.glasses = rng.chance(0.15) ? Glasses::dark : Glasses::clear;
    look.frame = rng.uniform(0.08, 0.24);
    look.frame_size = rng.uniform(2.0, 2.9);
    look.frame_colour = rng.chance(0.75) ? rng.uniform(0.01, 0.08) : rng.uniform(0.1, 0.4);
  }
  look.clothes = rng.chance(0.3) ? rng.uniform(0.4, 0.85) : rng.uniform(0.01, 0.4);
  look.collar = rng.uniform(-1.5, 4);
  look.body_follows = rng.uniform(0.1, 1);
  look.distance = rng.uniform(55, 250);
  look.texture = rng.next();
  return look;
}

FaceLook mirrored(FaceLook look) {
  look.hair.parting = -look.hair.parting;
  look.features.gaze_x = -look.features.gaze_x;
  look.light.x = -look.light.x;
  look.light.fill_x = -look.light.fill_x;
  return look;
}

}  // namespace ebm::models
