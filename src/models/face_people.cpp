#include "ebm/models/face_people.hpp"

#include <algorithm>

#include "ebm/core/error.hpp"
#include "ebm/core/pool.hpp"

namespace ebm::models {
namespace {

constexpr std::uint64_t kPeople = 0x9e091e;  // stream of random numbers

double share(double value) { return std::clamp(value, 0.0, 1.0); }

// The same head on another day.
FaceLook on_a_day(const FaceLook& person, Rng& rng) {
  const FaceLook other = draw_face(rng);
  FaceLook out = person;
  out.light = other.light;
  out.light.shadow = std::min(out.light.shadow, 0.6);
  out.light.exposure = person.light.exposure * (1 + 0.2 * std::clamp(rng.normal(), -2.0, 2.0));
  out.clothes = other.clothes;
  out.collar = other.collar;
  out.hair.parting = other.hair.parting;
  out.hair.fringe = std::max(0.0, person.hair.fringe + 0.8 * rng.normal());
  out.hair.thick = std::max(0.4, person.hair.thick + 0.3 * rng.normal());
  out.hair.line += 0.4 * rng.normal();
  if (person.features.beard > 0) out.features.beard = share(person.features.beard + 0.3 * rng.normal());
  if (person.features.stubble > 0) out.features.stubble = share(person.features.stubble + 0.2 * rng.normal());
  out.features.brow_dark = std::clamp(person.features.brow_dark + 0.1 * rng.normal(), 0.3, 1.0);
  out.texture = other.texture;
  out.mottle = other.mottle;
  out.shine = other.shine;
  out.distance = other.distance;
  return out;
}

// Eyes, brows and mouth of the moment; glasses come off at times.
void compose_face(FaceLook& look, Rng& rng) {
  const FaceFeatures other = draw_face(rng).features;
  FaceFeatures& f = look.features;
  f.mouth_width += 0.8 * (other.smile - f.smile);
  f.smile = other.smile;
  f.mouth_open = other.mouth_open;
  f.teeth = other.teeth;
  f.gaze_x = other.gaze_x;
  f.gaze_y = other.gaze_y;
  f.folds = other.folds;
  f.brow_height += 0.12 * rng.normal();
  if (rng.chance(0.12)) f.eye_open = 0.05;
  if (look.glasses == Glasses::dark) look.glasses = Glasses::clear;
  if (look.glasses == Glasses::clear && rng.chance(0.3)) look.glasses = Glasses::none;
  look.light.x += 0.15 * rng.normal();
  look.light.y += 0.1 * rng.normal();
  look.light.exposure *= 1 + 0.07 * rng.normal();
}

FacePerson draw_person(Rng rng) {
  FacePerson out;
  const FaceLook look = draw_face(rng);
  out.today = out.another_day = on_a_day(look, rng);
  out.size = out.another_size = rng.uniform(0.91, 1.13);
  out.background = out.another_background = rng.chance(0.7) ? rng.uniform(0.1, 0.45) : rng.uniform(0.4, 0.8);
  if (rng.chance(0.5)) {
    out.another_day = on_a_day(look, rng);
    out.another_size = rng.uniform(0.91, 1.13);
    out.another_background = share(out.background * (1 + 0.1 * rng.normal()));
  }
  out.rng = rng;
  return out;
}

}  // namespace

std::vector<FacePerson> draw_people(int people, std::uint64_t seed) {
  if (people < 1) throw DataError(message("[people] ", people, " people; ask for one at least"));
  std::vector<FacePerson> out(static_cast<std::size_t>(people));
  const Rng rng(seed, kPeople);
  for (std::size_t i = 0; i < out.size(); ++i) out[i] = draw_person(rng.fork(i));
  return out;
}

GreyMap draw_portrait(const FacePerson& person, int k, int width) {
  if (width < 23) throw DataError(message("[people] a picture ", width, " pixels wide shows no face"));
  Rng rng = person.rng.fork(static_cast<std::uint64_t>(k));
  const bool today = rng.chance(0.5);
  FaceLook look = today ? person.today : person.another_day;
  compose_face(look, rng);
  const FacePose pose{std::clamp(0.3 * rng.normal(), -0.7, 0.7), 0.15 * rng.normal(), 0.07 * rng.normal()};
  GreyMap canvas(width, width * 56 / 46);
  std::ranges::fill(canvas.values, static_cast<float>(today ? person.background : person.another_background));
  const double size = (today ? person.size : person.another_size) * (1 + 0.03 * rng.normal());
  const double x = 0.5 + 0.027 * rng.normal(), y = 0.685 + 0.038 * rng.normal();
  draw_head(look, pose, {width * x, width * y, width * size}, canvas);
  expose({.blur = width * rng.uniform(0, 0.009), .noise = 0.02}, rng, canvas);
  return canvas;
}

FacePeople make_people(int people, int pictures_each, std::uint64_t seed, int width,
                       const std::function<void()>& drawn) {
  if (pictures_each < 1)
    throw DataError(message("[people] ", pictures_each, " pictures of each; ask for one at least"));
  const std::vector<FacePerson> all = draw_people(people, seed);
  const auto each = static_cast<std::size_t>(pictures_each);
  FacePeople out;
  out.pictures.resize(all.size() * each);
  out.person.resize(out.pictures.size());
  parallel_for(all.size(), [&](std::size_t i) {
    for (std::size_t k = 0; k < each; ++k) {
      out.pictures[i * each + k] = to_image(draw_portrait(all[i], static_cast<int>(k), width));
      out.person[i * each + k] = static_cast<int>(i);
    }
    if (drawn) drawn();
  });
  return out;
}

}  // namespace ebm::models
