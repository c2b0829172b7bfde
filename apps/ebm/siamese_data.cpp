#include "siamese_data.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>

#include "ebm/core/error.hpp"

namespace ebm::app {
namespace {

Faces filtered(const Faces& faces, const std::vector<char>& keep) {
  Faces out;
  std::map<int, int> index;
  std::vector<io::Image> pictures;
  for (std::size_t i = 0; i < faces.files.size(); ++i) {
    if (!keep[static_cast<std::size_t>(faces.person[i])]) continue;
    const auto [at, fresh] = index.try_emplace(faces.person[i], static_cast<int>(out.people.size()));
    if (fresh) out.people.push_back(faces.people[static_cast<std::size_t>(faces.person[i])]);
    out.files.push_back(faces.files[i]);
    out.person.push_back(at->second);
    out.pictures.push_back(faces.pictures[i]);
  }
  out.inputs = models::face_inputs(out.pictures);
  return out;
}

std::vector<char> named(const Faces& faces, const std::vector<std::string>& people) {
  std::vector<char> out(faces.people.size());
  for (const std::string& name : people) {
    const auto at = std::ranges::find(faces.people, name);
    if (at == faces.people.end())
      throw DataError(fmt::format("there is no person '{}' among {}", name, some_of(faces.people)));
    out[static_cast<std::size_t>(at - faces.people.begin())] = 1;
  }
  return out;
}

}  // namespace

std::string some_of(const std::vector<std::string>& names, std::size_t most) {
  const std::size_t shown = std::min(most, names.size());
  std::string out =
      fmt::format("{}", fmt::join(names.begin(), names.begin() + static_cast<std::ptrdiff_t>(shown), ", "));
  return names.size() > shown ? fmt::format("{} and {} more", out, names.size() - shown) : out;
}

Faces read_faces(const Common& common, const std::string& data) {
  io::ClassFolders folders = io::read_class_folders(data);
  Faces out;
  out.people = std::move(folders.classes);
  for (const std::string& name : out.people) try {  // reports and models hold names as text
      (void)nlohmann::json(name).dump();
    } catch (const nlohmann::json::exception&) {
      throw DataError(
          fmt::format("{}: the folder name {} is no UTF-8; rename it", data,
                      nlohmann::json(name).dump(-1, ' ', true, nlohmann::json::error_handler_t::replace)));
    }
  for (io::ClassImage& image : folders.images) {
    out.files.push_back(std::move(image.file));
    out.person.push_back(image.of);
    out.pictures.push_back(std::move(image.image));
  }
  out.skipped = folders.skipped.size();
  out.inputs = models::face_inputs(out.pictures);
  say(common, fmt::format("{}: {} pictures of {} people", data, out.files.size(), out.people.size()));
  if (!folders.empty.empty()) say(common, "without a picture: " + some_of(folders.empty));
  if (out.skipped > 0) {
    say(common, fmt::format("{} skipped:", out.skipped));
    for (std::size_t i = 0; i < out.skipped && i < 10; ++i) say(common, "  " + folders.skipped[i]);
    if (out.skipped > 10) say(common, fmt::format("  .. and {} more", out.skipped - 10));
  }
  return out;
}

Faces only(const Faces& faces, const std::vector<std::string>& people) {
  Faces out = filtered(faces, named(faces, people));
  out.skipped = faces.skipped;
  return out;
}

Faces without(const Faces& faces, const std::vector<std::string>& people) {
  std::vector<char> keep = named(faces, people);
  for (char& k : keep) k = !k;
  Faces out = filtered(faces, keep);
  out.skipped = faces.skipped;
  return out;
}

std::vector<int> seen_by(const models::PairSet& pairs, const Faces& faces) {
  std::set<int> out;
  for (const models::Pair& p : pairs.genuine) out.insert({p.a, p.b});
  if (pairs.impostor) {
    for (const models::Pair& p : *pairs.impostor) out.insert({p.a, p.b});
  } else {
    for (std::size_t i = 0; i < faces.files.size(); ++i) out.insert(static_cast<int>(i));
  }
  return {out.begin(), out.end()};
}

std::vector<std::string> people_of(const std::vector<int>& pictures, const Faces& faces) {
  std::set<int> people;
  for (const int i : pictures) people.insert(faces.person[static_cast<std::size_t>(i)]);
  std::vector<std::string> out;
  for (const int p : people) out.push_back(faces.people[static_cast<std::size_t>(p)]);
  return out;
}

FaceVerdict judge(const Faces& faces, ConstView embedding, int gallery, int shots, std::uint64_t seed) {
  FaceVerdict out;
  out.pairs = models::all_pairs(embedding, faces.person);
  out.energies = models::energies_by_kind(out.pairs);
  if (out.energies.genuine.empty() || out.energies.impostor.empty())
    throw DataError(fmt::format(
        "{} pictures of {} people make {} genuine and {} impostor pairs; judging needs two people, and one "
        "with two pictures",
        faces.files.size(), faces.people.size(), out.energies.genuine.size(), out.energies.impostor.size()));
  out.curve = models::roc(out.energies.genuine, out.energies.impostor);
  out.equal_error = models::equal_error(out.curve);
  if (faces.people.size() > 2)
    out.interval = models::equal_error_interval(out.pairs, faces.person, Rng(seed, 0xb007));
  const models::TwoKinds pixels = models::energies_by_kind(models::all_pairs(faces.inputs, faces.person));
  out.pixels = models::roc(pixels.genuine, pixels.impostor);
  out.pixel_equal_error = models::equal_error(out.pixels);
  out.one_shot = models::recognition(embedding, faces.person, shots, Rng(seed, 0x0a5));
  try {
    const models::TwoKinds density = models::density_energies(embedding, faces.person, gallery);
    out.density_equal_error = models::equal_error(models::roc(density.genuine, density.impostor));
  } catch (const DataError&) {  // too few pictures of everybody: told as unknown
  }
  return out;
}

std::string interval_text(const FaceVerdict& v, int digits) {
  if (!v.interval) return "no interval: too few people";
  return fmt::format("95 % interval over people {:.{}f} to {:.{}f}", 100 * v.interval->low, digits,
                     100 * v.interval->high, digits);
}

nlohmann::json to_json(const Faces& faces, const FaceVerdict& v) {
  return {{"people", faces.people.size()},
          {"images", faces.files.size()},
          {"genuine", v.energies.genuine.size()},
          {"impostor", v.energies.impostor.size()},
          {"equal_error", v.equal_error},
          {"false_accepts_at_10", v.accepts(0.10)},
          {"false_accepts_at_7_5", v.accepts(0.075)},
          {"false_accepts_at_5", v.accepts(0.05)},
          {"one_shot_accuracy", v.one_shot},
          {"equal_error_interval_95",
           v.interval ? nlohmann::json{v.interval->low, v.interval->high} : nlohmann::json()},
          {"pixel_equal_error", v.pixel_equal_error},
          {"density_equal_error", v.density_equal_error},
          {"skipped", faces.skipped}};
}

}  // namespace ebm::app
