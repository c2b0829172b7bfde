// infer::RoofDuality: every variable has two vertices, v and its complement v', in a cut of which the arcs
// come in mirrored halves (Boros, Hammer 2002; Kolmogorov, Rother 2007). A pair that is not submodular joins
// a with b'. The cut is the bound; sides of v and v' that differ are labels that some minimum has together.

#include <cmath>

#include "cuts.hpp"
#include "discrete_engines.hpp"
#include "ebm/inference/cuts.hpp"

namespace ebm {
inline namespace EBM_PRECISION {
namespace {

constexpr std::string_view kKey = infer::RoofDuality::kKey;

class Doubled {
 public:
  Doubled(const DiscreteView& view, std::span<const int> start, std::span<int> labels, Workspace& ws)
      : g_((refuse_larger(view, 2, kKey), refuse_labels(view, kKey), pair_graph(view, ws))),
        n_(view.labels.size()),
        x_(labels) {
    start_labels(g_, start, kKey, x_);
    large_ = large_energy(g_, ws);
    if (std::isnan(large_)) return;
    lay(ws);
  }

  bool is_nan() const { return std::isnan(large_); }

  // What no energy is below, and whether it was stopped before it was the dual's.
  double bound(Limits& limits, bool& stopped) {
    const double dual =
        base_ + flow_.solve([&](double flow) { return stopped = limits.stop(kInf, guarded(base_ + flow)); });
    return guarded(dual);
  }

  // Labels of some minimum, -1 where the dual knows none.
  std::span<int> proved(Workspace& ws) {
    const auto out = ws.take<int>(n_, -1);
    const auto mirrored = mirrored_arcs(ws);
    const auto reached = reached_from_source(mirrored, ws);
    const auto rank = components(mirrored, reached, ws);
    for (std::size_t v = 0; v < n_; ++v) {
      if (g_.labels[v] == 1)
        out[v] = 0;
      else if (reached[v] != reached[v + n_])
        out[v] = reached[v] ? 0 : 1;
      else if (!reached[v] && rank[v] != rank[v + n_])
        out[v] = rank[v] < rank[v + n_] ? 0 : 1;
    }
    return out;
  }

  // Single moves down of all that are not proved, until none is left.
  bool complete(std::span<const int> proved, Limits& limits, Workspace& ws) {
    for (std::size_t v = 0; v < n_; ++v)
      if (proved[v] >= 0) x_[v] = proved[v];
    const auto first = ws.take<std::uint32_t>(n_ + 1, 0);
    for (const PairGraph::Edge& e : g_.edges) {
      ++first[static_cast<std::size_t>(e.a)];
      ++first[static_cast<std::size_t>(e.b)];
    }
    std::uint32_t at = 0;
    for (std::uint32_t& f : first) f = at += f;
    const auto of = ws.take<std::uint32_t>(2 * g_.edges.size());
    for (std::size_t e = 0; e < g_.edges.size(); ++e) {
      of[--first[static_cast<std::size_t>(g_.edges[e].a)]] = static_cast<std::uint32_t>(e);
      of[--first[static_cast<std::size_t>(g_.edges[e].b)]] = static_cast<std::uint32_t>(e);
    }
    for (bool moved = true; moved;) {
      moved = false;
      for (std::size_t v = 0; v < n_; ++v) {
        if (proved[v] >= 0) continue;
        double by = single_of(g_, v, 1, large_) - single_of(g_, v, 0, large_), size = std::abs(by);
        for (std::uint32_t i = first[v]; i < first[v + 1]; ++i) {
          const std::size_t e = of[i];
          const bool is_a = static_cast<std::size_t>(g_.edges[e].a) == v;
          const int other = x_[static_cast<std::size_t>(is_a ? g_.edges[e].b : g_.edges[e].a)];
          const double one = capped(is_a ? g_.at(e, 1, other) : g_.at(e, other, 1), large_);
          const double zero = capped(is_a ? g_.at(e, 0, other) : g_.at(e, other, 0), large_);
          by += one - zero;
          size += std::abs(one) + std::abs(zero);
        }
        const int label = by < 0 ? 1 : 0;
        if (label == x_[v] || !(std::abs(by) > 1e-13 * size)) continue;
        x_[v] = label;
        moved = true;
      }
      if (limits.out_of_time()) return false;
    }
    return true;
  }

  const PairGraph& graph() const { return g_; }

 private:
  static double guarded(double bound) { return bound - 1e-10 * (1 + std::abs(bound)); }

  void lay(Workspace& ws) {
    const std::size_t m = g_.edges.size();
    const auto odd = ws.take<char>(m);
    for (std::size_t e = 0; e < m; ++e) odd[e] = excess_of(pair_of(g_, e, large_)) > 0;
    const auto ends = [&](std::size_t i) {
      const PairGraph::Edge e = g_.edges[i / 2];
      const int n = static_cast<int>(n_);
      if (odd[i / 2]) return i % 2 ? PairGraph::Edge{e.b, e.a + n} : PairGraph::Edge{e.a, e.b + n};
      return i % 2 ? PairGraph::Edge{e.b + n, e.a + n} : e;
    };
    flow_.shape(2 * n_, 2 * m, ends, ws);
    base_ = g_.constant;
    const auto x = ws.take<double>(n_);
    for (std::size_t v = 0; v < n_; ++v) {
      const double zero = single_of(g_, v, 0, large_);
      base_ += zero;
      x[v] = single_of(g_, v, g_.labels[v] - 1, large_) - zero;
    }
    for (std::size_t e = 0; e < m; ++e) {
      const auto a = static_cast<std::size_t>(g_.edges[e].a), b = static_cast<std::size_t>(g_.edges[e].b);
      BinaryPair p = pair_of(g_, e, large_);
      if (odd[e]) p = {p[1], p[0], p[3], p[2]};  // of a and b'
      const PairSplit s = split(p);
      base_ += p[0];
      x[a] += s.u;
      x[b] += odd[e] ? -s.v : s.v;
      if (odd[e]) base_ += s.v;
      noise_ = std::max({noise_, s.p, s.q});
      flow_.set_edge(2 * e, s.p / 2, s.q / 2);
      flow_.set_edge(2 * e + 1, s.p / 2, s.q / 2);
    }
    for (std::size_t v = 0; v < n_; ++v) {
      if (g_.labels[v] == 1) x[v] = 0;
      base_ += std::min(0.0, x[v]);
      noise_ = std::max(noise_, std::abs(x[v]));
      flow_.add_excess(v, x[v] / 2);
      flow_.add_excess(v + n_, -x[v] / 2);
    }
    noise_ *= 1e-11;
  }

  std::size_t mirror(std::size_t v) const { return v < n_ ? v + n_ : v - n_; }
  // Of a mirrored flow, what is left is the mean of both; below `noise_` it is rounding.
  bool is_left(std::uint32_t arc, std::span<const std::uint32_t> mirrored) const {
    return 0.5 * (flow_.room(arc) + flow_.room(mirrored[arc])) > noise_;
  }
  // The mirror of each arc.
  std::span<const std::uint32_t> mirrored_arcs(Workspace& ws) const;
  // Whether the source reaches a vertex through what the mirrored flows leave; the sink reaches the mirrors
  // of these. The flow's own trees may grow from what rounding has left of an excess.
  std::span<const char> reached_from_source(std::span<const std::uint32_t> mirrored, Workspace& ws) const;
  // Of the vertices that neither terminal reaches: numbers of the strongly connected components of what the
  // mirrored flows leave, those that others lead to first (Tarjan 1972), as for 2-satisfiability.
  std::span<const std::uint32_t> components(std::span<const std::uint32_t> mirrored,
                                            std::span<const char> reached, Workspace& ws) const;

  PairGraph g_;
  std::size_t n_;
  std::span<int> x_;
  double large_ = 0, base_ = 0, noise_ = 0;
  MaxFlow flow_;
};

std::span<const std::uint32_t> Doubled::mirrored_arcs(Workspace& ws) const {
  const auto mirrored = ws.take<std::uint32_t>(4 * g_.edges.size());
  for (std::size_t e = 0; e < g_.edges.size(); ++e) {
    const std::uint32_t of[2] = {flow_.arc_of(2 * e), flow_.arc_of(2 * e + 1)};
    for (const int i : {0, 1}) {
      mirrored[of[i]] = of[1 - i];
      mirrored[flow_.sister(of[i])] = flow_.sister(of[1 - i]);
    }
  }
  return mirrored;
}

std::span<const char> Doubled::reached_from_source(std::span<const std::uint32_t> mirrored,
                                                   Workspace& ws) const {
  const auto reached = ws.take<char>(2 * n_, 0);
  const auto open = ws.take<std::uint32_t>(2 * n_);
  std::size_t opened = 0;
  const auto enter = [&](std::size_t v) {
    if (reached[v]) return;
    reached[v] = 1;
    open[opened++] = static_cast<std::uint32_t>(v);
  };
  for (std::size_t v = 0; v < 2 * n_; ++v)
    if (0.5 * (flow_.excess(v) - flow_.excess(mirror(v))) > noise_) enter(v);
  while (opened > 0) {
    const std::uint32_t v = open[--opened];
    for (std::uint32_t arc = flow_.first_arc(v); arc < flow_.first_arc(v + 1); ++arc)
      if (is_left(arc, mirrored)) enter(flow_.head(arc));
  }
  return reached;
}

std::span<const std::uint32_t> Doubled::components(std::span<const std::uint32_t> mirrored,
                                                   std::span<const char> reached, Workspace& ws) const {
  const std::size_t n = 2 * n_;
  constexpr std::uint32_t kNone = 0xFFFFFFFF;
  struct Frame {
    std::uint32_t vertex, arc;
  };
  const auto rank = ws.take<std::uint32_t>(n, kNone), seen = ws.take<std::uint32_t>(n, kNone),
             low = ws.take<std::uint32_t>(n), open = ws.take<std::uint32_t>(n);
  const auto frames = ws.take<Frame>(n);
  std::uint32_t count = 0, ranks = 0;
  std::size_t opened = 0;
  const auto free = [&](std::uint32_t v) { return !reached[v] && !reached[mirror(v)]; };
  for (std::uint32_t root = 0; root < n; ++root) {
    if (seen[root] != kNone || !free(root)) continue;
    std::size_t depth = 0;
    const auto enter = [&](std::uint32_t v) {
      seen[v] = low[v] = count++;
      open[opened++] = v;
      frames[depth++] = {v, flow_.first_arc(v)};
    };
    enter(root);
    while (depth > 0) {
      Frame& top = frames[depth - 1];
      const std::uint32_t v = top.vertex;
      if (top.arc < flow_.first_arc(v + 1)) {
        const std::uint32_t arc = top.arc++, u = flow_.head(arc);
        if (!free(u)) continue;
        if (!is_left(arc, mirrored)) continue;
        if (seen[u] == kNone)
          enter(u);
        else if (rank[u] == kNone)
          low[v] = std::min(low[v], seen[u]);
        continue;
      }
      --depth;
      if (depth > 0) low[frames[depth - 1].vertex] = std::min(low[frames[depth - 1].vertex], low[v]);
      if (low[v] != seen[v]) continue;
      for (std::uint32_t u = kNone; u != v;) {
        u = open[--opened];
        rank[u] = ranks;
      }
      ++ranks;
    }
  }
  return rank;
}

// `proved` when it is wanted: [variables of the view].
Found find(const DiscreteView& view, std::span<const int> start, std::span<int> labels, Limits limits,
           Workspace& ws, std::vector<int>* proved) {
  Doubled doubled(view, start, labels, ws);
  if (doubled.is_nan())
    return {.energy = std::numeric_limits<double>::quiet_NaN(), .exactness = Exactness::approximate};
  bool stopped = false;
  const double bound = doubled.bound(limits, stopped);
  const auto known = stopped ? ws.take<int>(labels.size(), -1) : doubled.proved(ws);
  const bool settled = doubled.complete(known, limits, ws);
  Found out = found_at(doubled.graph(), labels, bound);
  const bool all = std::ranges::find(known, -1) == known.end();
  const bool met = out.energy - bound <= 1e-9 * (1 + std::abs(out.energy));
  if (all || met)
    out.bound = out.energy;
  else
    out.exactness = Exactness::bounded;
  out.converged = all || (!stopped && settled);
  out.limited = !out.converged && (limits.limited() || limits.out_of_time());
  if (proved) proved->assign(known.begin(), known.end());
  return out;
}

}  // namespace

void infer::RoofDuality::answer(Batch& b, const Query& q, Answer& out) const {
  check_asked(b, q, kPowers, kKey);
  answer_minima(b, q, Method::roof_duality, out,
                [&](const DiscreteView& view, const Plans&, std::span<int> labels, Workspace& ws) {
                  return find(view, {}, labels, {}, ws, nullptr);
                });
}

Solution solve_by_roof_duality(const DiscreteGraph& graph, const Question& q) {
  std::vector<int> proved;
  Solution out =
      solve_minimum(graph, q, Method::roof_duality,
                    [&](const DiscreteView& view, const Plans&, std::span<int> labels, Workspace& ws) {
                      return find(view, q.start, labels, Limits(q, "roof-duality"), ws, &proved);
                    });
  out.proved = std::move(proved);
  return out;
}

}  // namespace EBM_PRECISION
}  // namespace ebm
