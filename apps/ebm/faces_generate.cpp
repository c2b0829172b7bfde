// ebm faces generate

#include <fmt/core.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <numbers>

#include "ebm/core/error.hpp"
#include "ebm/core/interrupt.hpp"
#include "ebm/core/pool.hpp"
#include "ebm/models/face_scenes.hpp"
#include "ebm/report/progress.hpp"
#include "faces.hpp"
#include "staged.hpp"

namespace ebm::app {
namespace {

namespace fs = std::filesystem;
constexpr double kDegrees = 180 / std::numbers::pi;

struct Options {
  Common common;
  std::string out, backgrounds, sheet;
  int count = 100, size = 0, faces = 3;
  double yaw = 90, pitch = 20, roll = 45;
  bool scenes = false;
};

/// "face_000012.png", "scene_000012.png"
std::string name_of(const Options& o, std::size_t i) {
  return fmt::format("{}_{:06}.png", o.scenes ? "scene" : "face", i);
}

bool is_made(const std::string& name) {
  return is_numbered(name, "face_", ".png") || is_numbered(name, "scene_", ".png");
}

/// Refuses a folder with anything in it that this command does not write.
void check_folder(const fs::path& folder) {
  if (!fs::is_directory(folder)) return;
  for (const auto& entry : fs::directory_iterator(folder)) {
    const std::string name = entry.path().filename().string();
    if (!is_made(name) && name != "labels.json" && name != ".faces.part")
      throw DataError(fmt::format("{} holds {}, which is no generated face; give a new or empty folder",
                                  folder.string(), name));
  }
}

/// The first pictures beside each other, twelve in a row.
class Sheet {
 public:
  Sheet(int count, int side) : side_(side), map_(side * std::min(count, kColumns), side * rows(count)) {}
  void put(std::size_t i, const models::GreyMap& picture) {
    if (i >= static_cast<std::size_t>(kColumns * kRows)) return;
    const int left = static_cast<int>(i % kColumns) * side_, top = static_cast<int>(i / kColumns) * side_;
    for (int y = 0; y < side_; ++y)
      std::copy_n(&picture.values[picture.index(0, y)], side_, &map_.at(left, top + y));
  }
  const models::GreyMap& map() const { return map_; }

 private:
  static constexpr int kColumns = 12, kRows = 6;
  static int rows(int count) { return std::min(kRows, (count + kColumns - 1) / kColumns); }

