#pragma once
/// \file
/// Pairs for metric learning (Chopra, Hadsell, LeCun 2005; Hadsell, Chopra, LeCun 2006): which two images of
/// a set are alike (genuine) and which are not (impostor). Alike may mean the same person, neighbours in
/// pixel space, copies of one image moved about, or whatever a file says.

#include <array>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "ebm/core/rng.hpp"
#include "ebm/core/tensor.hpp"

namespace ebm::models {

/// Two images by their place in a set.
struct Pair {
  int a = 0, b = 0;
  bool genuine = true;
  bool operator==(const Pair&) const = default;
};

/// All that is known of a set of images. Unordered, without self pairs, each once.
struct PairSet {
  int images = 0;
  std::vector<Pair> genuine;                  ///< sorted, a < b
  std::optional<std::vector<Pair>> impostor;  ///< none: every pair that is not genuine

  std::size_t genuine_count() const { return genuine.size(); }
  std::size_t impostor_count() const;
  bool is_genuine(int a, int b) const;
};

/// Sorts, puts the lower index first, and drops self pairs and repetitions.
/// \throws DataError for an index outside the set, or a pair said to be both.
PairSet pair_set(int images, std::vector<Pair> genuine, std::optional<std::vector<Pair>> impostor = {});

/// Genuine: images of the same class (person).
PairSet pairs_by_identity(std::span<const int> classes);

/// Genuine: each image with its `k` nearest others in Euclidean distance, one of the two or both ways. By a
/// k-d tree (nanoflann), O(n log n) in few dimensions and up to O(n^2 d) in many; all cores.
/// \param images [n, ...]
/// \throws DataError unless 1 <= k < n.
PairSet pairs_by_neighbours(ConstView images, int k);

/// Adds copies: image i of `set` has its copies at `copies[i]` (indices from set.images on, `total` images in
/// all). Genuine then are an image and its copies, and copies of genuine pairs, as in the shift-invariant map
/// of Hadsell, Chopra, LeCun 2006, section 3.3. \throws DataError for an index outside.
PairSet with_copies(const PairSet& set, std::span<const std::vector<int>> copies, int total);

/// A text file, a pair a line: two image names and 1 (genuine) or 0 (impostor), apart by spaces or tabs;
/// empty lines and those that start with # are passed over. \param names of the images. \throws FormatError
/// "FILE:LINE: .." for a name that is none of them, another number of words, or a pair said to be both;
/// DataError when the file cannot be read.
PairSet read_pairs(const std::filesystem::path& path, std::span<const std::string> names);

/// Pairs of `classes` as Chopra et al. count them: ordered, self pairs among the genuine ones.
struct PairCounts {
  std::size_t genuine = 0, impostor = 0;
};
PairCounts ordered_pair_counts(std::span<const int> classes);

/// What one pass looks at: `count` pairs, half genuine and half impostor within every `batch` of them. The
/// impostors of a batch are drawn among the images of its genuine pairs where they can be, so that a net sees
/// few images in a step. A pure function of its arguments.
/// \throws DataError when there is no genuine or no impostor pair, or for a batch below 2.
std::vector<Pair> draw_pairs(const PairSet& set, int count, int batch, Rng rng);

/// An image among candidates of which the first alone is like it.
struct Choice {
  static constexpr int kCandidates = 31;
  int image = 0;
  std::array<int, kCandidates> candidates{};  ///< the genuine one, then impostors
  bool operator==(const Choice&) const = default;
};

/// The same for choices: of each `batch` of them every image is one of about `images` that are drawn together
/// (some at random, each with up to three that are like it), so that a net sees few images in a step and
/// every genuine pair among them counts, with impostors of its own (from elsewhere only where there are none
/// among them). A pure function of its arguments. \throws DataError when there is no genuine or no impostor
/// pair, or for less than one choice or two images a batch.
std::vector<Choice> draw_choices(const PairSet& set, int count, int batch, int images, Rng rng);

}  // namespace ebm::models
