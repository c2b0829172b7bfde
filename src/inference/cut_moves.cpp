// infer::AlphaExpansion and infer::AlphaBetaSwap: moves in which every variable has the choice of two labels.

#include <cmath>

#include "cuts.hpp"
#include "discrete_engines.hpp"
#include "ebm/inference/cuts.hpp"

namespace ebm {
inline namespace EBM_PRECISION {
namespace {

class Moves {
 public:
  Moves(const DiscreteView& view, std::span<const int> start, std::string_view key, std::span<int> labels,
        Workspace& ws)
      : g_((refuse_larger(view, 2, key), pair_graph(view, ws))), x_(labels) {
    start_labels(g_, start, key, x_);
    large_ = large_energy(g_, ws);
    if (std::isnan(large_)) return;
    choice_ = ws.take<Choice>(x_.size());
    cut_.shape(
        x_.size(), g_.edges.size(), [&](std::size_t e) { return g_.edges[e]; }, ws);
    energy_ = energy_of(g_, x_);
  }

  int most_labels() const { return x_.empty() ? 0 : *std::ranges::max_element(g_.labels); }
  const PairGraph& graph() const { return g_; }
  bool is_nan() const { return std::isnan(large_); }
  double energy() const { return energy_; }

  // Whether any set of variables lowers the energy by taking `label`, the lowest set.
  bool expand(int label) {
    return move([&](std::size_t v) { return Choice{x_[v], label < g_.labels[v] ? label : x_[v]}; });
  }
  // The same for those of label a that take b, and of b that take a.
  bool swap(int a, int b) {
    return move([&](std::size_t v) {
      const bool either = (x_[v] == a || x_[v] == b) && a < g_.labels[v] && b < g_.labels[v];
      return either ? Choice{a, b} : Choice{x_[v], x_[v]};
    });
  }

 private:
  struct Choice {
    int zero, one;
  };
  double single(std::size_t v, int label) const { return single_of(g_, v, label, large_); }
  double pair(std::size_t e, int a, int b) const { return capped(g_.at(e, a, b), large_); }

  // What is not submodular is raised where the labels of now are not, so that these keep their energy and no
  // others look lower than they are.
  static void raise(BinaryPair& e, bool a, bool b) {
    const double over = excess_of(e);
    if (!(over > 0)) return;
    if (a == b) {
      e[1] += over / 2;
      e[2] += over / 2;
    } else {
      e[a ? 1 : 2] += over;
    }
  }

  template <class ChoiceOf>
  bool move(const ChoiceOf& choice_of) {
    bool any = false;
    cut_.clear();
    for (std::size_t v = 0; v < x_.size(); ++v) {
      const Choice c = choice_[v] = choice_of(v);
      if (c.zero == c.one) continue;
      any = true;
      cut_.add_single(v, single(v, c.zero), single(v, c.one));
    }
    if (!any) return false;
    for (std::size_t e = 0; e < g_.edges.size(); ++e) {
      const auto a = static_cast<std::size_t>(g_.edges[e].a), b = static_cast<std::size_t>(g_.edges[e].b);
      const Choice of_a = choice_[a], of_b = choice_[b];
      const bool a_moves = of_a.zero != of_a.one, b_moves = of_b.zero != of_b.one;
      if (a_moves && b_moves) {
        BinaryPair p{pair(e, of_a.zero, of_b.zero), pair(e, of_a.zero, of_b.one),
                     pair(e, of_a.one, of_b.zero), pair(e, of_a.one, of_b.one)};
        raise(p, x_[a] == of_a.one, x_[b] == of_b.one);
        cut_.add_pair(e, a, b, p);
        continue;
      }
      cut_.drop_pair(e);
      if (a_moves) {
        cut_.add_single(a, pair(e, of_a.zero, of_b.zero), pair(e, of_a.one, of_b.zero));
      } else if (b_moves) {
        cut_.add_single(b, pair(e, of_a.zero, of_b.zero), pair(e, of_a.zero, of_b.one));
      }
    }
    cut_.solve();
    return take_if_lower();
  }

  int taken(std::size_t v) const { return cut_.label(v) ? choice_[v].one : choice_[v].zero; }

  bool take_if_lower() {
    double change = 0, size = 0;
    const auto add = [&](double now, double then) {
      change += then - now;
      size += std::abs(then) + std::abs(now);
    };
    for (std::size_t v = 0; v < x_.size(); ++v) {
      choice_[v].zero = taken(v);
      if (choice_[v].zero != x_[v]) add(single(v, x_[v]), single(v, choice_[v].zero));
    }
    for (std::size_t e = 0; e < g_.edges.size(); ++e) {
      const auto a = static_cast<std::size_t>(g_.edges[e].a), b = static_cast<std::size_t>(g_.edges[e].b);
      const int to_a = choice_[a].zero, to_b = choice_[b].zero;
      if (to_a != x_[a] || to_b != x_[b]) add(pair(e, x_[a], x_[b]), pair(e, to_a, to_b));
    }
    // Less than rounding is no gain: two labellings of one energy must not take turns.
    if (!(change < -1e-13 * size)) return false;
    for (std::size_t v = 0; v < x_.size(); ++v) x_[v] = choice_[v].zero;
    if (energy_ < kInf)
      energy_ += change;
    else
      energy_ = energy_of(g_, x_);
    return true;
  }

  PairGraph g_;
  std::span<int> x_;
  std::span<Choice> choice_;
  double large_ = 0, energy_ = kInf;
  BinaryCut cut_;
};

// `count` moves over and over until each has failed since the last that did not. Every move is the best of
// its kind, so that it need not be tried again before another has changed something.
template <class Try>
Found search(Moves& moves, std::span<const int> labels, int count, int passes, Limits& limits,
             const Try& attempt) {
  if (moves.is_nan())
    return {.energy = std::numeric_limits<double>::quiet_NaN(), .exactness = Exactness::approximate};
  int pass = 0, failed = 0;
  const int enough = std::max(1, count - 1);
  bool stopped = limits.stop(moves.energy(), -kInf), settled = count == 0;
  for (; pass < passes && !settled && !stopped; ++pass)
    for (int i = 0; i < count && !settled && !stopped; ++i) {
      if (attempt(i))
        failed = 0;
      else
        settled = ++failed >= enough && (pass > 0 || i + 1 == count);
      stopped = limits.stop(moves.energy(), -kInf);
    }
  Found out = found_at(moves.graph(), labels, -kInf);
  out.exactness = Exactness::approximate;
  out.iterations = pass;
  out.converged = settled;
  out.limited = limits.limited();
  return out;
}

Found expand(const DiscreteView& view, std::span<const int> start, int passes, std::span<int> labels,
             Limits limits, Workspace& ws) {
  Moves moves(view, start, infer::AlphaExpansion::kKey, labels, ws);
  return search(moves, labels, moves.most_labels(), limits.iterations(passes), limits,
                [&](int i) { return moves.expand(i); });
}

Found swap(const DiscreteView& view, std::span<const int> start, int passes, std::span<int> labels,
           Limits limits, Workspace& ws) {
  Moves moves(view, start, infer::AlphaBetaSwap::kKey, labels, ws);
  const int k = moves.most_labels();
  int a = 0, b = 0;
  return search(moves, labels, k * (k - 1) / 2, limits.iterations(passes), limits, [&](int i) {
    if (i == 0) a = 0, b = 0;
    if (++b == k) ++a, b = a + 1;
    return moves.swap(a, b);
  });
}

}  // namespace

void infer::AlphaExpansion::answer(Batch& b, const Query& q, Answer& out) const {
  check_asked(b, q, kPowers, kKey);
  answer_minima(b, q, Method::alpha_expansion, out,
                [&](const DiscreteView& view, const Plans&, std::span<int> labels, Workspace& ws) {
                  return expand(view, {}, iterations, labels, {}, ws);
                });
}

void infer::AlphaBetaSwap::answer(Batch& b, const Query& q, Answer& out) const {
  check_asked(b, q, kPowers, kKey);
  answer_minima(b, q, Method::alpha_beta_swap, out,
                [&](const DiscreteView& view, const Plans&, std::span<int> labels, Workspace& ws) {
                  return swap(view, {}, iterations, labels, {}, ws);
                });
}

Solution solve_by_alpha_expansion(const DiscreteGraph& graph, const Question& q) {
  return solve_minimum(graph, q, Method::alpha_expansion,
                       [&](const DiscreteView& view, const Plans&, std::span<int> labels, Workspace& ws) {
                         return expand(view, q.start, infer::AlphaExpansion{}.iterations, labels,
                                       Limits(q, "alpha-expansion"), ws);
                       });
}

Solution solve_by_alpha_beta_swap(const DiscreteGraph& graph, const Question& q) {
  return solve_minimum(graph, q, Method::alpha_beta_swap,
                       [&](const DiscreteView& view, const Plans&, std::span<int> labels, Workspace& ws) {
                         return swap(view, q.start, infer::AlphaBetaSwap{}.iterations, labels,
                                     Limits(q, "alpha-beta-swap"), ws);
                       });
}

}  // namespace EBM_PRECISION
}  // namespace ebm
