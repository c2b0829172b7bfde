#include "siamese_report.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <functional>

#include "ebm/models/principal_plane.hpp"
#include "ebm/report/format.hpp"
#include "ebm/report/picture_map.hpp"
#include "ebm/report/plot.hpp"
#include "roc_chart.hpp"

namespace ebm::app {
namespace {

using report::fixed;
using report::grouped;
using report::percent;

constexpr std::size_t kPictures = 1500;  // more would make a page too heavy for a browser
constexpr std::size_t kWorst = 12;

std::string map_note(const Faces& faces) {
  std::string out =
      "A dot is a picture, a colour is a person; point at a dot to see it. The axes are the two directions "
      "in "
      "which the embeddings differ most, so people may lie apart although they overlap here.";
  if (faces.files.size() > kPictures)
    out += fmt::format(" Of {} pictures only the first {} are shown when pointed at.", faces.files.size(),
                       kPictures);
  return out;
}

std::string energy_chart(const FaceVerdict& v) {
  report::Histogram h;
  h.label = "Energies of genuine and of impostor pairs";
  h.x.title = "energy of a pair";
  h.x.low = 0.0;
  h.bins = 40;
  h.samples = {{"genuine", v.energies.genuine}, {"impostor", v.energies.impostor}};
  h.y.title = "pairs";
  h.y.whole = true;
  h.marks = {{models::threshold_at(v.curve, v.equal_error), "equal error", true}};
  return report::histogram(h);
}

std::string both(const Faces& faces, const models::PairEnergy& pair) {
  constexpr double kHeight = 140;
  const io::Image &a = faces.pictures[static_cast<std::size_t>(pair.a)],
                  &b = faces.pictures[static_cast<std::size_t>(pair.b)];
  const double wa = kHeight * a.width / a.height, wb = kHeight * b.width / b.height;
  report::Svg svg(wa + wb + 8, kHeight, "two pictures");
  svg.image(0, 0, wa, kHeight, a).image(wa + 8, 0, wb, kHeight, b);
  return svg.str();
}

void add_worst(report::Page& page, const Faces& faces, const FaceVerdict& v, bool genuine) {
  std::vector<models::PairEnergy> pairs;
  for (const models::PairEnergy& p : v.pairs)
    if (p.genuine == genuine) pairs.push_back(p);
  const std::size_t shown = std::min(kWorst, pairs.size());
  std::ranges::partial_sort(
      pairs, pairs.begin() + static_cast<std::ptrdiff_t>(shown),
      [&](const auto& x, const auto& y) { return genuine ? x.energy > y.energy : x.energy < y.energy; });
  std::vector<report::Card> cards;
  for (std::size_t i = 0; i < shown; ++i)
    cards.push_back({both(faces, pairs[i]),
                     "energy " + fixed(pairs[i].energy, 2),
                     {faces.files[static_cast<std::size_t>(pairs[i].a)],
                      faces.files[static_cast<std::size_t>(pairs[i].b)]},
                     report::Card::Tone::bad});
  page.section(genuine ? "One person, yet far apart" : "Two people, yet close",
               genuine ? "The genuine pairs of highest energy." : "The impostor pairs of lowest energy.");
  page.gallery(cards);
}

std::string accept_text(const FaceVerdict& v) {
  return fmt::format("{} at 7.5 %, {} at 5 %", percent(v.accepts(0.075)), percent(v.accepts(0.05)));
}

}  // namespace

std::string face_map(const Faces& faces, ConstView embedding) {
  const Tensor plane = models::principal_plane(embedding);
  report::PictureMap map{.label = "Pictures by their embeddings", .points = {}};
  for (std::size_t i = 0; i < faces.files.size(); ++i)
    map.points.push_back({static_cast<double>(plane[2 * i]), static_cast<double>(plane[2 * i + 1]),
                          faces.person[i], faces.files[i], i < kPictures ? faces.pictures[i] : io::Image{}});
  return report::picture_map(map);
}

void write_face_map(const std::filesystem::path& path, const Faces& faces, ConstView embedding) {
  report::Page page("A map of faces",
                    fmt::format("{} pictures of {} people.", faces.files.size(), faces.people.size()));
  page.section("The map", map_note(faces)).figure(face_map(faces, embedding));
  page.save(path);
}

void write_face_report(const std::filesystem::path& path, const Faces& faces, ConstView embedding,
                       const FaceVerdict& v, const std::vector<std::string>& known) {
  report::Page page(
      "One person or two: a learned metric for faces",
      "The energy of two pictures is the L1 distance of what one net makes of each (Chopra, Hadsell, LeCun "
      "2005). A pair whose energy is at most a threshold is taken for one person.");
  page.tiles(
      {{"Equal error", percent(v.equal_error), interval_text(v, 1)},
       {"False accepts at 10 % false rejects", percent(v.accepts(0.1)), accept_text(v)},
       {"Equal error of pixels", percent(v.pixel_equal_error), "L1 distance of the pictures themselves"},
       {"One-shot recognition", percent(v.one_shot), "nearest of one picture a person"},
       {"People", grouped(static_cast<long long>(faces.people.size())),
        known.empty() ? "none of them in the training"
                      : fmt::format("{} of them in the training", known.size())},
       {"Pairs", grouped(static_cast<long long>(v.pairs.size())),
        fmt::format("{} genuine, {} impostor", grouped(static_cast<long long>(v.energies.genuine.size())),
                    grouped(static_cast<long long>(v.energies.impostor.size())))}});
  if (!known.empty())
    page.paragraph(
        fmt::format("In the training were {}: figures of people that the net has seen say little of "
                    "strangers. Judge with --only held-out to leave them out.",
                    some_of(known, 12)));
  page.section("Energies", "Genuine pairs should lie low, impostors high; a threshold cuts between.");
  page.figure(energy_chart(v))
      .figure(roc_chart({.label = "False accepts against false rejects",
                         .rejected = "genuine pairs rejected",
                         .accepted = "impostor pairs accepted",
                         .curves = {{"learned metric", v.curve}, {"pixels", v.pixels, true}}}),
              "Lower left is better.");
  page.section("The map", map_note(faces)).figure(face_map(faces, embedding));
  add_worst(page, faces, v, true);
  add_worst(page, faces, v, false);
  page.save(path);
}

}  // namespace ebm::app
