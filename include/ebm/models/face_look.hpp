#pragma once
/// \file
/// What one rendered head looks like: shape, features, hair, glasses, skin and the light on it. Lengths are
/// in centimetres of an average adult head (anthropometric means after Farkas 1994), factors are relative to
/// that mean; brightness of surfaces is their share of light returned, in [0, 1].

#include <cstdint>

#include "ebm/core/rng.hpp"

namespace ebm::models {

/// The head itself. Factors are near 1, bulges near 0.
struct HeadShape {
  double width = 1, height = 1, depth = 1;  ///< factors of the whole
  double jaw = 0;                           ///< how much wider the jaw is, relative
  double chin = 1;                          ///< factor of how far it stands out
  double chin_drop = 0;                     ///< how much lower it sits, cm
  double cheeks = 0.5, cheekbones = 0.5;    ///< fullness, cm
  double forehead = 0;                      ///< bulge, cm
  double ears = 1, ears_out = 0.3;          ///< factor of size; how far they stand off, cm
  double neck = 1, shoulders = 1;           ///< factors of width
};

struct FaceFeatures {
  double nose_length = 1, nose_width = 1, nose_height = 1, nose_bridge = 0.9;  ///< factors; the bridge in cm
  double nose_hook = 0;                                                        ///< cm
  double eye_spacing = 6.3;                                                    ///< between the pupils, cm
  double eye_size = 1;                                                         ///< factor
  double eye_open = 0.5;           ///< half the opening of the lids, cm; below 0.1: closed
  double eye_tilt = 0;             ///< outer corners up, slope
  double gaze_x = 0, gaze_y = 0;   ///< shift of the iris, cm
  double iris = 0.1, white = 0.6;  ///< brightness
  double socket = 1;               ///< depth, cm
  double brow_height = 2, brow_thick = 0.45, brow_arch = 0.4, brow_tilt = 0;  ///< cm, the last a slope
  double brow_dark = 0.8;                                                     ///< 0: none, 1: as the hair
  double mouth_width = 5, lips = 0.55, lip_dark = 0.7;  ///< cm; lips: height of one; factor of the skin
  double mouth_open = 0;                                ///< cm
  double smile = 0;                                     ///< corners up, cm
  double teeth = 0;                                     ///< in [0, 1]: how much of an open mouth they fill
  double folds = 0.3;                                   ///< depth of the lines beside nose and mouth, [0, 1]
  double beard = 0, moustache = 0, stubble = 0;         ///< in [0, 1]
};

struct Hair {
  bool bald = false;
  double line = 6.5;     ///< height of the hair line above the eyes at the front, cm
  double recess = 0;     ///< how far it retreats at the temples, cm
  double fringe = 0;     ///< how far strands hang over the forehead, cm
  double parting = 0;    ///< in [-1, 1]: where the parting is
  double thick = 1.5;    ///< cm
  double sides = -1;     ///< height to which it reaches before the ears, cm
  double length = -6;    ///< height at which it ends behind, cm; below -8 it hangs
  double spread = 0;     ///< how far hanging hair stands off, cm
  double colour = 0.04;  ///< brightness
  double streaks = 0.3;  ///< relative
  double shine = 0.3;    ///< strength of the highlight
};

enum class Glasses { none, clear, dark };

struct FaceLight {
  double ambient = 0.4;                 ///< share of light from everywhere, more from above
  double x = 0.3, y = 0.5, z = 0.8;     ///< to the main light; x right, y up, z towards the camera
  double strength = 0.8, shadow = 0.7;  ///< of the main light and of the shadows it throws
  double fill_x = -1, fill_y = 0, fill_z = 0.3, fill = 0.2;  ///< a second light, without shadows
  double exposure = 0.5;  ///< brightness in the picture that skin in full light gets
  double gamma = 2;       ///< of the camera
};

struct FaceLook {
  HeadShape shape;
  FaceFeatures features;
  Hair hair;
  FaceLight light;
  double skin = 0.35, mottle = 0.1, shine = 0.2;
  Glasses glasses = Glasses::none;
  double frame = 0.15, frame_size = 2.4, frame_colour = 0.05;  ///< cm, cm, brightness
  double clothes = 0.2, collar = 0;                            ///< brightness; cm up the neck
  double body_follows = 0.4;  ///< share of the head's turn that the shoulders make too, in [0, 1]
  double distance = 120;      ///< to the camera, cm
  std::uint32_t texture = 1;  ///< names the grain of skin and hair
};

/// Somebody at random, under random light.
FaceLook draw_face(Rng& rng);

/// The same face in a mirror: what is not symmetric (parting, gaze, light) changes sides.
FaceLook mirrored(FaceLook look);

}  // namespace ebm::models
