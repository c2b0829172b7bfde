// ebm siamese generate

#include <fmt/core.h>

#include <cstdint>
#include <filesystem>

#include "ebm/core/error.hpp"
#include "ebm/core/interrupt.hpp"
#include "ebm/core/pool.hpp"
#include "ebm/io/image.hpp"
#include "ebm/models/face_people.hpp"
#include "ebm/report/progress.hpp"
#include "siamese.hpp"

namespace ebm::app {
namespace {

namespace fs = std::filesystem;

struct Options {
  Common common;
  std::string out;
  int people = 40, pictures = 10;
};

// What is left of a folder goes with it.
struct Removed {
  fs::path folder;
  ~Removed() {
    std::error_code ignored;
    fs::remove_all(folder, ignored);
  }
};

// The set grows in a folder beside OUT, which takes that name when it is complete.
int generate(const Options& o) {
  apply(o.common);
  std::error_code error;
  if (fs::exists(o.out, error) && !fs::is_empty(o.out, error))
    throw DataError(o.out + " is there and is not empty; give a new folder, or remove it");
  fs::path part = fs::path(o.out).lexically_normal();
  if (!part.has_filename()) part = part.parent_path();
  const fs::path out = part;
  part.replace_filename("." + out.filename().string() + ".part");
  const Removed whatever_happens{part};
  fs::remove_all(part, error);
  fs::create_directories(part, error);
  if (error) throw DataError(part.string() + ": cannot make this folder: " + error.message());
  const InterruptGuard guard;
  const std::vector<models::FacePerson> people = models::draw_people(o.people, o.common.seed);
  report::Progress::Options shown;
  shown.quiet = o.common.quiet;
  report::Progress bar("generating", people.size(), shown);
  parallel_for(people.size(), [&](std::size_t i) {
    if (interrupted()) return;
    const fs::path folder = part / fmt::format("p{}", i + 1);
    std::error_code failed;
    fs::create_directory(folder, failed);
    if (failed) throw DataError(folder.string() + ": cannot make this folder: " + failed.message());
    for (int k = 0; k < o.pictures; ++k)
      io::write_png(folder / fmt::format("{}.png", k + 1),
                    models::to_image(models::draw_portrait(people[i], k, models::kPortraitWidth)));
    bar.advance();
  });
  if (interrupted()) throw Interrupted("[siamese] stopped by a signal; nothing was written");
  bar.finish();
  fs::remove(out, error);  // an empty folder
  fs::rename(part, out, error);
  if (error) throw DataError(out.string() + ": cannot be put there: " + error.message());
  const auto pictures = std::int64_t{o.people} * o.pictures;
  if (o.common.json)
    print({{"people", o.people}, {"images", pictures}, {"out", o.out}, {"seed", o.common.seed}});
  else
    say(o.common, fmt::format("{} pictures of {} people in {}", pictures, o.people, o.out));
  return kOk;
}

}  // namespace

void add_siamese_generate(CLI::App& siamese) {
  auto o = std::make_shared<Options>();
  auto* g = siamese.add_subcommand("generate", "Rendered people, a folder of pictures for each");
  add_common(*g, o->common);
  g->add_option("--out", o->out, "New folder, for a folder p1, p2, .. of PNG images for each person")
      ->required();
  g->add_option("--people", o->people, "How many people")
      ->check(CLI::Range(1, 1000000))
      ->capture_default_str();
  g->add_option("--pictures", o->pictures, "Pictures of each, 92 x 112 pixels")
      ->check(CLI::Range(1, 10000))
      ->capture_default_str();
  g->footer(
      "Example:\n  ebm siamese generate --people 40 --out people --seed 7\n"
      "Pose, expression and light change from picture to picture, and half of the people are seen on two "
      "days. Person i of a seed is always the same. Training starts from such people too: give another "
      "--seed than there.");
  add_run(*g, [o] { return generate(*o); });
}

}  // namespace ebm::app
