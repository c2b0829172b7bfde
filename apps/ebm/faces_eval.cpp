// ebm faces eval

#include <fmt/core.h>

#include <cmath>
#include <filesystem>

#include "ebm/core/error.hpp"
#include "ebm/core/pool.hpp"
#include "faces.hpp"
#include "faces_report.hpp"

namespace ebm::app {
namespace {

struct Options {
  Common common;
  std::string model, images, report;
  int count = 2000, scenes = 200;
};

constexpr std::uint64_t kHeldOut = 0x8e1d;  // no training has this seed
constexpr int kExamples = 12;

// At most one face each: which of the pictures have any detection.
int found_in(const std::vector<FacePicture>& pictures) {
  return static_cast<int>(
      std::ranges::count_if(pictures, [](const FacePicture& p) { return !p.found.faces.empty(); }));
}

std::vector<FacePicture> search(const Common& common, const models::FaceDetector& detector,
                                const std::string& folder) {
  const std::vector<std::filesystem::path> paths = io::list_images(folder);
  std::vector<FacePicture> out(paths.size());
  parallel_for(out.size(), [&](std::size_t i) {
    out[i].name = paths[i].filename().string();
    try {
      out[i].image = io::read_image(paths[i]);
      out[i].found.faces = detector.detect(out[i].image);
    } catch (const DataError& e) {
      out[i].found.reason = e.what();
    }
  });
  const std::size_t all = out.size();
  for (const FacePicture& p : out)
    if (!p.found.reason.empty()) say(common, "skipped " + p.name + ": " + p.found.reason);
  std::erase_if(out, [](const FacePicture& p) { return !p.found.reason.empty(); });
  if (out.empty()) throw DataError(fmt::format("{}: none of its {} pictures can be searched", folder, all));
  return out;
}

std::vector<FacePicture> example_scenes(const models::FaceDetector& detector, std::uint64_t seed, int count) {
  std::vector<FacePicture> out(static_cast<std::size_t>(count));
  parallel_for(out.size(), [&](std::size_t i) {
    const models::FaceScene scene = models::make_scene({}, seed, i);
    out[i].name = fmt::format("scene {}", i);
    out[i].image = models::to_image(scene.image);
    out[i].found.faces = detector.detect(scene.image);
    for (const models::SceneFace& f : scene.faces) out[i].truth.push_back(f.window);
  });
  return out;
}

int eval(Options& o) {
  apply(o.common);
  if (!o.report.empty()) {
    Inputs inputs = files_of(o.images);
    inputs.emplace_back(o.model);
    check_outputs(o.common, {{"--report", o.report}}, inputs);
  }
  const models::FaceDetector detector = models::FaceDetector::load(o.model);
  const std::uint64_t seed = kHeldOut + o.common.seed;
  FaceJudgement j;
  if (!o.images.empty()) j.real = search(o.common, detector, o.images);
  say(o.common, fmt::format("{} windows with a face, {} without", o.count, o.count));
  std::vector<models::FaceView> views = models::face_views(o.count, seed);
  std::ranges::move(models::background_views(o.count, seed), std::back_inserter(views));
  j.windows = models::judge_windows(detector, views, seed);
  say(o.common, fmt::format("{} scenes", o.scenes));
  j.scenes = models::judge_scenes(detector, o.scenes, seed);
  nlohmann::json out{{"windows", 2 * o.count},
                     {"equal_error", j.windows.equal_error},
                     {"threshold_at_equal_error", j.windows.threshold},
                     {"yaw_within_15", j.windows.yaw_within_15},
                     {"roll_within_15", j.windows.roll_within_15},
                     {"mean_yaw_error", j.windows.mean_yaw_error},
                     {"mean_roll_error", j.windows.mean_roll_error},
                     {"scenes", o.scenes},
                     {"scene_faces", j.scenes.faces},
                     {"threshold", detector.config().threshold},
                     {"detection", nlohmann::json::array()}};
  for (const PublishedPoint& p : kPublished)
    out["detection"].push_back({{"false_positives_per_image", p.false_per_image},
                                {"rate", j.scenes.at(p.false_per_image).rate},
                                {"published", p.rate},
                                {"published_on", p.set}});
  if (!o.images.empty())
    out["images"] = {
        {"count", j.real.size()},
        {"found", found_in(j.real)},
        {"fraction", static_cast<double>(found_in(j.real)) / static_cast<double>(j.real.size())}};
  if (!o.report.empty()) {
    j.examples = example_scenes(detector, seed, std::min(o.scenes, kExamples));
    write_judgement(o.report, detector, j);
    say(o.common, "report in " + o.report);
  }
  if (o.common.json) {
    print(out);
    return kOk;
  }
  const int dims = models::pose_dims(detector.config().manifold);
  fmt::print("equal error {:.2f} % on {} windows\n", 100 * j.windows.equal_error, 2 * o.count);
  if (dims > 0)
    fmt::print("yaw within 15 degrees {:.1f} %, mean error {:.1f} degrees\n", 100 * j.windows.yaw_within_15,
               j.windows.mean_yaw_error);
  if (dims > 1)
    fmt::print("roll within 15 degrees {:.1f} %, mean error {:.1f} degrees\n", 100 * j.windows.roll_within_15,
               j.windows.mean_roll_error);
  fmt::print("{} scenes with {} faces\nfalse positives an image   found   published\n", o.scenes,
             j.scenes.faces);
  for (const PublishedPoint& p : kPublished)
    fmt::print("{:>24.2f} {:>6.1f} % {:>8.0f} % ({})\n", p.false_per_image,
               100 * j.scenes.at(p.false_per_image).rate, 100 * p.rate, p.set);
  if (!j.real.empty())
    fmt::print("{}: a face found in {} of {} pictures\n", o.images, found_in(j.real), j.real.size());
  return kOk;
}

}  // namespace

void add_faces_eval(CLI::App& faces) {
  auto o = std::make_shared<Options>();
  auto* e = faces.add_subcommand("eval", "Judge a model on rendered windows and scenes that it has not seen");
  add_common(*e, o->common);
  e->add_option("--model", o->model, "Model of ebm faces train")->required();
  e->add_option("--count", o->count, "Windows with a face, and as many without")
      ->check(CLI::Range(1, 1000000))
      ->capture_default_str();
  e->add_option("--scenes", o->scenes, "Scenes of 240 x 240 with 0 to 3 faces")
      ->check(CLI::Range(1, 1000000))
      ->capture_default_str();
  e->add_option("--images", o->images, "Folder of pictures with one face each: in how many is one found?");
  e->add_option("--report", o->report, "HTML page to write");
  e->footer(
      "Example:\n  ebm faces eval --model faces.safetensors --report faces.html\n"
      "Published rates are of other pictures (Osadchy, LeCun, Miller 2007) and stand beside ours for scale.");
  add_run(*e, [o] { return eval(*o); });
}

}  // namespace ebm::app
