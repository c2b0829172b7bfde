#pragma once
// Made data that several examples share: drawn from one seed, so that every run prints the same numbers.

#include <cmath>
#include <ebm/ebm.hpp>
#include <vector>

namespace examples {

// A sentence to tag: row t of `words` is what is seen of word t, tags[t] what it is.
struct Sentence {
  ebm::Tensor words;      // [length, features]
  std::vector<int> tags;  // [length]
};

// Tags follow one another by a fixed rule four times in five; what is seen of a word is its tag's pattern in
// loud noise. So a word alone says little, and its neighbours say a lot.
inline std::vector<Sentence> tagging(int sentences, int features, int tags, std::uint64_t stream) {
  ebm::Rng patterns(7, 0), rng(7, stream);
  std::vector<double> pattern(static_cast<std::size_t>(features * tags));
  for (double& x : pattern) x = patterns.normal();
  std::vector<Sentence> out(static_cast<std::size_t>(sentences));
  for (Sentence& s : out) {
    const int length = 5 + rng.below(20);
    s.words = ebm::Tensor(ebm::Shape{length, features});
    for (int t = 0; t < length; ++t) {
      const int usual = t > 0 ? (s.tags.back() * 2 + 1) % tags : 0;
      s.tags.push_back(rng.chance(0.8) ? usual : rng.below(tags));
      for (int f = 0; f < features; ++f)
        s.words[static_cast<std::size_t>(t * features + f)] = static_cast<ebm::Real>(
            0.3 * pattern[static_cast<std::size_t>(s.tags.back() * features + f)] + rng.normal());
    }
  }
  return out;
}

// One point of y = x^2, for x in [-1, 1].
struct Point {
  ebm::Tensor x;  // [1]
  ebm::Real y;
};

inline std::vector<Point> parabola(int points) {
  ebm::Rng rng(3);
  std::vector<Point> out;
  for (int i = 0; i < points; ++i) {
    const double x = rng.uniform(-1, 1);
    out.push_back({ebm::Tensor(static_cast<ebm::Real>(x)), static_cast<ebm::Real>(x * x)});
  }
  return out;
}

}  // namespace examples
