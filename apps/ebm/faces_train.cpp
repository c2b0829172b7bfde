// ebm faces train

#include <fmt/core.h>

#include "ebm/core/error.hpp"
#include "ebm/models/face_training.hpp"
#include "faces.hpp"

namespace ebm::app {
namespace {

struct Options {
  Common common;
  std::string out, backgrounds, variant = "joint", manifold = "yaw-roll";
  int count = 10000, radius = models::LocalContrast{}.radius;
  models::FaceTraining training;
};

nlohmann::json passes(const History& h) {
  nlohmann::json out = nlohmann::json::array();
  for (const EpochReport& r : h.train)
    out.push_back({{"epoch", r.epoch},
                   {"loss", r.loss},
                   {"faces", r.tally.lows ? r.tally.low / static_cast<double>(r.tally.lows) : 0.0},
                   {"backgrounds", r.tally.highs ? r.tally.high / static_cast<double>(r.tally.highs) : 0.0}});
  return out;
}

int train(Options& o) {
  apply(o.common);
  check_outputs(o.common, {{"--out", o.out}, {"--out", o.out + ".ckpt"}}, files_of(o.backgrounds));
  if (!o.training.resume.empty()) check_outputs(o.common, {{"--out", o.out}}, {o.training.resume});
  models::FaceDetectorConfig config;
  config.manifold = o.variant == "detection" ? models::PoseManifold::point
                    : o.manifold == "yaw"    ? models::PoseManifold::yaw
                                             : models::PoseManifold::yaw_roll;
  config.contrast.radius = o.radius;
  config.seed = o.common.seed;
  models::FaceTraining& t = o.training;
  t.faces = o.count;
  t.backgrounds = o.variant == "pose" ? 0 : o.count;
  t.seed = o.common.seed;
  if (!o.backgrounds.empty()) t.natural = read_pictures(o.common, o.backgrounds);
  t.checkpoint = o.out + ".ckpt";
  t.quiet = o.common.quiet;
  t.say = [&](std::string_view line) { say(o.common, std::string(line)); };
  models::FaceDetector detector(config);
  const models::FaceTrainingReport report = models::train_face_detector(detector, t);
  detector.notes =
      nlohmann::json{{"variant", o.variant},           {"faces", t.faces}, {"backgrounds", t.backgrounds},
                     {"mined", report.mined},          {"K", t.K},         {"first", passes(report.first)},
                     {"second", passes(report.second)}}
          .dump();
  detector.save(o.out);
  remove_checkpoint(o.out);
  if (o.common.json)
    print({{"out", o.out},
           {"parameters", report.parameters},
           {"faces", t.faces},
           {"backgrounds", t.backgrounds},
           {"mined", report.mined},
           {"loss", report.second.train.empty() ? kInf : report.second.train.back().loss},
           {"threshold", detector.config().threshold}});
  else
    fmt::print("{}: {} parameters, {} faces, {} backgrounds of which {} mined; threshold {:.3f}\n", o.out,
               report.parameters, t.faces, t.backgrounds, report.mined, detector.config().threshold);
  return kOk;
}

}  // namespace

void add_faces_train(CLI::App& faces) {
  auto o = std::make_shared<Options>();
  auto* t = faces.add_subcommand("train", "Learn faces and their poses from rendered heads");
  add_common(*t, o->common);
  t->add_option("--out", o->out, "Model to write; OUT.ckpt beside it while training")->required();
  t->add_option("--count", o->count, "Rendered faces, and as many backgrounds")
      ->check(CLI::Range(2, 10000000))
      ->capture_default_str();
  t->add_option("--backgrounds", o->backgrounds,
                "Folder with pictures without faces: half of the backgrounds are cut from them");
  t->add_option("--variant", o->variant, "joint; detection: pose dropped; pose: no backgrounds")
      ->check(CLI::IsMember({"joint", "detection", "pose"}))
      ->capture_default_str();
  t->add_option("--manifold", o->manifold, "yaw: 3 outputs; yaw-roll: 9")
      ->check(CLI::IsMember({"yaw", "yaw-roll"}))
      ->capture_default_str();
  t->add_option("--passes", o->training.passes, "Passes of each of the two phases")
      ->check(CLI::Range(1, 100000))
      ->capture_default_str();
  t->add_option("--K", o->training.K, "Weight of the backgrounds in the loss")
      ->check(between(1e-6, 1e6))
      ->capture_default_str();
  t->add_option("--batch", o->training.batch, "Windows per step")
      ->check(CLI::Range(1, 100000))
      ->capture_default_str();
  t->add_option("--rate", o->training.rate, "Step size of the first phase; half of it in the second")
      ->check(between(1e-12, 1e6))
      ->capture_default_str();
  t->add_option("--scenes", o->training.scenes,
                "Pictures without faces that are searched for the backgrounds of the second phase")
      ->check(CLI::Range(1, 1000000))
      ->capture_default_str();
  t->add_option("--radius", o->radius, "Of the local contrast normalisation, pixels; 0: none")
      ->check(CLI::Range(0, 20))
      ->capture_default_str();
  t->add_option("--false-alarms", o->training.false_alarms,
                "False positives a picture without faces that the threshold allows")
      ->check(between(0, 1000))
      ->capture_default_str();
  t->add_option("--resume", o->training.resume, "Go on from a checkpoint of the same run");
  t->footer(
      "Example:\n  ebm faces train --count 10000 --out faces.safetensors\n"
      "Ctrl-C writes OUT.ckpt; go on with --resume OUT.ckpt and the same options.");
  add_run(*t, [o] { return train(*o); });
}

}  // namespace ebm::app
