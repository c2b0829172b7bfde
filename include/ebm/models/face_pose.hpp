#pragma once
/// \file
/// Faces and their poses (Osadchy, Miller, LeCun 2004; Osadchy, LeCun, Miller, JMLR 8, 2007):
///   E(face, X, Z) = |G_W(X) - F(Z)|,   E(background, X, Z) = T.
/// G_W is a ConvNet, Z the pose, latent at test time, and F places it on a manifold in the space of outputs:
///   yaw:          F_i  = cos(yaw - a_i),                     a = (-pi/3, 0, pi/3), |F|^2 = 3/2,
///   yaw and roll: F_ij = cos(yaw - a_i) cos(roll - a_j),     |F|^2 = 9/4.
/// As |F| is constant, the nearest pose is that of largest G . F(Z), which has a closed form.

#include <array>
#include <numbers>
#include <optional>
#include <span>
#include <string>

#include "ebm/graph/model.hpp"
#include "ebm/losses/square_exponential.hpp"
#include "ebm/net/build.hpp"

namespace ebm::models {

/// Which numbers a pose has, and with that how many outputs G has.
enum class PoseManifold {
  point,     ///< none: F is one point for all poses, that of a frontal face; for detection alone. 9 outputs
  yaw,       ///< 1 number, 3 outputs
  yaw_roll,  ///< 2 numbers, 9 outputs
};
int pose_dims(PoseManifold manifold);
int pose_outputs(PoseManifold manifold);

/// Radians: yaw in [-pi/2, pi/2], > 0 towards the picture's right; roll in [-pi/4, pi/4], > 0 clockwise.
struct PoseBounds {
  std::array<double, 2> low{-std::numbers::pi / 2, -std::numbers::pi / 4},
      high{std::numbers::pi / 2, std::numbers::pi / 4};
};

/// f = F(z), [pose_outputs]. \param z [pose_dims]
void embed_pose(PoseManifold manifold, std::span<const double> z, std::span<double> f);
/// z = argmin |g - F(z)| within the bounds, exactly: the free minimum where it is inside, else the best of
/// the edges. Bounds may be anywhere, wider than a turn, or infinite. \param g [pose_outputs]
void nearest_pose(PoseManifold manifold, std::span<const double> g, const PoseBounds& bounds,
                  std::span<double> z);

inline namespace EBM_PRECISION {

/// One window and what is known of it.
struct FaceExample {
  ConstView image;  ///< [1, 32, 32]
  bool face = false;
  std::array<Real, 2> pose{};  ///< yaw, roll; of faces
};

/// G_W: C1 8@28x28 (5x5), S2, C3 20@10x10 (5x5, 80 kernels: each map reads four of the eight), S4, C5
/// 120@1x1, linear outputs; scaled tanh after every layer but the last. Stride 4 when replicated. 63,493
/// parameters with 9 outputs. Blocks "NAME.c1.weight" and so on.
Net pose_net(Params& W, std::string name, int outputs);
/// The maps that each of the twenty of C3 reads.
net::Table face_table();

/// The domain of Z: pose_dims numbers within the bounds of a pose.
Reals pose_domain(PoseManifold manifold);

/// E = |g - F(z)| of a feature [pose_outputs] and a pose; it knows its minimiser (infer::ClosedForm). The
/// slope at distance 0, where a cone has none, is 0.
Term pose_distance(PoseManifold manifold, Feature g, Feature z);

/// The energy: G_W(X) against the pose manifold. A face is low as a whole at its known pose, a background
/// high, so that loss::SquareExponential{.gamma = K} on infer::Automatic is
///   mean over faces of E(X, Z)^2 + mean over backgrounds of K exp(-min_Z E(X, Z)).
Model<FaceExample> face_model(Params& W, const Net& net, PoseManifold manifold);

}  // namespace EBM_PRECISION
}  // namespace ebm::models
