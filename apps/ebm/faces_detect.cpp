// ebm faces detect

#include <fmt/core.h>

#include <filesystem>

#include "ebm/core/error.hpp"
#include "ebm/core/pool.hpp"
#include "ebm/models/face_detector.hpp"
#include "faces.hpp"
#include "faces_report.hpp"

namespace ebm::app {
namespace {

namespace fs = std::filesystem;

struct Options {
  Common common;
  std::string model, out, report;
  std::vector<std::string> images;
  models::FaceSearch search;
};

nlohmann::json as_json(const models::FaceDetection& f) {
  return {{"x", f.x}, {"y", f.y}, {"size", f.size}, {"yaw", f.yaw}, {"roll", f.roll}, {"energy", f.energy}};
}

std::string annotated_path(const Options& o, std::size_t i) {
  return (fs::path(o.out) / fmt::format("{:04}_{}.png", i, fs::path(o.images[i]).stem().string())).string();
}

int detect(Options& o) {
  apply(o.common);
  if (o.search.largest < o.search.smallest)
    throw CLI::ValidationError("--largest",
                               fmt::format("{} is below --smallest {}", o.search.largest, o.search.smallest));
  if (!o.report.empty()) {
    Inputs inputs(o.images.begin(), o.images.end());
    inputs.emplace_back(o.model);
    check_outputs(o.common, {{"--report", o.report}}, inputs);
  }
  if (!o.out.empty()) {
    std::error_code error;
    fs::create_directories(o.out, error);
    if (error) throw DataError(o.out + ": cannot make this folder: " + error.message());
    Outputs annotated;
    for (std::size_t i = 0; i < o.images.size(); ++i) annotated.emplace_back("--out", annotated_path(o, i));
    check_outputs(o.common, annotated, Inputs(o.images.begin(), o.images.end()));
  }
  const models::FaceDetector detector = models::FaceDetector::load(o.model);
  std::vector<FacePicture> pictures(o.images.size());
  parallel_for(pictures.size(), [&](std::size_t i) {
    FacePicture& p = pictures[i];
    p.name = o.images[i];
    try {
      p.image = io::read_image(p.name);
      p.found.faces = detector.detect(p.image, o.search);
    } catch (const DataError& e) {  // the other pictures are still worth searching
      p.found.reason = e.what();
    }
  });
  int code = kOk;
  std::size_t skipped = 0, faces = 0;
  nlohmann::json list = nlohmann::json::array();
  for (std::size_t i = 0; i < pictures.size(); ++i) {
    const FacePicture& p = pictures[i];
    nlohmann::json one{{"image", p.name}, {"faces", nlohmann::json::array()}};
    for (const models::FaceDetection& f : p.found.faces) one["faces"].push_back(as_json(f));
    faces += p.found.faces.size();
    if (!p.found.reason.empty()) {
      ++skipped;
      code = kData;
      one["reason"] = p.found.reason;
      complain("ebm: " + (p.found.reason.starts_with(p.name) ? std::string() : p.name + ": ") +
               p.found.reason);
    } else if (!o.common.json) {
      for (const models::FaceDetection& f : p.found.faces)
        fmt::print("{}\t{:.1f}\t{:.1f}\t{:.1f}\t{:.1f}\t{:.1f}\t{:.4f}\n", p.name, f.x, f.y, f.size, f.yaw,
                   f.roll, f.energy);
    }
    if (!o.out.empty() && p.found.reason.empty()) io::write_png(annotated_path(o, i), annotated(p));
    list.push_back(std::move(one));
  }
  if (!o.report.empty()) write_detections(o.report, detector, pictures);
  if (o.common.json)
    print(list);
  else
    say(o.common, fmt::format("{} faces in {} pictures{}", faces, pictures.size() - skipped,
                              skipped ? fmt::format(", {} skipped", skipped) : std::string()));
  return code;
}

}  // namespace

std::vector<models::GreyMap> read_pictures(const Common& common, const std::string& folder) {
  std::vector<models::GreyMap> out;
  std::size_t small = 0;
  for (const fs::path& path : io::list_images(folder)) {
    out.push_back(models::to_light(io::read_image(path)));
    if (std::min(out.back().width, out.back().height) < models::kViewSide) out.pop_back(), ++small;
  }
  if (out.empty())
    throw DataError(fmt::format("{}: no picture is at least {} x {} pixels", folder, models::kViewSide,
                                models::kViewSide));
  say(common, fmt::format("{}: {} pictures{}", folder, out.size(),
                          small ? fmt::format(", {} too small", small) : std::string()));
  return out;
}

void add_faces_detect(CLI::App& faces) {
  auto o = std::make_shared<Options>();
  auto* d = faces.add_subcommand("detect", "Find faces: picture, x, y, size, yaw, roll, energy");
  add_common(*d, o->common);
  d->add_option("IMAGE", o->images, "PGM, PNG or JPEG files")->required();
  d->add_option("--model", o->model, "Model of ebm faces train")->required();
  d->add_option("--out", o->out, "Folder for copies of the pictures with the windows drawn in");
  d->add_option("--report", o->report, "HTML page to write");
  d->add_option("--threshold", o->search.threshold,
                "Energy below which a window is a face; default: the model's")
      ->check(between(0, 1e9));
  d->add_option("--smallest", o->search.smallest, "Side of the smallest window, pixels")
      ->check(between(8, 1e6))
      ->capture_default_str();
  d->add_option("--largest", o->search.largest,
                "Side of the largest window, pixels; default: as the picture allows")
      ->check(between(8, 1e6));
  d->add_option("--border", o->search.border, "How far windows may reach over the edge, of their side")
      ->check(between(0, 0.5))
      ->capture_default_str();
  d->add_option("--step", o->search.step, "Between scales")->check(between(1.01, 10))->capture_default_str();
  d->footer(
      "Example:\n  ebm faces detect --model faces.safetensors a.jpg b.png --out found\n"
      "x, y: middle of the window; size: its side, of which brows to chin fill 0.7; yaw > 0: turned to the\n"
      "picture's right; roll > 0: leaning clockwise; degrees. A picture that cannot be searched is named on\n"
      "stderr, and the exit code is then 3.");
  add_run(*d, [o] { return detect(*o); });
}

}  // namespace ebm::app
