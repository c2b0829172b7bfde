#include "mini_bucket.hpp"

#include <algorithm>
#include <cmath>
#include <queue>
#include <tuple>

#include "discrete_answer.hpp"
#include "ebm/inference/search.hpp"
#include "limits.hpp"

namespace ebm {
inline namespace EBM_PRECISION {
namespace {

std::size_t at(int i) { return static_cast<std::size_t>(i); }

// A factor or a message, the last variable fastest.
struct Part {
  std::vector<int> scope;
  std::vector<double> table;
};

double soft_minimum(const double* t, std::size_t n, std::size_t step, double beta) {
  double low = kInf;
  for (std::size_t i = 0; i < n; ++i) low = std::min(low, t[i * step]);
  if (!(low < kInf) || beta == kInf) return low;
  double sum = 0;
  for (std::size_t i = 0; i < n; ++i) sum += std::exp(-beta * (t[i * step] - low));
  return low - std::log(sum) / beta;
}

class MiniBuckets {
 public:
  MiniBuckets(const DiscreteView& view, double beta, double entries)
      : view_(view), beta_(beta), most_(entries), of_(view.labels.size()), turn_(view.labels.size(), 0) {}

  MiniBucketBound run(std::span<int> labels) {
    make_order();
    read();
    out_.bound = view_.constant;
    for (const int v : order_) eliminate(v);
    for (std::size_t i = order_.size(); !labels.empty() && i-- > 0;) choose(order_[i], labels);
    return out_;
  }

 private:
  // Next the variable with the smallest table over its neighbours, as long as those are worth linking.
  void make_order() {
    const std::size_t n = view_.labels.size();
    std::vector<std::vector<int>> near(n);
    for (const DiscreteView::Group& g : view_.groups)
      for (int i = 0; g.arity > 1 && i < g.instances; ++i)
        for (const int v : g.scope(i))
          for (const int u : g.scope(i))
            if (u != v && std::ranges::find(near[at(v)], u) == near[at(v)].end()) near[at(v)].push_back(u);
    using Entry = std::tuple<double, int, int>;
    std::priority_queue<Entry, std::vector<Entry>, std::greater<>> queue;
    std::vector<int> version(n, 0);
    std::vector<char> gone(n, 0);
    const auto push = [&](int v) {
      double w = std::log(view_.labels[at(v)]);
      for (const int u : near[at(v)]) w += std::log(view_.labels[at(u)]);
      queue.emplace(w, v, ++version[at(v)]);
    };
    for (std::size_t v = 0; v < n; ++v) push(static_cast<int>(v));
    while (!queue.empty()) {
      const auto [weight, v, of] = queue.top();
      queue.pop();
      if (gone[at(v)] || of != version[at(v)]) continue;
      gone[at(v)] = 1;
      turn_[at(v)] = static_cast<int>(order_.size());
      order_.push_back(v);
      const std::vector<int> of_v = std::move(near[at(v)]);
      for (const int u : of_v) std::erase(near[at(u)], v);
      for (const int u : of_v)
        for (const int w : of_v)
          if (u != w && weight < std::log(most_) + 3 &&
              std::ranges::find(near[at(u)], w) == near[at(u)].end())
            near[at(u)].push_back(w);
      for (const int u : of_v) push(u);
    }
  }

  void file(Part part) {
    int first = part.scope[0];
    for (const int u : part.scope)
      if (turn_[at(u)] < turn_[at(first)]) first = u;
    of_[at(first)].push_back(std::move(part));
  }

  void read() {
    std::vector<double> single(view_.offset.back());
    read_singles(view_, single);
    for (int v = 0; v < view_.variables(); ++v)
      file({{v},
            {single.begin() + static_cast<std::ptrdiff_t>(view_.offset[at(v)]),
             single.begin() + static_cast<std::ptrdiff_t>(view_.offset[at(v) + 1])}});
    for (std::size_t group = 0; group < view_.groups.size(); ++group) {
      const DiscreteView::Group& g = view_.groups[group];
      if (g.arity < 2) continue;
      if (g.entries > (std::size_t{1} << 28))
        throw GraphError(message("[mini_bucket] a factor of ", g.entries,
                                 " entries is more than 2^28; use another engine"));
      std::vector<double> room(g.entries);
      for (int i = 0; i < g.instances; ++i) {
        const auto row = read_row(view_, static_cast<int>(group), i, room);
        Part part{{g.scope(i).begin(), g.scope(i).end()}, {row.begin(), row.end()}};
        file(without_doubles(std::move(part)));
      }
    }
  }

  // A variable may stand twice in a scope of a sample: its diagonal.
  Part without_doubles(Part p) const {
    std::vector<int> once;
    for (const int v : p.scope)
      if (std::ranges::find(once, v) == once.end()) once.push_back(v);
    if (once.size() == p.scope.size()) return p;
    Part out{once, {}};
    out.table.assign(size_of(once), 0);
    add(p, out);
    return out;
  }

  std::size_t size_of(const std::vector<int>& scope) const {
    std::size_t size = 1;
    for (const int v : scope) size *= at(view_.labels[at(v)]);
    return size;
  }

  // to += part, whose variables are among those of `to`.
  void add(const Part& part, Part& to) const {
    std::vector<std::size_t> step(to.scope.size(), 0);
    std::size_t stride = 1;
    for (std::size_t a = part.scope.size(); a-- > 0;) {
      step[static_cast<std::size_t>(std::ranges::find(to.scope, part.scope[a]) - to.scope.begin())] += stride;
      stride *= at(view_.labels[at(part.scope[a])]);
    }
    std::vector<int> label(to.scope.size(), 0);
    std::size_t from = 0;
    for (double& e : to.table) {
      e += part.table[from];
      for (std::size_t a = label.size(); a-- > 0;) {
        from += step[a];
        if (++label[a] < view_.labels[at(to.scope[a])]) break;
        from -= step[a] * at(label[a]);
        label[a] = 0;
      }
    }
  }

  void eliminate(int v) {
    std::vector<Part>& parts = of_[at(v)];
    std::ranges::stable_sort(parts, std::greater<>(), [](const Part& p) { return p.scope.size(); });
    // The variable first, so that a message is a sum over rows.
    std::vector<Part> minis;
    for (const Part& p : parts) {
      bool placed = false;
      for (Part& m : minis) {
        std::vector<int> joined = m.scope;
        for (const int u : p.scope)
          if (std::ranges::find(joined, u) == joined.end()) joined.push_back(u);
        double size = 1;
        for (const int u : joined) size *= view_.labels[at(u)];
        if (joined.size() > m.scope.size() && size > most_) continue;
        m.scope = std::move(joined);
        placed = true;
        break;
      }
      if (placed) continue;
      std::vector<int> scope{v};
      for (const int u : p.scope)
        if (u != v) scope.push_back(u);
      minis.push_back({std::move(scope), {}});
    }
    for (Part& m : minis) m.table.assign(size_of(m.scope), 0);
    for (const Part& p : parts)
      for (Part& m : minis)
        if (std::ranges::all_of(p.scope,
                                [&](int u) { return std::ranges::find(m.scope, u) != m.scope.end(); })) {
          add(p, m);
          break;
        }
    const auto k = at(view_.labels[at(v)]);
    const double beta = beta_ == kInf ? kInf : beta_ * static_cast<double>(minis.size());
    if (minis.size() > 1) {
      out_.exact = false;
      std::vector<double> own(minis.size());
      for (std::size_t y = 0; y < k; ++y) {
        double mean = 0;
        for (std::size_t r = 0; r < minis.size(); ++r) {
          const std::size_t rest = minis[r].table.size() / k;
          own[r] = soft_minimum(minis[r].table.data() + y * rest, rest, 1, beta);
          mean += own[r] / static_cast<double>(minis.size());
        }
        if (!(mean < kInf)) continue;
        for (std::size_t r = 0; r < minis.size(); ++r) {
          const std::size_t rest = minis[r].table.size() / k;
          for (std::size_t i = 0; i < rest; ++i) minis[r].table[y * rest + i] += mean - own[r];
        }
      }
    }
    for (Part& m : minis) {
      const std::size_t rest = m.table.size() / k;
      Part message{{m.scope.begin() + 1, m.scope.end()}, std::vector<double>(rest)};
      for (std::size_t i = 0; i < rest; ++i)
        message.table[i] = soft_minimum(m.table.data() + i, k, rest, beta);
      if (message.scope.empty())
        out_.bound += message.table[0];
      else
        file(std::move(message));
    }
  }

  void choose(int v, std::span<int> labels) const {
    std::vector<double> t(at(view_.labels[at(v)]), 0);
    for (const Part& p : of_[at(v)]) {
      std::size_t from = 0, step = 0, stride = 1;
      for (std::size_t a = p.scope.size(); a-- > 0;) {
        if (p.scope[a] == v)
          step = stride;
        else
          from += stride * at(labels[at(p.scope[a])]);
        stride *= at(view_.labels[at(p.scope[a])]);
      }
      for (std::size_t y = 0; y < t.size(); ++y) t[y] += p.table[from + y * step];
    }
    labels[at(v)] = static_cast<int>(std::ranges::min_element(t) - t.begin());
  }

  const DiscreteView& view_;
  double beta_, most_;
  std::vector<std::vector<Part>> of_;  // read by each variable's bucket
  std::vector<int> turn_, order_;
  MiniBucketBound out_;
};

// Bounds are as right as sums of doubles.
double rounded_down(double bound) { return bound - 1e-11 * (1 + std::abs(bound)); }

}  // namespace

MiniBucketBound mini_bucket_bound(const DiscreteView& view, double beta, double entries,
                                  std::span<int> labels) {
  MiniBucketBound b = MiniBuckets(view, beta, entries).run(labels);
  if (!b.exact && b.bound < kInf) b.bound = rounded_down(b.bound);
  return b;
}

namespace {

Found found_of(const DiscreteView& view, double beta, double entries, std::span<int> labels) {
  const MiniBucketBound b = mini_bucket_bound(view, beta, entries, labels);
  Found f{.energy = b.bound, .bound = b.bound, .exactness = b.exact ? Exactness::exact : Exactness::bounded};
  if (beta == kInf && b.bound < kInf) f.energy = energy_of(view, labels);
  return f;
}

}  // namespace

void infer::MiniBucket::answer(Batch& b, const Query& q, Answer& out) const {
  check_asked(b, q, kPowers, kKey);
  answer_minima(b, q, Method::mini_bucket, out,
                [&](const DiscreteView& view, const Plans&, std::span<int> labels, Workspace&) {
                  return found_of(view, kInf, entries, labels);
                });
}

Solution solve_by_mini_buckets(const DiscreteGraph& graph, const Question& q) {
  const double entries = std::min(0x1p20, q.memory / 8);
  if (q.task == Question::Task::minimum)
    return solve_minimum(graph, q, Method::mini_bucket,
                         [&](const DiscreteView& view, const Plans&, std::span<int> labels, Workspace&) {
                           return found_of(view, kInf, entries, labels);
                         });
  if (q.task != Question::Task::free_energy)
    throw GraphError("[mini-bucket] bounds minima and free energies; ask loopy or gibbs for marginals");
  return solve_sums(graph, q, Method::mini_bucket,
                    [&](const DiscreteView& view, const Plans&, double beta, DiscreteMarginals*, Workspace&) {
                      return found_of(view, beta, entries, {});
                    });
}

}  // namespace EBM_PRECISION
}  // namespace ebm
