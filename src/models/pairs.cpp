#include "ebm/models/pairs.hpp"

#include <algorithm>
#include <iterator>
#include <map>
#include <sstream>

#include "ebm/core/error.hpp"
#include "ebm/io/file.hpp"

namespace ebm::models {
namespace {

bool before(const Pair& x, const Pair& y) { return std::pair(x.a, x.b) < std::pair(y.a, y.b); }
bool same(const Pair& x, const Pair& y) { return x.a == y.a && x.b == y.b; }

void tidy(std::vector<Pair>& pairs, int images, bool genuine) {
  std::erase_if(pairs, [](const Pair& p) { return p.a == p.b; });
  for (Pair& p : pairs) {
    if (p.a > p.b) std::swap(p.a, p.b);
    if (p.a < 0 || p.b >= images)
      throw DataError(message("[pairs] there is no image ", p.a < 0 ? p.a : p.b, " in a set of ", images));
    p.genuine = genuine;
  }
  std::ranges::sort(pairs, before);
  pairs.erase(std::unique(pairs.begin(), pairs.end(), same), pairs.end());
}

std::size_t all_pairs(int n) { return static_cast<std::size_t>(n) * static_cast<std::size_t>(n - 1) / 2; }

}  // namespace

std::size_t PairSet::impostor_count() const {
  return impostor ? impostor->size() : images < 2 ? 0 : all_pairs(images) - genuine.size();
}

bool PairSet::is_genuine(int a, int b) const {
  return std::ranges::binary_search(genuine, Pair{std::min(a, b), std::max(a, b)}, before);
}

PairSet pair_set(int images, std::vector<Pair> genuine, std::optional<std::vector<Pair>> impostor) {
  PairSet out{images, std::move(genuine), std::move(impostor)};
  tidy(out.genuine, images, true);
  if (!out.impostor) return out;
  tidy(*out.impostor, images, false);
  for (const Pair& p : *out.impostor)
    if (out.is_genuine(p.a, p.b))
      throw DataError(message("[pairs] images ", p.a, " and ", p.b, " are said to be genuine and impostor"));
  return out;
}

PairSet pairs_by_identity(std::span<const int> classes) {
  PairSet out{static_cast<int>(classes.size()), {}, {}};
  for (int a = 0; a < out.images; ++a)
    for (int b = a + 1; b < out.images; ++b)
      if (classes[static_cast<std::size_t>(a)] == classes[static_cast<std::size_t>(b)])
        out.genuine.push_back({a, b, true});
  return out;
}

PairSet with_copies(const PairSet& set, std::span<const std::vector<int>> copies, int total) {
  if (copies.size() != static_cast<std::size_t>(set.images))
    throw DataError(
        message("[pairs] copies of ", copies.size(), " images were given, the set has ", set.images));
  std::vector<Pair> genuine;
  const auto each = [&](int i, const auto& visit) {
    visit(i);
    for (const int copy : copies[static_cast<std::size_t>(i)]) visit(copy);
  };
  const auto join = [&](int i, int j) {
    each(i, [&](int a) { each(j, [&](int b) { genuine.push_back({a, b, true}); }); });
  };
  for (int i = 0; i < set.images; ++i) join(i, i);
  for (const Pair& p : set.genuine) join(p.a, p.b);
  return pair_set(total, std::move(genuine), set.impostor);
}

PairSet read_pairs(const std::filesystem::path& path, std::span<const std::string> names) {
  std::map<std::string_view, int> index;
  for (std::size_t i = 0; i < names.size(); ++i) index.emplace(names[i], static_cast<int>(i));
  std::istringstream text{std::string(io::as_text(io::read_file(path)))};
  std::vector<Pair> genuine, impostor;
  std::map<std::pair<int, int>, std::pair<bool, int>> said;  // genuine, and on which line
  std::string line;
  for (int number = 1; std::getline(text, line); ++number) {
    const auto refuse = [&](const auto&... what) {
      return FormatError(message(path.string(), ":", number, ": ", what...));
    };
    std::istringstream words(line);
    std::vector<std::string> word{std::istream_iterator<std::string>(words), {}};
    if (word.empty() || word[0].starts_with('#')) continue;
    if (word.size() != 3 || (word[2] != "0" && word[2] != "1"))
      throw refuse("a pair is two image names and 1 (genuine) or 0 (impostor), not '", line, "'");
    int place[2];
    for (int k = 0; k < 2; ++k) {
      const auto at = index.find(word[static_cast<std::size_t>(k)]);
      if (at == index.end())
        throw refuse("there is no image '", word[static_cast<std::size_t>(k)], "' among the ", names.size(),
                     " of the data; names are as in FOLDER/FILE");
      place[k] = at->second;
    }
    if (place[0] == place[1]) throw refuse("an image makes no pair with itself");
    const bool is = word[2] == "1";
    const auto [known, fresh] = said.try_emplace(std::minmax(place[0], place[1]), is, number);
    if (!fresh && known->second.first != is)
      throw refuse("line ", known->second.second, " says the opposite of this pair");
    (is ? genuine : impostor).push_back({place[0], place[1], is});
  }
  return pair_set(static_cast<int>(names.size()), std::move(genuine), std::move(impostor));
}

PairCounts ordered_pair_counts(std::span<const int> classes) {
  const PairSet set = pairs_by_identity(classes);
  return {2 * set.genuine_count() + classes.size(), 2 * set.impostor_count()};
}

std::vector<Pair> draw_pairs(const PairSet& set, int count, int batch, Rng rng) {
  if (set.genuine.empty() || set.impostor_count() == 0)
    throw DataError(message("[pairs] ", set.genuine_count(), " genuine and ", set.impostor_count(),
                            " impostor pairs: a contrastive loss needs both kinds"));
  if (batch < 2)
    throw DataError(message("[pairs] a batch of ", batch, " cannot hold a genuine and an impostor pair"));
  constexpr int kTries = 64;  // a set may have next to no impostors among a few images
  std::vector<Pair> out;
  std::vector<int> met;
  const auto any = [&](std::size_t n) { return static_cast<std::size_t>(rng.below(static_cast<int>(n))); };
  const auto impostor = [&]() -> Pair {
    if (set.impostor) return (*set.impostor)[any(set.impostor->size())];
    for (int tries = 0;; ++tries) {
      const bool near = tries < kTries;
      const int a = near ? met[any(met.size())] : rng.below(set.images),
                b = near ? met[any(met.size())] : rng.below(set.images);
      if (a != b && !set.is_genuine(a, b)) return {a, b, false};
    }
  };
  while (static_cast<int>(out.size()) < count) {
    const int size = std::min(batch, count - static_cast<int>(out.size()));
    met.clear();
    for (int i = 0; i < (size + 1) / 2; ++i) {
      out.push_back(set.genuine[any(set.genuine.size())]);
      met.insert(met.end(), {out.back().a, out.back().b});
    }
    for (int i = 0; i < size / 2; ++i) out.push_back(impostor());
  }
  return out;
}

}  // namespace ebm::models
