#include <algorithm>
#include <queue>

#include "ebm/core/error.hpp"
#include "ebm/lattice/paths.hpp"
#include "kernels.hpp"
#include "queries.hpp"

namespace ebm::lattice {
namespace {

/// One way to a state while writing a prefix; `before` is the step before, -1 for none.
struct Step {
  int state, before, arc;
  double energy;
};

/// A prefix of a string (or a whole one) and the best way to every state that it leads to: steps [first, last).
struct Prefix {
  double energy;  ///< of the best string that goes on from here: exact, so that strings leave the queue in order
  int first, last;
  int end;  ///< for a whole string, its last step; else -1
};
struct Later {
  bool operator()(const Prefix& a, const Prefix& b) const { return a.energy > b.energy; }
};

class Search {
 public:
  Search(const Lattice& l, std::span<const double> e, std::span<const double> v)
      : l_(l), e_(e), v_(v), place_(static_cast<std::size_t>(l.states()), -1) {
    if (v[0] == kInf) return;
    steps_.push_back({0, -1, -1, 0});
    close(0);
  }

  bool next(Path& out) {
    while (!queue_.empty()) {
      const Prefix p = queue_.top();
      queue_.pop();
      if (p.end >= 0) {
        out = path(p);
        return true;
      }
      expand(p);
    }
    return false;
  }

 private:
  // Adds the states that null outputs lead to, the lower states first, so that each is final when its arcs are followed.
  // Then the string that ends here and the prefix enter the queue.
  void close(int first) {
    const auto later = [this](int i, int j) { return at(i).state > at(j).state; };
    heap_.clear();
    for (int i = first; i < static_cast<int>(steps_.size()); ++i) {
      place_[static_cast<std::size_t>(at(i).state)] = i;
      heap_.push_back(i);
    }
    std::make_heap(heap_.begin(), heap_.end(), later);
    while (!heap_.empty()) {
      std::pop_heap(heap_.begin(), heap_.end(), later);
      const int i = heap_.back();
      heap_.pop_back();
      leave(i, [&](int arc) {
        if (l_.out()[static_cast<std::size_t>(arc)] != 0) return;
        const std::size_t before = steps_.size();
        reach(i, arc);
        if (steps_.size() > before) {
          heap_.push_back(static_cast<int>(before));
          std::push_heap(heap_.begin(), heap_.end(), later);
        }
      });
    }
    const int last = static_cast<int>(steps_.size());
    double whole = kInf, more = kInf;
    int end = -1;
    for (int i = first; i < last; ++i) {
      const Step& s = at(i);
      place_[static_cast<std::size_t>(s.state)] = -1;
      if (const double e = s.energy + l_.final_energy()[static_cast<std::size_t>(s.state)]; e < whole) whole = e, end = i;
      leave(i, [&](int arc) {
        const auto k = static_cast<std::size_t>(arc);
        if (l_.out()[k] != 0) more = std::min(more, s.energy + e_[k] + v_[static_cast<std::size_t>(l_.target()[k])]);
      });
    }
    if (end >= 0) queue_.push({whole, first, last, end});
    if (more < kInf) queue_.push({more, first, last, -1});
  }

  void expand(const Prefix& p) {
    arcs_.clear();
    for (int i = p.first; i < p.last; ++i)
      leave(i, [&](int arc) {
        if (const int label = l_.out()[static_cast<std::size_t>(arc)]; label != 0) arcs_.push_back({label, i, arc});
      });
    std::sort(arcs_.begin(), arcs_.end(), [](const Onward& a, const Onward& b) {
      return a.label != b.label ? a.label < b.label : a.arc < b.arc;
    });
    for (std::size_t k = 0; k < arcs_.size();) {
      const int label = arcs_[k].label, first = static_cast<int>(steps_.size());
      for (; k < arcs_.size() && arcs_[k].label == label; ++k) reach(arcs_[k].step, arcs_[k].arc);
      close(first);
    }
  }

  template <class Visit>
  void leave(int step, const Visit& visit) const {
    const auto s = static_cast<std::size_t>(at(step).state);
    for (int i = l_.first()[s]; i < l_.first()[s + 1]; ++i)
      if (e_[static_cast<std::size_t>(i)] < kInf && v_[static_cast<std::size_t>(l_.target()[static_cast<std::size_t>(i)])] < kInf)
        visit(i);
  }
  void reach(int from, int arc) {
    const int state = l_.target()[static_cast<std::size_t>(arc)];
    const double energy = at(from).energy + e_[static_cast<std::size_t>(arc)];
    int& place = place_[static_cast<std::size_t>(state)];
    if (place < 0) {
      place = static_cast<int>(steps_.size());
      steps_.push_back({state, from, arc, energy});
    } else if (Step& s = steps_[static_cast<std::size_t>(place)]; energy < s.energy) {
      s = {state, from, arc, energy};
    }
  }
  const Step& at(int i) const { return steps_[static_cast<std::size_t>(i)]; }

  Path path(const Prefix& p) const {
    Path out{p.energy, {}, {}, {}};
    for (int i = p.end; at(i).before >= 0; i = at(i).before) out.arcs.push_back(at(i).arc);
    std::reverse(out.arcs.begin(), out.arcs.end());
    out.labels = labels(l_, out.arcs);
    return out;
  }

  struct Onward {
    int label, step, arc;
  };
  const Lattice& l_;
  std::span<const double> e_, v_;
  std::vector<Step> steps_;
  std::vector<int> place_;  // per state: its step in the prefix at hand, else -1
  std::vector<int> heap_;
  std::vector<Onward> arcs_;
  std::priority_queue<Prefix, std::vector<Prefix>, Later> queue_;
};

}  // namespace

std::vector<Path> n_best(const Lattice& lattice, std::span<const double> arc_energy, int n, Workspace& ws) {
  check_energies(lattice, arc_energy);
  const auto v = ws.take<double>(static_cast<std::size_t>(lattice.states()));
  kernels::min_backward(lattice, arc_energy.data(), v.data());
  Search search(lattice, arc_energy, v);
  std::vector<Path> out;
  for (Path path; static_cast<int>(out.size()) < n && search.next(path);) out.push_back(std::move(path));
  return out;
}

}  // namespace ebm::lattice
