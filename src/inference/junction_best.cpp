// The n lowest answers, best first, from the messages of a minimum (Huang, Chiang 2005, algorithm 3, on the
// tree of buckets). A place is a bucket at labels of its separator. Its answers, which are labels of the
// bucket's subtree, come in order from a heap: one for each label of its variable with the best of every
// child, and then, of one that was taken, those with one child's next answer in place. Children stand in the
// order of what their second answer adds, so that an answer has three successors, however many children
// there are (Lawler 1972). Places are made when an answer leads there.

#include <algorithm>
#include <unordered_map>

#include "bucket_column.hpp"
#include "junction_tree.hpp"

namespace ebm {
inline namespace EBM_PRECISION {
namespace {

constexpr int kNone = -1;

class NextBest {
 public:
  NextBest(const DiscreteView& view, const Elimination& tree, std::span<const double> up, double memory)
      : view_(view), tree_(tree), up_(up), memory_(memory), labels_(view.labels.size(), 0) {
    // A root of all roots, of no variable.
    places_.emplace_back().bucket = static_cast<int>(tree.buckets.size());
  }

  std::vector<int> run(int n) {
    const std::vector<int> lowest = best_labels();
    std::vector<int> out;
    for (int rank = 0; rank < n; ++rank) {
      need(0, rank);
      if (place(0).found.size() <= static_cast<std::size_t>(rank)) break;
      use(labels_.size() * sizeof(int));
      write(rank, lowest);
      out.insert(out.end(), labels_.begin(), labels_.end());
    }
    return out;
  }

 private:
  // An answer of a place: a label, and of its children the rank-th answer of the one at `child`, with what
  // `link` says of those before it; the best of all others.
  struct Item {
    double energy;
    int label, child = kNone, rank = 0, link = kNone;
  };
  // The children at one label, what adds least first.
  struct Branch {
    std::vector<int> children;  // places
    bool sorted = false;
  };
  struct Place {
    int bucket = 0;
    std::size_t entry = 0;  // of the bucket's message
    std::vector<Item> items;
    std::vector<int> heap, found;  // items
    std::vector<Branch> branches;  // [labels]
    bool open = false, expanded = true;
    std::size_t asked = 0;  // children of the last found that have been asked for their second answer
  };
  Place& place(int i) { return places_[static_cast<std::size_t>(i)]; }
  bool root(const Place& s) const { return s.bucket == static_cast<int>(tree_.buckets.size()); }

  // A heap's last is the lowest: by energy, then by label, then by age.
  static auto later(const Place& s) {
    return [&s](int a, int b) {
      const Item &x = s.items[static_cast<std::size_t>(a)], &y = s.items[static_cast<std::size_t>(b)];
      return std::tie(x.energy, x.label, a) > std::tie(y.energy, y.label, b);
    };
  }
  void push(Place& s, const Item& item) {
    if (!(item.energy < kInf)) return;
    use(sizeof(Item) + 2 * sizeof(int));
    s.items.push_back(item);
    s.heap.push_back(static_cast<int>(s.items.size()) - 1);
    std::ranges::push_heap(s.heap, later(s));
  }
  void use(std::size_t bytes) {
    used_ += 2 * static_cast<double>(bytes);  // vectors grow to twice what they hold
    if (used_ > memory_)
      throw GraphError(message("[junction_tree] so many answers take more than the ", memory_ / 0x1p20,
                               " MiB allowed; ask for fewer, or allow more memory"));
  }

  // Labels of a separator from an entry of its message.
  void set_separator(const Place& s) {
    if (root(s)) return;
    const auto separator = tree_.separator(static_cast<std::size_t>(s.bucket));
    std::size_t entry = s.entry;
    for (std::size_t d = separator.size(); d-- > 0;) {
      const auto v = static_cast<std::size_t>(separator[d]);
      const auto k = static_cast<std::size_t>(view_.labels[v]);
      labels_[v] = static_cast<int>(entry % k);
      entry /= k;
    }
  }
  int place_of(int bucket) {  // at labels_
    std::size_t entry = 0;
    for (const int v : tree_.separator(static_cast<std::size_t>(bucket)))
      entry = entry * static_cast<std::size_t>(view_.labels[static_cast<std::size_t>(v)]) +
              static_cast<std::size_t>(labels_[static_cast<std::size_t>(v)]);
    const std::size_t at = tree_.buckets[static_cast<std::size_t>(bucket)].message_at + entry;
    const auto [known, made] = place_at_.try_emplace(at, static_cast<int>(places_.size()));
    if (made) {
      use(sizeof(Place) + 64);
      Place& s = places_.emplace_back();
      s.bucket = bucket;
      s.entry = entry;
    }
    return known->second;
  }

  void open(Place& s) {
    s.open = true;
    if (root(s)) {
      double total = 0;
      for (const Elimination::Bucket& b : tree_.buckets)
        if (b.parent < 0) total += up_[b.message_at];
      s.branches.resize(1);
      push(s, {total, 0});
      return;
    }
    set_separator(s);
    column_.open(view_, tree_, static_cast<std::size_t>(s.bucket), up_.data(), 0);
    const auto t = column_.at(labels_);
    s.branches.resize(t.size());
    use(t.size() * sizeof(Branch));
    for (std::size_t k = 0; k < t.size(); ++k) push(s, {t[k], static_cast<int>(k)});
  }

  void make_children(int at, int label) {
    const Place& s = place(at);
    std::vector<int> children;
    if (root(s)) {
      for (std::size_t p = 0; p < tree_.buckets.size(); ++p)
        if (tree_.buckets[p].parent < 0) children.push_back(place_of(static_cast<int>(p)));
    } else {
      set_separator(s);
      const auto bucket = static_cast<std::size_t>(s.bucket);
      labels_[static_cast<std::size_t>(tree_.buckets[bucket].variable)] = label;
      for (const int c : tree_.children_of(bucket)) children.push_back(place_of(c));
    }
    use(children.size() * sizeof(int));
    place(at).branches[static_cast<std::size_t>(label)].children = std::move(children);
  }

  // What a place's answer of this rank adds to that before it; it must be there or known not to be.
  double step(int at, int rank) {
    const Place& s = place(at);
    if (s.found.size() <= static_cast<std::size_t>(rank)) return kInf;
    const auto energy = [&](int r) {
      return s.items[static_cast<std::size_t>(s.found[static_cast<std::size_t>(r)])].energy;
    };
    return energy(rank) - energy(rank - 1);
  }
  bool ready(int at, int rank) {
    const Place& s = place(at);
    return s.found.size() > static_cast<std::size_t>(rank) || (s.open && s.expanded && s.heap.empty());
  }

  // Successors of the answer found last; or the child that must be asked first, and its rank.
  std::pair<int, int> expand(int at) {
    const Item item = place(at).items[static_cast<std::size_t>(place(at).found.back())];
    const auto label = static_cast<std::size_t>(item.label);
    if (item.child == kNone) {
      if (place(at).branches[label].children.empty()) make_children(at, item.label);
      Place& s = place(at);
      Branch& branch = s.branches[label];
      for (; !branch.sorted && s.asked < branch.children.size(); ++s.asked)
        if (!ready(branch.children[s.asked], 1)) return {branch.children[s.asked], 1};
      if (!branch.sorted) std::ranges::stable_sort(branch.children, {}, [&](int c) { return step(c, 1); });
      branch.sorted = true;
      if (!branch.children.empty())
        push(s, {item.energy + step(branch.children[0], 1), item.label, 0, 1, kNone});
    } else {
      Place& s = place(at);
      const std::vector<int>& children = s.branches[label].children;
      const auto child = static_cast<std::size_t>(item.child);
      if (!ready(children[child], item.rank + 1)) return {children[child], item.rank + 1};
      push(s, {item.energy + step(children[child], item.rank + 1), item.label, item.child, item.rank + 1,
               item.link});
      if (child + 1 < children.size()) {
        const double next = step(children[child + 1], 1);
        push(s, {item.energy + next, item.label, item.child + 1, 1, s.found.back()});
        if (item.rank == 1 && next < kInf)
          push(s, {item.energy + next - step(children[child], 1), item.label, item.child + 1, 1, item.link});
      }
    }
    place(at).expanded = true;
    place(at).asked = 0;
    return {kNone, 0};
  }

  // Finds answers of a place up to this rank, as far as there are; those of its subtree that it needs come
  // first, on a stack of our own since trees are deep.
  void need(int at, int rank) {
    struct Frame {
      int at, rank;
    };
    std::vector<Frame> stack{{at, rank}};
    while (!stack.empty()) {
      const Frame f = stack.back();
      if (ready(f.at, f.rank)) {
        stack.pop_back();
        continue;
      }
      if (!place(f.at).open) open(place(f.at));
      if (!place(f.at).expanded) {
        const auto [child, its] = expand(f.at);
        if (child != kNone) {
          stack.push_back({child, its});
          continue;
        }
      }
      Place& s = place(f.at);
      if (s.heap.empty()) continue;
      std::ranges::pop_heap(s.heap, later(s));
      s.found.push_back(s.heap.back());
      s.heap.pop_back();
      s.expanded = false;
    }
  }

  std::vector<int> best_labels() {
    for (std::size_t p = tree_.buckets.size(); p-- > 0;) labels_[variable(p)] = lowest_label(p);
    return labels_;
  }
  std::size_t variable(std::size_t p) const { return static_cast<std::size_t>(tree_.buckets[p].variable); }
  int lowest_label(std::size_t p) {
    column_.open(view_, tree_, p, up_.data(), 0);
    const auto t = column_.at(labels_);
    return static_cast<int>(std::ranges::min_element(t) - t.begin());
  }

  // labels_ of the root's answer of this rank.
  void write(int rank, std::span<const int> lowest) {
    struct At {
      int place = kNone, rank = 0;
    };
    std::vector<At> at(tree_.buckets.size() + 1);
    at.back() = {0, rank};
    for (std::size_t p = at.size(); p-- > 0;) {
      const bool known = at[p].place != kNone && place(at[p].place).found.size() > 0;
      if (!known) {  // never led to beyond its best answer
        const auto separator = tree_.separator(p);
        const bool same = std::ranges::all_of(separator, [&](int v) {
          return labels_[static_cast<std::size_t>(v)] == lowest[static_cast<std::size_t>(v)];
        });
        labels_[variable(p)] = same ? lowest[variable(p)] : lowest_label(p);
        continue;
      }
      const Place& s = place(at[p].place);
      const auto item_at = [&](int i) -> const Item& { return s.items[static_cast<std::size_t>(i)]; };
      const Item& item = item_at(s.found[static_cast<std::size_t>(at[p].rank)]);
      if (!root(s)) labels_[variable(p)] = item.label;
      const std::vector<int>& children = s.branches[static_cast<std::size_t>(item.label)].children;
      for (const int c : children) at[static_cast<std::size_t>(place(c).bucket)] = {c, 0};
      for (const Item* i = &item; i->child != kNone; i = &item_at(i->link)) {
        const int c = children[static_cast<std::size_t>(i->child)];
        at[static_cast<std::size_t>(place(c).bucket)].rank = i->rank;
        if (i->link == kNone) break;
      }
    }
  }

  const DiscreteView& view_;
  const Elimination& tree_;
  std::span<const double> up_;
  double memory_, used_ = 0;
  std::vector<int> labels_;
  std::vector<Place> places_;
  std::unordered_map<std::size_t, int> place_at_;
  BucketColumn column_;
};

}  // namespace

std::vector<int> JunctionMessages::best(int n) {
  const double left = memory_ - bytes(nullptr, 0);
  return NextBest(view_, tree_, up_, left).run(n);
}

}  // namespace EBM_PRECISION
}  // namespace ebm
