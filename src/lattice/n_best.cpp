#include <algorithm>
#include <cstdint>
#include <queue>
#include <unordered_map>
#include <unordered_set>

#include "ebm/lattice/paths.hpp"
#include "kernels.hpp"
#include "queries.hpp"

namespace ebm::lattice {
namespace {

/// Best first over pairs (state, string written so far). What is left to the end is known exactly (v), so
/// that pairs leave the queue in the order of the best path through them, and only the first way to each pair
/// is ever followed: a string comes out once, with its lowest energy. Pairs beyond the n-th string are never
/// looked at.
class Search {
 public:
  Search(const Lattice& l, std::span<const double> e, std::span<const double> v) : l_(l), e_(e), v_(v) {
    if (v[0] < kInf) queue_.push({v[0], 0, 0, 0, -1, -1});
  }

  bool next(Path& out) {
    while (!queue_.empty()) {
      const Way way = queue_.top();
      queue_.pop();
      if (!met_.insert(key(way.state, way.text)).second) continue;
      if (way.state == l_.states()) {
        out = path(way);
        return true;
      }
      follow(way);
    }
    return false;
  }

 private:
  struct Way {
    double whole, energy;  ///< of the best path that goes on from here, and of its part so far
    int state;             ///< one beyond the last: at the end
    int text, step, arc;   ///< what was written; the step before, -1 for none, and the arc from there
  };
  struct Later {
    /// Of equal ones the farthest goes first.
    bool operator()(const Way& a, const Way& b) const {
      return a.whole != b.whole ? a.whole > b.whole : a.state < b.state;
    }
  };
  struct Step {
    int before, arc;
  };

  static std::uint64_t key(int a, int b) {
    return static_cast<std::uint64_t>(static_cast<std::uint32_t>(a)) << 32 | static_cast<std::uint32_t>(b);
  }

  void follow(const Way& way) {
    const auto s = static_cast<std::size_t>(way.state);
    const int step = static_cast<int>(steps_.size());
    steps_.push_back({way.step, way.arc});
    if (const double end = way.energy + l_.final_energy()[s]; end < kInf)
      queue_.push({end, end, l_.states(), way.text, step, -1});
    for (int i = l_.first()[s]; i < l_.first()[s + 1]; ++i) {
      const auto k = static_cast<std::size_t>(i);
      const double energy = way.energy + e_[k], whole = energy + v_[static_cast<std::size_t>(l_.target()[k])];
      if (whole < kInf) queue_.push({whole, energy, l_.target()[k], written(way.text, l_.out()[k]), step, i});
    }
  }
  int written(int text, int label) {
    if (label == 0) return text;
    return texts_.emplace(key(text, label), static_cast<int>(texts_.size()) + 1).first->second;
  }
  Path path(const Way& way) const {
    Path out{way.energy, {}, {}, {}};
    for (int i = way.step; i >= 0; i = steps_[static_cast<std::size_t>(i)].before)
      if (const int arc = steps_[static_cast<std::size_t>(i)].arc; arc >= 0) out.arcs.push_back(arc);
    std::reverse(out.arcs.begin(), out.arcs.end());
    out.labels = labels(l_, out.arcs);
    return out;
  }

  const Lattice& l_;
  std::span<const double> e_, v_;
  std::priority_queue<Way, std::vector<Way>, Later> queue_;
  std::unordered_set<std::uint64_t> met_;
  std::unordered_map<std::uint64_t, int> texts_;  // (text, label) to the longer text; 0 is the empty one
  std::vector<Step> steps_;
};

}  // namespace

std::vector<Path> n_best(const Lattice& lattice, std::span<const double> arc_energy, int n, Workspace& ws) {
  check_energies(lattice, arc_energy);
  const auto v = ws.take<double>(static_cast<std::size_t>(lattice.states()));
  kernels::min_backward(lattice, arc_energy.data(), v.data());
  check_range(lattice, arc_energy, v[0], ws);
  Search search(lattice, arc_energy, v);
  std::vector<Path> out;
  for (Path path; static_cast<int>(out.size()) < n && search.next(path);) out.push_back(std::move(path));
  return out;
}

}  // namespace ebm::lattice
