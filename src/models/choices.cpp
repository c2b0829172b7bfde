// What a pass over choices looks at.

#include <algorithm>
#include <iterator>

#include "ebm/core/error.hpp"
#include "ebm/models/pairs.hpp"

namespace ebm::models {
namespace {

constexpr std::size_t kAlike = 3;  // drawn together with an image, at most
constexpr int kTries = 64;         // a set may have next to no impostors among a few images

using Images = std::vector<std::vector<int>>;  // [images], those like each, or unlike it

Images lists(const PairSet& set, const std::vector<Pair>& pairs) {
  Images out(static_cast<std::size_t>(set.images));
  for (const Pair& p : pairs) {
    out[static_cast<std::size_t>(p.a)].push_back(p.b);
    out[static_cast<std::size_t>(p.b)].push_back(p.a);
  }
  return out;
}

std::size_t any(Rng& rng, std::size_t n) { return static_cast<std::size_t>(rng.below(static_cast<int>(n))); }

// The first `n` are a random choice of all.
void shuffle(std::vector<int>& v, std::size_t n, Rng& rng) {
  for (std::size_t i = 0; i < std::min(n, v.size()); ++i) std::swap(v[i], v[i + any(rng, v.size() - i)]);
}

}  // namespace

std::vector<Choice> draw_choices(const PairSet& set, int count, int batch, int images, Rng rng) {
  if (set.genuine.empty() || set.impostor_count() == 0)
    throw DataError(message("[choices] ", set.genuine_count(), " genuine and ", set.impostor_count(),
                            " impostor pairs: a choice needs both kinds"));
  if (batch < 1 || images < 2)
    throw DataError(message("[choices] a batch of ", batch, " choices among ", images, " images has none"));
  Images alike = lists(set, set.genuine);
  Images unlike = set.impostor ? lists(set, *set.impostor) : Images{};
  for (auto& those : unlike) std::ranges::sort(those);
  // Whoever can stand in a choice: has one like it, and one unlike it.
  std::vector<int> able;
  for (int i = 0; i < set.images; ++i) {
    const auto u = static_cast<std::size_t>(i);
    const bool has_unlike =
        set.impostor ? !unlike[u].empty() : alike[u].size() + 1 < static_cast<std::size_t>(set.images);
    if (!alike[u].empty() && has_unlike) able.push_back(i);
  }
  std::vector<char> is_able(static_cast<std::size_t>(set.images));
  for (const int i : able) is_able[static_cast<std::size_t>(i)] = 1;
  if (able.empty()) throw DataError("[choices] no image stands both in a genuine and in an impostor pair");
  std::vector<int> near;  // given impostors that were drawn too
  const auto impostor = [&](int image, const std::vector<int>& met) {
    if (set.impostor) {
      const auto& those = unlike[static_cast<std::size_t>(image)];
      near.clear();
      std::ranges::set_intersection(those, met, std::back_inserter(near));
      const auto& from = near.empty() ? those : near;
      return from[any(rng, from.size())];
    }
    for (int tries = 0;; ++tries) {
      const int other = tries < kTries ? met[any(rng, met.size())] : rng.below(set.images);
      if (other != image && !set.is_genuine(image, other)) return other;
    }
  };

  std::vector<Choice> out;
  std::vector<int> met;
  std::vector<Pair> found;  // a is an image that can choose, b one like it
  while (static_cast<int>(out.size()) < count) {
    met.clear();
    found.clear();
    shuffle(able, static_cast<std::size_t>(images), rng);
    for (const int image : able) {
      if (static_cast<int>(met.size()) >= images) break;
      auto& others = alike[static_cast<std::size_t>(image)];
      shuffle(others, kAlike, rng);
      met.push_back(image);
      met.insert(met.end(), others.begin(),
                 others.begin() + static_cast<std::ptrdiff_t>(std::min(kAlike, others.size())));
    }
    std::ranges::sort(met);
    met.erase(std::unique(met.begin(), met.end()), met.end());
    for (const int a : met)
      if (is_able[static_cast<std::size_t>(a)])
        for (const int b : met)
          if (a != b && set.is_genuine(a, b)) found.push_back({a, b, true});
    const int size = std::min(batch, count - static_cast<int>(out.size()));
    for (int i = 0; i < size; ++i) {
      // All of them in turn, in a random order that starts anew when they are used up.
      const std::size_t place = static_cast<std::size_t>(i) % found.size();
      if (place == 0)
        for (std::size_t k = 0; k + 1 < found.size(); ++k)
          std::swap(found[k], found[k + any(rng, found.size() - k)]);
      Choice c{.image = found[place].a};
      c.candidates[0] = found[place].b;
      for (std::size_t k = 1; k < c.candidates.size(); ++k) c.candidates[k] = impostor(c.image, met);
      out.push_back(c);
    }
  }
  return out;
}

}  // namespace ebm::models
