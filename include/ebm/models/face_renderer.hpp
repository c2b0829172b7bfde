#pragma once
/// \file
/// Heads rendered in software: grids of a parametric head under a z-buffer, with skin, hair and glasses, lit
/// by two lamps of which one throws shadows (a shadow map; Williams 1978). For training and judging a face
/// detector that also tells the pose, without a single photograph. A picture is a function of its arguments
/// alone. About a millisecond of one core for 32 x 32 pixels.

#include "ebm/core/rng.hpp"
#include "ebm/models/face_look.hpp"
#include "ebm/models/grey_map.hpp"

namespace ebm::models {

/// Radians. yaw > 0: the face turns towards the picture's right; roll > 0: the head leans clockwise in the
/// picture; pitch > 0: it looks up. Yaw is applied first, then pitch (as if the camera were lower), then
/// roll, so roll is always a turn of the picture. Rendered: yaw in [-pi/2, pi/2], pitch in [-pi/3, pi/3],
/// roll in [-pi/4, pi/4]; beyond, too, but nobody has looked.
struct FacePose {
  double yaw = 0, pitch = 0, roll = 0;
  bool operator==(const FacePose&) const = default;
};
/// Of the picture with left and right exchanged.
constexpr FacePose mirrored(const FacePose& pose) { return {-pose.yaw, pose.pitch, -pose.roll}; }

/// Where a face is in a picture: the square that a detector's 32 x 32 window sees. Its middle is midway
/// between eyes and mouth; brows to chin fill 0.7 of its side (22 of 32 pixels). Pixels, from the outer
/// corner of the first pixel.
struct FaceWindow {
  double x = 0, y = 0;  ///< middle
  double size = 0;      ///< side
};

/// Draws the head, with neck and shoulders, over what is on the canvas, edges soft. \param canvas light in
/// [0, 1], [height, width]; what falls outside is cut off.
void draw_head(const FaceLook& look, const FacePose& pose, const FaceWindow& window, GreyMap& canvas);

/// Where a point of the head appears, pixels. \param x, y, z cm from the point between the eyes: right, up
/// and forward of an upright frontal head; the tip of the nose is about (0, -4, 12).
struct Spot {
  double x = 0, y = 0;
};
Spot project(const FaceLook& look, const FacePose& pose, const FaceWindow& window, double x, double y,
             double z);
/// Where the tip of the nose of this face appears.
Spot nose_tip(const FaceLook& look, const FacePose& pose, const FaceWindow& window);

/// What a camera does to a picture.
struct Camera {
  double blur = 0;                  ///< standard deviation, pixels
  double contrast = 1, bright = 0;  ///< light becomes (light - 1/2) contrast + 1/2 + bright
  double noise = 0;                 ///< standard deviation
};
/// \param most the largest blur, pixels
Camera draw_camera(Rng& rng, double most = 0.6);
/// Blur, then contrast, noise, and all clamped to [0, 1]. \param rng of the noise
void expose(const Camera& camera, Rng& rng, GreyMap& picture);

}  // namespace ebm::models
