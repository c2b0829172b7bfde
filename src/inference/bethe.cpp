#include "bethe.hpp"

#include <algorithm>
#include <cmath>

#include "ebm/core/pool.hpp"

namespace ebm {
inline namespace EBM_PRECISION {
namespace {

// Rows of one piece of the work.
struct Rows {
  std::span<double> a, b, joint;
};

// exp(-beta (e - softmin)) in place; returned is the softmin. All 0 where all is forbidden.
double normalise(std::span<double> e, double beta) {
  double low = kInf;
  for (const double x : e) low = std::min(low, x);
  if (!(low < kInf)) {
    std::ranges::fill(e, 0.0);
    return low;
  }
  double sum = 0;
  for (double& x : e) sum += x = std::exp(-beta * (x - low));
  for (double& x : e) x /= sum;
  return low - std::log(sum) / beta;
}

class Terms {
 public:
  explicit Terms(const Bethe& b) : b_(b) {}
  // of(v): its belief, [labels]
  std::span<double> of(std::size_t v, std::span<double> room) const {
    belief(b_.graph, b_.messages, b_.flip, v, room.data());
    return room.first(static_cast<std::size_t>(b_.graph.labels[v]));
  }
  // The same less what it is told along edge e, on whose side it is.
  std::span<double> without(std::size_t v, std::size_t e, unsigned side, std::span<double> room) const {
    const auto h = of(v, room);
    const MessageEdge<double>& edge = b_.graph.edges[e];
    const double* m = b_.messages + edge.at + (side ^ b_.flip) * edge.slot;
    const MessageTable<double>& t = b_.graph.tables[edge.table];
    const bool joint = t.shape == MessageShape::projection && side == 0;
    for (std::size_t k = 0; k < h.size(); ++k)
      if (h[k] < kInf) h[k] -= m[joint ? k / t.step % static_cast<std::size_t>(t.columns) : k];
    return h;
  }
  // Probabilities of the joint labels of pair e into rows.joint: [rows, columns], of a projection [rows].
  double pair(std::size_t e, const Rows& rows, std::span<double>* out) const {
    const PairGraph::Edge& ends = b_.pairs.edges[e];
    const auto a = without(static_cast<std::size_t>(ends.a), e, 0, rows.a);
    const auto b = without(static_cast<std::size_t>(ends.b), e, 1, rows.b);
    const PairGraph::Table& t = b_.pairs.tables[b_.pairs.table[e]];
    const double scale = b_.pairs.scale_of(e);
    if (t.shape == PairGraph::Shape::projection) {
      *out = rows.joint.first(a.size());
      for (std::size_t k = 0; k < a.size(); ++k) (*out)[k] = a[k] + b[k / t.step % b.size()];
    } else {
      *out = rows.joint.first(a.size() * b.size());
      for (std::size_t i = 0; i < a.size(); ++i)
        for (std::size_t j = 0; j < b.size(); ++j)
          (*out)[i * b.size() + j] = a[i] + b[j] + scale * t.entries[i * b.size() + j];
    }
    return normalise(*out, b_.beta);
  }

 private:
  const Bethe& b_;
};

// Where the factors of the view are in the graph made of it: pairs are edges, larger ones variables.
struct Places {
  std::size_t edge = 0, joint;
  template <class Each>
  void walk(const DiscreteView& view, const Each& each) {
    for (std::size_t group = 0; group < view.groups.size(); ++group) {
      const DiscreteView::Group& g = view.groups[group];
      for (int i = 0; i < g.instances && g.arity > 0; ++i) {
        const bool pair = g.arity == 2 && g.scope(i)[0] != g.scope(i)[1];
        each(group, i, pair ? edge : joint);
        if (pair) ++edge;
        if (g.arity > 2) {
          edge += static_cast<std::size_t>(g.arity);
          ++joint;
        }
      }
    }
  }
};

}  // namespace

double bethe_free_energy(const Bethe& b, const DiscreteView& view, DiscreteMarginals* out, Workspace& ws) {
  const PairGraph& g = b.pairs;
  const Terms terms(b);
  int most = 1;
  std::size_t largest = 1;
  for (const int k : g.labels) most = std::max(most, k);
  for (const PairGraph::Table& t : g.tables)
    largest = std::max(
        largest, static_cast<std::size_t>(t.rows) *
                     (t.shape == PairGraph::Shape::projection ? 1 : static_cast<std::size_t>(t.columns)));
  const std::size_t n = g.labels.size(), edges = g.edges.size(), row = message_stride(most);
  const std::size_t pieces = std::clamp<std::size_t>((n + edges) / 512, 1, 64);
  const auto rooms = ws.take<double>(pieces * (2 * row + largest));
  const auto room = [&](std::size_t piece) {
    const auto own = rooms.subspan(piece * (2 * row + largest), 2 * row + largest);
    return Rows{own.first(row), own.subspan(row, row), own.subspan(2 * row)};
  };
  const auto sums = ws.take<double>(pieces, 0.0);
  if (out) out->resize(view);
  parallel_for(pieces, [&](std::size_t piece) {
    const Rows rows = room(piece);
    for (std::size_t v = piece * n / pieces; v < (piece + 1) * n / pieces; ++v) {
      const auto p = terms.of(v, rows.a);
      const double f = normalise(p, b.beta);
      const double count = 1 - static_cast<double>(b.neighbours.first[v + 1] - b.neighbours.first[v]);
      sums[piece] += f < kInf ? count * f : kInf;
      if (out && v < static_cast<std::size_t>(g.own))
        std::ranges::copy(p, out->label.begin() + static_cast<std::ptrdiff_t>(view.offset[v]));
    }
  });
  double total = g.constant;
  for (const double x : sums) total += x;
  if (!(total < kInf)) return kInf;
  std::ranges::fill(sums, 0.0);
  parallel_for(pieces, [&](std::size_t piece) {
    const Rows rows = room(piece);
    std::span<double> p;
    for (std::size_t e = piece * edges / pieces; e < (piece + 1) * edges / pieces; ++e)
      sums[piece] += terms.pair(e, rows, &p);
  });
  for (const double x : sums) total += x;
  if (!out || !(total < kInf)) return total;
  const Rows rows = room(0);
  Places places{0, static_cast<std::size_t>(g.own)};
  places.walk(view, [&](std::size_t group, int instance, std::size_t at) {
    const DiscreteView::Group& factor = view.groups[group];
    const auto to = out->row(view, group, instance);
    if (factor.arity > 2) {
      const auto p = terms.of(at, rows.a);
      normalise(p, b.beta);
      std::ranges::copy(p, to.begin());
      return;
    }
    const auto scope = factor.scope(instance);
    const auto single = std::span(out->label)
                            .subspan(view.offset[static_cast<std::size_t>(scope[0])],
                                     static_cast<std::size_t>(factor.sizes[0]));
    if (factor.arity == 1) {
      std::ranges::copy(single, to.begin());
    } else if (scope[0] == scope[1]) {
      for (std::size_t k = 0; k < single.size(); ++k) to[k * single.size() + k] = single[k];
    } else {
      std::span<double> p;
      terms.pair(at, rows, &p);
      std::ranges::copy(p, to.begin());
    }
  });
  return total;
}

}  // namespace EBM_PRECISION
}  // namespace ebm