  int side_;
  models::GreyMap map_;
};

double hundredths(double value) { return std::round(100 * value) / 100; }

nlohmann::json as_json(const models::FaceWindow& window, const models::FacePose& pose) {
  return {{"x", hundredths(window.x)},
          {"y", hundredths(window.y)},
          {"size", hundredths(window.size)},
          {"yaw", hundredths(kDegrees * pose.yaw)},
          {"pitch", hundredths(kDegrees * pose.pitch)},
          {"roll", hundredths(kDegrees * pose.roll)}};
}

int generate(Options o) {
  apply(o.common);
  if (o.size == 0) o.size = o.scenes ? 240 : models::kFaceSide;
  std::vector<fs::path> photographs;
  if (!o.backgrounds.empty()) photographs = io::list_images(o.backgrounds);
  std::error_code ignored;
  if (!o.backgrounds.empty() && fs::equivalent(o.out, o.backgrounds, ignored))
    throw CLI::ValidationError("--out",
                               o.out + " is also read (--backgrounds); name another folder to write");
  if (!o.sheet.empty() && fs::equivalent(fs::absolute(o.sheet).parent_path(), o.out, ignored))
    throw CLI::ValidationError("--sheet",
                               o.sheet + " lies in --out, among the generated pictures; name another");
  if (!o.sheet.empty()) check_outputs(o.common, {{"--sheet", o.sheet}}, photographs);
  std::vector<models::GreyMap> natural;
  for (const fs::path& path : photographs) natural.push_back(models::to_light(io::read_image(path)));
  models::FaceRanges ranges;
  ranges.yaw = o.yaw / kDegrees;
  ranges.pitch = o.pitch / kDegrees;
  ranges.roll = o.roll / kDegrees;
  models::SceneOptions scenes;
  scenes.width = scenes.height = o.size;
  scenes.most = o.faces;
  scenes.largest = 0.5 * o.size;
  scenes.ranges = ranges;
  if (o.scenes && scenes.largest < scenes.smallest)
    throw DataError(
        fmt::format("scenes of {0} x {0} are too small for faces of {1} pixels; give --size {2} or more",
                    o.size, scenes.smallest, 2 * scenes.smallest));
  check_folder(o.out);
  const InterruptGuard guard;
  const Staged staged(o.out, "faces", "labels.json", is_made);
  Sheet sheet(o.sheet.empty() ? 0 : o.count, o.size);
  std::vector<nlohmann::json> rows(static_cast<std::size_t>(o.count));
  report::Progress::Options shown;
  shown.quiet = o.common.quiet;
  report::Progress bar("generating", rows.size(), shown);
  parallel_for(rows.size(), [&](std::size_t i) {
    if (interrupted()) return;
    nlohmann::json faces = nlohmann::json::array();
    models::GreyMap image;
    if (o.scenes) {
      models::FaceScene scene = models::make_scene(scenes, o.common.seed, i, natural);
      for (const models::SceneFace& face : scene.faces) faces.push_back(as_json(face.window, face.pose));
      image = std::move(scene.image);
    } else {
      models::FaceCrop crop = models::make_face(o.size, o.common.seed, i, ranges, natural);
      faces.push_back(as_json(crop.window, crop.pose));
      image = std::move(crop.image);
    }
    io::write_png(staged / name_of(o, i), models::to_image(image));
    if (!o.sheet.empty()) sheet.put(i, image);  // each has a place of its own
    rows[i] = {{"file", name_of(o, i)}, {"faces", std::move(faces)}};
    bar.advance();
  });
  if (interrupted()) throw Interrupted("[faces] stopped by a signal; " + o.out + " is as it was");
  bar.finish();
  std::size_t faces = 0;
  for (const auto& row : rows) faces += row.at("faces").size();
  io::write_file(
      staged / "labels.json",
      nlohmann::json{{"seed", o.common.seed}, {"width", o.size}, {"height", o.size}, {"images", rows}}.dump(
          1) +
          "\n");
  staged.take_place();
  if (!o.sheet.empty()) io::write_png(o.sheet, models::to_image(sheet.map()));
  if (o.common.json)
    print({{"count", o.count}, {"faces", faces}, {"size", o.size}, {"out", o.out}, {"seed", o.common.seed}});
  else
    say(o.common, fmt::format("{} pictures with {} faces in {}", o.count, faces, o.out));
  return kOk;
}

}  // namespace

void add_faces_generate(CLI::App& faces) {
  auto o = std::make_shared<Options>();
  auto* a = faces.add_subcommand("generate", "Rendered faces, or scenes with faces, and where they are");
  add_common(*a, o->common);
  a->add_option("--out", o->out, "Folder for the PNG images and labels.json")->required();
  a->add_option("--count", o->count, "How many pictures")
      ->check(CLI::Range(1, 1000000))
      ->capture_default_str();
  a->add_flag("--scenes", o->scenes, "Scenes with 0 or more faces instead of one face a picture");
  a->add_option("--size", o->size, "Side of a picture, pixels; 32, of scenes 240, when not given")
      ->check(CLI::Range(16, 4096));
  a->add_option("--faces", o->faces, "The most faces a scene may have")
      ->check(CLI::Range(0, 100))
      ->capture_default_str();
  a->add_option("--yaw", o->yaw, "Faces turn left and right up to so many degrees")
      ->check(between(0, 90))
      ->capture_default_str();
  a->add_option("--pitch", o->pitch, "They look up and down up to so many")
      ->check(between(0, 60))
      ->capture_default_str();
  a->add_option("--roll", o->roll, "They lean left and right up to so many")
      ->check(between(0, 45))
      ->capture_default_str();
  a->add_option("--backgrounds", o->backgrounds,
                "Folder with pictures without faces, to stand behind half of them");
  a->add_option("--sheet", o->sheet, "One PNG with the first 72 pictures beside each other, to look at");
  a->footer(
      "Example:\n  ebm faces generate --count 1000 --out faces --seed 7\n  ebm faces generate --scenes "
      "--count "
      "20 --out scenes --backgrounds photographs\nPicture i of a seed is always the same, and an earlier set "
      "there is replaced once the new one is "
      "complete. labels.json: for "
      "each image its faces, each with the middle x, y and the side `size` of the square around it, pixels, "
      "and yaw (> 0: towards the picture's right), pitch (> 0: up), roll (> 0: clockwise), degrees.");
  add_run(*a, [o] { return generate(*o); });
}

}  // namespace ebm::app
