// infer::MeanField: each variable's distribution in turn from the expected energies of its labels,
//   q_v(k) proportional to exp(-beta sum over its factors of E_q[row | y_v = k]),
// which never raises E_q[E] - H(q) / beta.

#include <cmath>

#include "discrete_answer.hpp"
#include "ebm/inference/message_passing.hpp"
#include "limits.hpp"
#include "local_energies.hpp"

namespace ebm {
inline namespace EBM_PRECISION {
namespace {

// 0 times a forbidden entry is nothing.
double times(double p, double energy) { return p > 0 ? p * energy : 0; }

class Field {
 public:
  Field(const DiscreteView& view, const Readers& readers, Workspace& ws)
      : view_(view), readers_(readers), q_(ws.take<double>(view.offset.back())) {
    std::size_t entries = 1, arity = 1;
    for (const DiscreteView::Group& g : view.groups) {
      entries = std::max(entries, g.entries);
      arity = std::max(arity, static_cast<std::size_t>(g.arity));
    }
    row_ = ws.take<double>(entries);
    spread_ = ws.take<double>(std::max(entries, arity + 1));
  }
  std::span<double> of(int v) const {
    const auto u = static_cast<std::size_t>(v);
    return q_.subspan(view_.offset[u], static_cast<std::size_t>(view_.labels[u]));
  }

  // out[k] = expected energy of everything that reads v, at y_v = k.
  void expected(int v, std::span<double> out) const {
    for (std::size_t k = 0; k < out.size(); ++k)
      out[k] = view_.single.empty() ? 0 : view_.single[view_.offset[static_cast<std::size_t>(v)] + k];
    for (const Readers::Reader& r : readers_.of(v)) {
      const auto scope = view_.groups[r.group].scope(r.instance);
      const auto before = scope.first(r.place);
      if (std::ranges::find(before, v) != before.end()) continue;  // it stands there twice and moves as one
      each(r, v, [&](std::size_t k, double p, double energy) { out[k] += times(p, energy); });
    }
  }

  // visit(entry, probability) of one instance; v, where it is not -1, is summed as if it were certain of each
  // of its labels in turn: visit(entry, probability, label).
  template <class Visit>
  void each_entry(const DiscreteView::Group& g, int instance, int v, const Visit& visit) const {
    const auto scope = g.scope(instance);
    const auto n = static_cast<std::size_t>(g.arity);
    if (g.index == Index::joint) {
      for (std::size_t entry = 0; entry < g.entries; ++entry) {
        double p = 1;
        std::size_t rest = entry, label = 0;
        for (std::size_t a = n; a-- > 0 && p > 0;) {
          const auto k = rest % static_cast<std::size_t>(g.sizes[a]);
          rest /= static_cast<std::size_t>(g.sizes[a]);
          const std::size_t twin =
              static_cast<std::size_t>(std::ranges::find(scope, scope[a]) - scope.begin());
          if (twin != a) {  // the same variable further in front: both have one label
            std::size_t other = entry;
            for (std::size_t b = n - 1; b > twin; --b) other /= static_cast<std::size_t>(g.sizes[b]);
            p = other % static_cast<std::size_t>(g.sizes[twin]) == k ? p : 0;
          } else if (scope[a] == v) {
            label = k;
          } else {
            p *= of(scope[a])[k];
          }
        }
        if (p > 0) visit(entry, p, label);
      }
    } else if (g.index == Index::count) {
      // The distribution of the count, one variable after another; the last entry is for all that are more.
      const auto chance = spread_.first(g.entries);
      for (std::size_t k = 0; k < (v < 0 ? 1u : 2u); ++k) {
        std::ranges::fill(chance, 0.0);
        chance[0] = 1;
        for (std::size_t a = 0; a < n; ++a) {
          const double one = scope[a] == v ? static_cast<double>(k) : of(scope[a])[1];
          const std::size_t last = g.entries - 1;
          chance[last] += one * chance[last - 1];
          for (std::size_t c = last - 1; c > 0; --c) chance[c] = (1 - one) * chance[c] + one * chance[c - 1];
          chance[0] *= 1 - one;
        }
        for (std::size_t c = 0; c < g.entries; ++c)
          if (chance[c] > 0) visit(c, chance[c], k);
      }
    } else {
      const std::size_t labels = g.entries - 1;
      double agree = 0;
      for (std::size_t k = 0; k < labels; ++k) {
        double p = 1;
        for (std::size_t a = 0; a < n; ++a)
          if (scope[a] != v) p *= of(scope[a])[k];
        agree += p;
        if (p > 0) visit(k, p, k);
        if (v >= 0 && p < 1) visit(labels, 1 - p, k);
      }
      if (v < 0 && agree < 1) visit(labels, 1 - agree, 0);
    }
  }

  double free_energy(double beta) const {
    double energy = view_.constant, entropy = 0;
    for (std::size_t i = 0; i < view_.single.size(); ++i) energy += times(q_[i], view_.single[i]);
    for (std::size_t g = 0; g < view_.groups.size(); ++g) {
      if (view_.groups[g].arity == 0) continue;
      double sum = 0;
      for (int i = 0; i < view_.groups[g].instances; ++i) {
        const auto row = read_row(view_, static_cast<int>(g), i, row_);
        each_entry(view_.groups[g], i, -1,
                   [&](std::size_t e, double p, std::size_t) { sum += times(p, row[e]); });
      }
      energy += sum;
    }
    for (const double p : q_)
      if (p > 0) entropy -= p * std::log(p);
    return energy - entropy / beta;
  }

  void marginals(DiscreteMarginals& out) const {
    out.resize(view_);
    std::ranges::copy(q_, out.label.begin());
    for (std::size_t g = 0; g < view_.groups.size(); ++g)
      for (int i = 0; view_.groups[g].arity > 0 && i < view_.groups[g].instances; ++i) {
        const auto row = out.row(view_, g, i);
        each_entry(view_.groups[g], i, -1, [&](std::size_t e, double p, std::size_t) { row[e] += p; });
      }
  }

 private:
  template <class Add>
  void each(const Readers::Reader& r, int v, const Add& add) const {
    const auto row = read_row(view_, static_cast<int>(r.group), r.instance, row_);
    each_entry(view_.groups[r.group], r.instance, v,
               [&](std::size_t entry, double p, std::size_t k) { add(k, p, row[entry]); });
  }

  const DiscreteView& view_;
  const Readers& readers_;
  std::span<double> q_;             // at offset
  std::span<double> row_, spread_;  // room of one instance
};

Found descend(const infer::MeanField& o, const DiscreteView& view, const Plans& plans, double beta,
              DiscreteMarginals* wanted, Limits limits, Workspace& ws) {
  Field field(view, declared_readers(view, plans), ws);
  const auto single = ws.take<double>(view.offset.back());
  read_singles(view, single);
  Found f{.exactness = Exactness::approximate, .converged = false, .iterations = 0};
  const auto nan = [&] {
    f.energy = std::nan("");
    return f;
  };
  for (int v = 0; v < view.variables(); ++v) {
    const auto q = field.of(v);
    std::ranges::copy(single.subspan(view.offset[static_cast<std::size_t>(v)], q.size()), q.begin());
    const double e = probabilities(q, beta);
    if (std::isnan(e)) return nan();
    if (e == kInf) std::ranges::fill(q, 1 / static_cast<double>(q.size()));
  }
  const auto room = ws.take<double>(most_labels(view));
  const int most = limits.iterations(o.iterations);
  while (f.iterations < most && !f.converged && !f.limited) {
    ++f.iterations;
    f.residual = 0;
    for (int v = 0; v < view.variables(); ++v) {
      const auto q = field.of(v);
      const auto p = room.first(q.size());
      field.expected(v, p);
      const double e = probabilities(p, beta);
      if (std::isnan(e)) return nan();
      if (e == kInf) continue;  // every label meets something forbidden: it stays
      for (std::size_t k = 0; k < p.size(); ++k) {
        const double next = o.damping * q[k] + (1 - o.damping) * p[k];
        f.residual = std::max(f.residual, std::abs(next - q[k]));
        q[k] = next;
      }
    }
    f.converged = f.residual <= o.tolerance;
    f.limited = limits.stop(kInf, -kInf) || limits.out_of_time();
  }
  f.energy = field.free_energy(beta);
  if (wanted && f.energy < kInf) field.marginals(*wanted);
  return f;
}

void check(const infer::MeanField& o) {
  if (!(o.damping >= 0 && o.damping < 1))
    throw GraphError(message("[mean_field] damping must be in [0, 1), not ", o.damping));
  if (o.iterations < 1)
    throw GraphError(message("[mean_field] there must be at least one iteration, not ", o.iterations));
}

}  // namespace

void infer::MeanField::answer(Batch& b, const Query& q, Answer& out) const {
  check(*this);
  check_asked(b, q, kPowers, kKey);
  answer_sums(
      b, q, Method::mean_field, out,
      [&](const DiscreteView& view, const Plans& plans, double beta, DiscreteMarginals* wanted,
          Workspace& ws) { return descend(*this, view, plans, beta, wanted, {}, ws); },
      Tables::declared);
}

Solution infer::MeanField::solve(const DiscreteGraph& graph, const Question& q) const {
  check(*this);
  if (q.task != Question::Task::free_energy && q.task != Question::Task::marginals)
    throw GraphError("[mean_field] estimates free energies and marginals; ask another engine for minima");
  const Limits limits(q, "mean-field");
  return solve_sums(
      graph, q, Method::mean_field,
      [&](const DiscreteView& view, const Plans& plans, double beta, DiscreteMarginals* wanted,
          Workspace& ws) { return descend(*this, view, plans, beta, wanted, limits, ws); },
      Tables::declared);
}

Solution solve_by_mean_field(const DiscreteGraph& graph, const Question& q) {
  return infer::MeanField{}.solve(graph, q);
}

}  // namespace EBM_PRECISION
}  // namespace ebm
