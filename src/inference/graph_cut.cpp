// infer::GraphCut: one cut. A factor on three variables is the polynomial
//   c0 + sum ci xi + sum cij xi xj + c xyz;
// for c < 0, c xyz = min over w of c w (x + y + z - 2), pairs with an auxiliary w; for c > 0 the same of 1 -
// x, 1 - y, 1 - z and 1 - w (Kolmogorov, Zabih 2004, section 5). What is left on two variables is submodular
// wherever the factor is.

#include <cmath>
#include <memory>

#include "cuts.hpp"
#include "discrete_engines.hpp"
#include "ebm/core/error.hpp"
#include "ebm/inference/cuts.hpp"

namespace ebm {
inline namespace EBM_PRECISION {
namespace {

constexpr std::string_view kKey = infer::GraphCut::kKey;
using ViewGroup = DiscreteView::Group;

// The same without its factors on three variables.
DiscreteView without_triples(const DiscreteView& view, Workspace& ws) {
  DiscreteView out = view;
  const auto groups = ws.take<ViewGroup>(view.groups.size());
  std::size_t kept = 0;
  for (const ViewGroup& g : view.groups)
    if (g.arity < 3) std::uninitialized_copy_n(&g, 1, &groups[kept++]);
  out.groups = groups.first(kept);
  return out;
}

class Cutting {
 public:
  // \param tolerance relative: what a pair may lack to be submodular by the rounding of its table.
  Cutting(const DiscreteView& view, double tolerance, Workspace& ws)
      : view_(view), tolerance_(tolerance), pairs_(pair_graph(without_triples(view, ws), ws)) {
    for (const ViewGroup& g : view.groups)
      if (g.arity == 3) triples_ += static_cast<std::size_t>(g.instances);
    large_ = large_energy(pairs_, ws, energies_of_triples());
    if (std::isnan(large_)) return;
    const std::size_t n = view.labels.size(), m = pairs_.edges.size();
    if (triples_ > 0) {
      ends_ = ws.take<PairGraph::Edge>(6 * triples_);
      lay_triples();
    }
    const auto ends = [&](std::size_t e) { return e < m ? pairs_.edges[e] : ends_[e - m]; };
    cut_.shape(n + triples_, m + ends_.size(), ends, ws);
    cut_.add(pairs_.constant);
    for (std::size_t v = 0; v < n; ++v)
      cut_.add_single(v, single_of(pairs_, v, 0, large_), single_of(pairs_, v, pairs_.labels[v] - 1, large_));
    for (std::size_t e = 0; e < m; ++e)
      add_pair(e, pairs_.edges[e], pair_of(pairs_, e, large_), [&] { return edge_name(view_, e); });
    add_triples();
  }

  Found find(std::span<int> labels, Limits& limits) {
    if (std::isnan(large_)) return {.energy = large_, .bound = -kInf, .exactness = Exactness::approximate};
    bool stopped = false;
    const double bound =
        cut_.solve([&](double least) { return stopped = limits.stop(kInf, least - guard(least)); });
    for (std::size_t v = 0; v < labels.size(); ++v) labels[v] = std::min(cut_.label(v), view_.labels[v] - 1);
    Found out;
    out.energy = triples_ > 0 ? energy_of(view_, labels) : energy_of(pairs_, labels);
    out.bound = out.energy;
    if (!stopped) return out;
    out.bound = bound - guard(bound);
    out.exactness = Exactness::bounded;
    out.converged = false;
    out.limited = limits.limited();
    return out;
  }

 private:
  static double guard(double bound) { return 1e-9 * (1 + std::abs(bound)); }

  double at(const ViewGroup& g, int instance, std::size_t entry) const {
    const std::size_t i = static_cast<std::size_t>(instance) * g.stride + entry;
    return g.scale(instance) * (g.doubles ? g.doubles[i] : static_cast<double>(g.floats[i]));
  }
  // At [x, y, z], forbidden as the large energy; a variable of one label has it twice.
  std::array<double, 8> triple(const ViewGroup& g, int instance) const {
    std::array<double, 8> out{};
    for (int i = 0; i < 8; ++i) {
      const int x = std::min(i >> 2, g.sizes[0] - 1), y = std::min(i >> 1 & 1, g.sizes[1] - 1),
                z = std::min(i & 1, g.sizes[2] - 1);
      const int entry = (x * g.sizes[1] + y) * g.sizes[2] + z;
      out[static_cast<std::size_t>(i)] = capped(at(g, instance, static_cast<std::size_t>(entry)), large_);
    }
    return out;
  }

  LargeEnergy energies_of_triples() const {
    LargeEnergy out;
    for (const ViewGroup& g : view_.groups) {
      if (g.arity != 3) continue;
      for (int i = 0; i < g.instances; ++i) {
        std::array<double, 8> row{};  // of two labels each at most
        for (std::size_t k = 0; k < g.entries; ++k) row[k] = at(g, i, k);
        out.add(std::span(row).first(g.entries), 1);
      }
    }
    return out;
  }

  // Six edges a factor: its pairs (0, 1), (0, 2), (1, 2), then those of each variable with the auxiliary.
  void lay_triples() {
    std::size_t at = 0;
    int w = view_.variables();
    for (std::size_t group = 0; group < view_.groups.size(); ++group) {
      const ViewGroup& g = view_.groups[group];
      if (g.arity != 3) continue;
      for (int i = 0; i < g.instances; ++i, ++w) {
        const auto s = g.scope(i);
        if (s[0] == s[1] || s[0] == s[2] || s[1] == s[2])
          throw GraphError(message("[", kKey, "] ", factor_name(view_, group, i),
                                   " reads a variable twice; declare it on two variables"));
        for (const auto& [a, b] : {std::pair{0, 1}, std::pair{0, 2}, std::pair{1, 2}})
          ends_[at++] = {s[static_cast<std::size_t>(a)], s[static_cast<std::size_t>(b)]};
        for (const int v : s) ends_[at++] = {v, w};
      }
    }
  }

  void add_triples() {
    std::size_t edge = pairs_.edges.size();
    auto w = static_cast<std::size_t>(view_.variables());
    for (std::size_t group = 0; group < view_.groups.size(); ++group) {
      const ViewGroup& g = view_.groups[group];
      if (g.arity != 3) continue;
      for (int i = 0; i < g.instances; ++i, ++w) {
        const auto f = triple(g, i);
        const auto name = [&] { return factor_name(view_, group, i); };
        // Pairs at the third variable's 0; c is what its 1 adds to their last.
        const double c = (f[7] - f[6] - f[5] - f[3]) + (f[4] + f[2] + f[1]) - f[0];
        const double xy = f[6] - f[4] - f[2] + f[0], xz = f[5] - f[4] - f[1] + f[0],
                     yz = f[3] - f[2] - f[1] + f[0];
        double size = 0;
        for (const double e : f) size = std::max(size, std::abs(e));
        // c xyz = c - c (x' + y' + z') + c (x'y' + x'z' + y'z') - c x'y'z' with x' = 1 - x and so on.
        const double both = std::max(0.0, c), none = std::min(0.0, c);
        const auto s = g.scope(i);
        cut_.add(f[0] + both);
        for (std::size_t a = 0; a < 3; ++a)
          cut_.add_single(static_cast<std::size_t>(s[a]), -both, f[std::size_t{4} >> a] - f[0]);
        for (const double quadratic : {xy, xz, yz}) {
          add_pair(edge, ends_[edge - pairs_.edges.size()], {both, 0, 0, quadratic}, name, size);
          ++edge;
        }
        cut_.add_single(w, 2 * both, -2 * none);
        for (const int v : s) cut_.add_pair(edge++, static_cast<std::size_t>(v), w, {-both, 0, 0, none});
      }
    }
  }

  template <class Name>
  void add_pair(std::size_t edge, const PairGraph::Edge& ends, BinaryPair e, const Name& name,
                double size = 0) {
    double over = excess_of(e);
    for (const double x : e) size = std::max(size, std::abs(x));
    // Where one of the mixed entries is forbidden, it may be any that is large enough.
    if (over > 0 && size >= large_ && (e[1] >= large_ || e[2] >= large_)) {
      e[e[1] >= large_ ? 1 : 2] += over;
      over = 0;
    }
    if (over > tolerance_ * size) {
      const std::string by = size >= large_ ? "a forbidden entry" : message(over, " nats");
      throw GraphError(message("[", kKey, "] ", name(), " is not submodular: at (", ends.a, ", ", ends.b,
                               ") V(0,0) + V(1,1) is ", by, " above V(0,1) + V(1,0); use RoofDuality"));
    }
    cut_.add_pair(edge, static_cast<std::size_t>(ends.a), static_cast<std::size_t>(ends.b), e);
  }

  const DiscreteView& view_;
  double tolerance_;
  PairGraph pairs_;
  std::size_t triples_ = 0;
  double large_ = 0;
  std::span<PairGraph::Edge> ends_;  // of the factors on three variables
  BinaryCut cut_;
};

Found cut(const DiscreteView& view, double tolerance, std::span<int> labels, Limits limits, Workspace& ws) {
  refuse_larger(view, 3, kKey);
  refuse_labels(view, kKey);
  return Cutting(view, tolerance, ws).find(labels, limits);
}

}  // namespace

void infer::GraphCut::answer(Batch& b, const Query& q, Answer& out) const {
  check_asked(b, q, kPowers, kKey);
  const double tolerance = sizeof(Real) == sizeof(float) ? 1e-6 : 1e-12;
  answer_minima(b, q, Method::graph_cut, out,
                [&](const DiscreteView& view, const Plans&, std::span<int> labels, Workspace& ws) {
                  return cut(view, tolerance, labels, {}, ws);
                });
}

Solution solve_by_graph_cut(const DiscreteGraph& graph, const Question& q) {
  return solve_minimum(graph, q, Method::graph_cut,
                       [&](const DiscreteView& view, const Plans&, std::span<int> labels, Workspace& ws) {
                         return cut(view, 1e-12, labels, Limits(q, "graph-cut"), ws);
                       });
}

}  // namespace EBM_PRECISION
}  // namespace ebm
