// Is there a face, and where does it look? (Osadchy, LeCun, Miller 2007.) The energy of a face is the
// distance between what a net makes of a window and a manifold of poses; the pose is latent, and its best
// value is known in closed form. That of background is a threshold.
#include <ebm/ebm.hpp>
#include <iostream>
using namespace ebm;
using namespace ebm::models;

struct Window {
  Tensor X;
  bool face;
  std::array<Real, 2> pose;  // yaw and roll
};

// Rendered faces under poses at random, and backgrounds.
std::vector<Window> windows(int count, std::uint64_t seed) {
  std::vector<Window> out;
  for (const auto& views : {face_views(count, seed), background_views(count, seed)})
    for (const FaceView& view : views) {
      Tensor X({1, 32, 32});
      const FacePose pose = draw_crop(view, {}, {}, Rng(seed, 1).fork(out.size()), X.span());
      out.push_back({X, view.face, {static_cast<Real>(pose.yaw), static_cast<Real>(pose.roll)}});
    }
  return out;
}

int main() {
  const PoseManifold F = PoseManifold::yaw_roll;
  Params W;
  const Net G = pose_net(W, "G", pose_outputs(F));
  Model<Window> model(W, [&](FactorGraph& g, const Window& w) {
    const auto Z = g.latent("pose", pose_domain(F), w.face ? std::span(w.pose) : std::span<const Real>());
    g.add(pose_distance(F, g.feature(G, w.X), g.feature(Z)));  // E = |G(X) - F(Z)|
    g.truth(w.face ? Truth::low : Truth::high);
  });

  const std::vector<Window> train = windows(300, 1), test = windows(100, 2);
  Trainer trainer(model, loss::SquareExponential{.gamma = 10}, infer::ClosedForm{},
                  optim::Adam{.rate = 1e-3});
  trainer.fit(model.prepare(train), {.epochs = 6, .batch = 16});

  const Prepared unseen = model.prepare(test);
  Batch batch = unseen.batch();
  Answer nearest;
  infer::ClosedForm{}.answer(batch, {.answers = true}, nearest);
  double energy[2] = {0, 0}, yaw = 0;  // of backgrounds, of faces
  for (std::size_t i = 0; i < test.size(); ++i) {
    energy[test[i].face] += nearest.energy[i] / 100;
    if (test[i].face) yaw += std::abs(nearest.reals[2 * i] - test[i].pose[0]) / 100 * 57.3;
  }
  std::cout << "mean energy of unseen faces " << energy[1] << ", of backgrounds " << energy[0]
            << "; yaw is off by " << yaw << " degrees\n"
            << nearest.report << '\n';
  return energy[1] < energy[0] ? 0 : 1;
}
