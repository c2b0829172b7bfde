#include "message_layout.hpp"

#include <algorithm>
#include <cmath>
#include <memory>

#include "ebm/core/error.hpp"
#include "ebm/core/pool.hpp"

namespace ebm {
inline namespace EBM_PRECISION {
namespace {

using Shape = PairGraph::Shape;

// Labels to either side of which a pair by difference is below its limit.
int reach_of(const PairGraph::Table& t) {
  int d = 1;
  const auto grown = [&] { return t.weight * (t.shape == Shape::linear ? d : static_cast<double>(d) * d); };
  while (d < t.rows && grown() < t.limit) ++d;
  return t.weight > 0 ? d - 1 : 0;
}

// What is allocated for one table.
struct Needs {
  bool entries = false, weights = false;
};

// Rows of [rows, stride(columns)] by at(row, column), the padding `pad`.
template <class T, class At>
const T* padded(int rows, int columns, T pad, Workspace& ws, const At& at) {
  const std::size_t stride = message_stride(columns);
  const auto out = ws.take<T>(static_cast<std::size_t>(rows) * stride, pad);
  for (int r = 0; r < rows; ++r)
    for (int c = 0; c < columns; ++c)
      out[static_cast<std::size_t>(r) * stride + static_cast<std::size_t>(c)] = at(r, c);
  return out.data();
}

template <class T>
MessageTable<T> table_of(const PairGraph::Table& t, const Needs& needs, double beta, Workspace& ws) {
  MessageTable<T> out;
  out.shape = static_cast<MessageShape>(t.shape);
  out.rows = t.rows;
  out.columns = t.columns;
  out.step = t.step;
  if (t.shape == Shape::projection) return out;
  out.weight = static_cast<T>(t.weight);
  out.limit = static_cast<T>(t.limit);
  if (t.shape == Shape::linear || t.shape == Shape::quadratic) out.reach = reach_of(t);
  if (!needs.entries) return out;
  out.forward =
      padded<T>(t.rows, t.columns, T(0), ws, [&](int a, int b) { return static_cast<T>(t.at(a, b)); });
  out.backward =
      padded<T>(t.columns, t.rows, T(0), ws, [&](int b, int a) { return static_cast<T>(t.at(a, b)); });
  if (!needs.weights) return out;
  double low = kInf, high = -kInf;
  for (int a = 0; a < t.rows; ++a)
    for (int b = 0; b < t.columns; ++b) {
      low = std::min(low, t.at(a, b));
      high = std::max(high, t.at(a, b));
    }
  constexpr double kSafe = 500;  // a product with the largest exponential is far from 0
  if (!(beta * (high - low) < kSafe)) return out;
  const auto weight = [&](int a, int b) { return static_cast<T>(std::exp(-beta * (t.at(a, b) - low))); };
  out.forward_weight = padded<T>(t.rows, t.columns, T(1), ws, weight);
  out.backward_weight = padded<T>(t.columns, t.rows, T(1), ws, [&](int b, int a) { return weight(a, b); });
  return out;
}

}  // namespace

Neighbours neighbours(const PairGraph& g, Workspace& ws) {
  const auto n = static_cast<std::size_t>(g.variables());
  if (g.edges.size() > 0x7fffffffu)
    throw GraphError(message("[pairs] ", g.edges.size(), " pairs are more than 2^31 - 1; cut the graph"));
  const auto first = ws.take<std::size_t>(n + 1, std::size_t{0});
  const auto incident = ws.take<std::uint32_t>(2 * g.edges.size());
  const auto order = ws.take<std::uint32_t>(n);
  for (const PairGraph::Edge& e : g.edges) {
    ++first[static_cast<std::size_t>(e.a) + 1];
    ++first[static_cast<std::size_t>(e.b) + 1];
  }
  for (std::size_t v = 0; v < n; ++v) first[v + 1] += first[v];
  for (std::size_t e = 0; e < g.edges.size(); ++e) {
    incident[first[static_cast<std::size_t>(g.edges[e].a)]++] = static_cast<std::uint32_t>(2 * e);
    incident[first[static_cast<std::size_t>(g.edges[e].b)]++] = static_cast<std::uint32_t>(2 * e + 1);
  }
  for (std::size_t v = n; v > 0; --v) first[v] = first[v - 1];
  first[0] = 0;
  // Breadth first, component after component.
  const auto seen = ws.take<char>(n, char{0});
  std::size_t end = 0, roots = 0;
  for (std::size_t root = 0, next = 0; root < n; ++root) {
    if (seen[root]) continue;
    seen[root] = 1;
    order[end++] = static_cast<std::uint32_t>(root);
    ++roots;
    for (; next < end; ++next)
      for (std::size_t i = first[order[next]]; i < first[order[next] + 1]; ++i) {
        const PairGraph::Edge& e = g.edges[incident[i] / 2];
        const auto other = static_cast<std::size_t>(incident[i] & 1 ? e.a : e.b);
        if (seen[other]) continue;
        seen[other] = 1;
        order[end++] = static_cast<std::uint32_t>(other);
      }
  }
  return {first, incident, order, g.edges.size() + roots == n};
}

Range range_of(const PairGraph& g) {
  Range r;
  const auto read = [&](double x, double scale) {
    r.nan |= std::isnan(x);
    r.forbidden |= x == kInf;
    if (std::abs(x) < kInf) r.largest = std::max(r.largest, std::abs(x * scale));
  };
  double most = 1;
  for (const double s : g.scale) most = std::max(most, std::abs(s));
  for (const double x : g.single) read(x, 1);
  for (const PairGraph::Table& t : g.tables)
    if (t.entries)
      for (std::size_t k = 0; k < static_cast<std::size_t>(t.rows) * static_cast<std::size_t>(t.columns); ++k)
        read(t.entries[k], most);
  return r;
}

template <class T>
MessageLayout<T> message_layout(const PairGraph& g, const Neighbours& n, const Range& range, double beta,
                                Workspace& ws) {
  const std::size_t variables = g.labels.size();
  const auto offset = ws.take<std::size_t>(variables + 1);
  std::size_t longest = 16;
  offset[0] = 0;
  for (std::size_t v = 0; v < variables; ++v) {
    const std::size_t stride = message_stride(g.labels[v]);
    offset[v + 1] = offset[v] + stride;
    longest = std::max(longest, stride);
  }
  const auto single = ws.take<T>(offset[variables]);
  for (std::size_t v = 0; v < variables; ++v) {
    const auto from = g.single.subspan(g.offset[v], static_cast<std::size_t>(g.labels[v]));
    T* to = single.data() + offset[v];
    for (std::size_t k = 0; k < from.size(); ++k) to[k] = static_cast<T>(from[k]);
    std::fill(to + from.size(), single.data() + offset[v + 1], std::numeric_limits<T>::infinity());
  }
  const auto needs = ws.take<Needs>(g.tables.size(), Needs{});
  const auto edges = ws.take<MessageEdge<T>>(g.edges.size());
  MessageLayout<T> out;
  for (std::size_t e = 0; e < g.edges.size(); ++e) {
    const PairGraph::Table& t = g.tables[g.table[e]];
    const double scale = g.scale_of(e);
    const std::size_t slot = t.shape == Shape::projection
                                 ? message_stride(t.columns)
                                 : std::max(message_stride(t.rows), message_stride(t.columns));
    edges[e] = {out.entries, g.table[e], static_cast<std::uint32_t>(slot), static_cast<T>(scale)};
    out.entries += 2 * slot;
    const bool by_shape = scale >= 0 && t.shape != Shape::table && (beta == kInf || t.shape == Shape::potts);
    needs[g.table[e]].entries |= !by_shape;
    needs[g.table[e]].weights |= !by_shape && beta < kInf && scale == 1;
  }
  const auto tables = ws.take<MessageTable<T>>(g.tables.size());
  for (std::size_t t = 0; t < g.tables.size(); ++t)
    std::construct_at(&tables[t], table_of<T>(g.tables[t], needs[t], beta, ws));
  out.graph = {g.labels.data(), offset.data(), single.data(),   n.first.data(), n.incident.data(),
               edges.data(),    tables.data(), range.forbidden, 6 * longest};
  return out;
}

template <class T>
void belief(const MessageGraph<T>& g, const T* messages, unsigned flip, std::size_t v, T* out) {
  const std::size_t stride = message_stride(g.labels[v]);
  std::copy_n(g.single + g.offset[v], stride, out);
  for (std::size_t i = g.first[v]; i < g.first[v + 1]; ++i) {
    const unsigned side = g.incident[i] & 1;
    const MessageEdge<T>& e = g.edges[g.incident[i] / 2];
    const T* m = messages + e.at + (side ^ flip) * e.slot;
    const MessageTable<T>& t = g.tables[e.table];
    if (t.shape != MessageShape::projection || side == 1) {
      for (std::size_t k = 0; k < stride; ++k) out[k] += m[k];
      continue;
    }
    T* to = out;
    for (T* const end = out + t.rows; to < end;)
      for (int c = 0; c < t.columns; ++c)
        for (std::size_t k = 0; k < t.step; ++k) *to++ += m[c];
  }
}

namespace {

// out[k] += the pair of edge `at / 2` at label k of v and `other` of its neighbour.
void add_pair(const PairGraph& g, std::uint32_t at, int other, std::span<double> out) {
  const std::size_t e = at / 2;
  for (std::size_t k = 0; k < out.size(); ++k)
    out[k] += at & 1 ? g.at(e, other, static_cast<int>(k)) : g.at(e, static_cast<int>(k), other);
}

std::size_t other_end(const PairGraph& g, std::uint32_t at) {
  return static_cast<std::size_t>(at & 1 ? g.edges[at / 2].a : g.edges[at / 2].b);
}

std::size_t most_labels(const PairGraph& g) {
  int most = 1;
  for (const int k : g.labels) most = std::max(most, k);
  return message_stride(most);
}

}  // namespace

template <class T>
void read_labels(const PairGraph& g, const Neighbours& n, const MessageGraph<T>& m, const T* messages,
                 unsigned flip, bool each, std::span<int> labels, Workspace& ws) {
  const std::size_t variables = g.labels.size(), room = most_labels(g);
  if (each) {
    const auto own = static_cast<std::size_t>(g.own), pieces = std::clamp<std::size_t>(own / 1024, 1, 64);
    const auto rows = ws.take<T>(pieces * room);
    parallel_for(pieces, [&](std::size_t piece) {
      T* b = rows.data() + piece * room;
      for (std::size_t v = piece * own / pieces; v < (piece + 1) * own / pieces; ++v) {
        belief(m, messages, flip, v, b);
        labels[v] = static_cast<int>(std::min_element(b, b + g.labels[v]) - b);
      }
    });
    complete(g, labels);
    return;
  }
  const auto b = ws.take<T>(room);
  const auto given = ws.take<double>(room);
  const auto known = ws.take<char>(variables, char{0});
  for (const std::uint32_t v : n.order) {
    const auto count = static_cast<std::size_t>(g.labels[v]);
    const auto energies = given.first(count);
    std::ranges::copy(g.single.subspan(g.offset[v], count), energies.begin());
    belief(m, messages, flip, v, b.data());
    for (std::size_t i = n.first[v]; i < n.first[v + 1]; ++i) {
      const std::uint32_t at = n.incident[i];
      if (const std::size_t u = other_end(g, at); known[u]) {
        add_pair(g, at, labels[u], energies);
        continue;
      }
      const MessageEdge<T>& e = m.edges[at / 2];
      const T* told = messages + e.at + ((at & 1) ^ flip) * e.slot;
      const MessageTable<T>& t = m.tables[e.table];
      const bool joint = t.shape == MessageShape::projection && (at & 1) == 0;
      for (std::size_t k = 0; k < count; ++k)
        energies[k] +=
            static_cast<double>(told[joint ? k / t.step % static_cast<std::size_t>(t.columns) : k]);
    }
    auto best = std::min_element(energies.begin(), energies.end()) - energies.begin();
    // What was decided before leaves nothing: what the messages alone would have.
    if (!(energies[static_cast<std::size_t>(best)] < kInf))
      best = std::min_element(b.begin(), b.begin() + static_cast<std::ptrdiff_t>(count)) - b.begin();
    labels[v] = static_cast<int>(best);
    known[v] = 1;
  }
  complete(g, labels);
}

#define EBM_MESSAGES(T)                                                                                      \
  template MessageLayout<T> message_layout(const PairGraph&, const Neighbours&, const Range&, double,        \
                                           Workspace&);                                                      \
  template void belief(const MessageGraph<T>&, const T*, unsigned, std::size_t, T*);                         \
  template void read_labels(const PairGraph&, const Neighbours&, const MessageGraph<T>&, const T*, unsigned, \
                            bool, std::span<int>, Workspace&);
EBM_MESSAGES(float)
EBM_MESSAGES(double)
#undef EBM_MESSAGES

}  // namespace EBM_PRECISION
}  // namespace ebm
