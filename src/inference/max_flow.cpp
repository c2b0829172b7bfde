#include "max_flow.hpp"

#include <algorithm>
#include <limits>
#include <memory>

#include "ebm/core/error.hpp"

namespace ebm {
inline namespace EBM_PRECISION {

void MaxFlow::take(std::size_t vertices, std::size_t edges, Workspace& ws) {
  constexpr std::size_t kMost = std::numeric_limits<std::int32_t>::max() - 1;
  if (edges > kMost || vertices > kMost)
    throw GraphError(message("[max_flow] ", vertices, " vertices and ", edges,
                             " edges are more than there are numbers for"));
  vertex_ = ws.take<Vertex>(vertices + 1);
  std::uninitialized_fill(vertex_.begin(), vertex_.end(), Vertex{});
  arc_ = ws.take<Arc>(2 * edges);
  arc_of_ = ws.take<std::uint32_t>(edges);
  orphans_ = ws.take<std::uint32_t>(vertices + 1);
}

void MaxFlow::clear_excess() {
  for (Vertex& v : vertex_) v.excess = 0;
}

// What passes over one edge needs no tree.
void MaxFlow::push_neighbours() {
  const auto n = static_cast<std::uint32_t>(vertices());
  for (std::uint32_t v = 0; v < n; ++v) {
    double left = vertex_[v].excess;
    if (!(left > 0)) continue;
    for (std::uint32_t i = vertex_[v].first; i < vertex_[v + 1].first && left > 0; ++i) {
      Arc& a = arc_[i];
      Vertex& head = vertex_[a.head];
      if (!(head.excess < 0) || !(a.room > 0)) continue;
      const double flow = std::min({left, a.room, -head.excess});
      left -= flow;
      head.excess += flow;
      a.room -= flow;
      arc_[a.sister].room += flow;
      flow_ += flow;
    }
    vertex_[v].excess = left;
  }
}

void MaxFlow::start_trees() {
  first_[0] = first_[1] = last_[0] = last_[1] = kNone;
  time_ = 0;
  oldest_ = newest_ = 0;
  const auto n = static_cast<std::uint32_t>(vertices());
  for (std::uint32_t v = 0; v < n; ++v) {
    Vertex& x = vertex_[v];
    x.next = kNone;
    x.stamp = 0;
    x.distance = 1;
    x.side = x.excess > 0 ? Side::source : x.excess < 0 ? Side::sink : Side::free;
    x.parent = x.side == Side::free ? kNone : kTerminal;
    if (x.side != Side::free) activate(v);
  }
}

void MaxFlow::activate(std::uint32_t v) {
  if (vertex_[v].next != kNone) return;
  if (last_[1] == kNone)
    first_[1] = v;
  else
    vertex_[last_[1]].next = v;
  last_[1] = v;
  vertex_[v].next = v;
}

std::uint32_t MaxFlow::next_active() {
  for (;;) {
    std::uint32_t v = first_[0];
    if (v == kNone) {
      first_[0] = v = first_[1];
      last_[0] = last_[1];
      first_[1] = last_[1] = kNone;
      if (v == kNone) return kNone;
    }
    const std::uint32_t next = vertex_[v].next;
    if (next == v)
      first_[0] = last_[0] = kNone;
    else
      first_[0] = next;
    vertex_[v].next = kNone;
    if (vertex_[v].parent != kNone) return v;
  }
}

// The tree takes the free neighbours of v; an arc from the source's to the sink's where they touch, or none.
template <MaxFlow::Side kSide>
std::uint32_t MaxFlow::grow_in(std::uint32_t v) {
  const Vertex& from = vertex_[v];
  const std::uint32_t end = vertex_[v + 1].first, stamp = from.stamp, distance = from.distance;
  for (std::uint32_t i = from.first; i < end; ++i) {
    const Arc& a = arc_[i];
    if (!(out<kSide>(a) > 0)) continue;
    Vertex& to = vertex_[a.head];
    if (to.parent == kNone) {
      to.side = kSide;
      to.parent = a.sister;
      to.stamp = stamp;
      to.distance = distance + 1;
      activate(a.head);
    } else if (to.side != kSide) {
      return kSide == Side::source ? i : a.sister;
    } else if (to.stamp <= stamp && to.distance > distance) {  // a shorter way to the terminal
      to.parent = a.sister;
      to.stamp = stamp;
      to.distance = distance + 1;
    }
  }
  return kNone;
}

std::uint32_t MaxFlow::grow(std::uint32_t v) {
  return vertex_[v].side == Side::source ? grow_in<Side::source>(v) : grow_in<Side::sink>(v);
}

template <MaxFlow::Side kSide>
double MaxFlow::bottleneck(std::uint32_t v) const {
  double least = std::numeric_limits<double>::infinity();
  while (vertex_[v].parent != kTerminal) {
    const Arc& a = arc_[vertex_[v].parent];
    least = std::min(least, in<kSide>(a));
    v = a.head;
  }
  return std::min(least, kSide == Side::source ? vertex_[v].excess : -vertex_[v].excess);
}

template <MaxFlow::Side kSide>
void MaxFlow::push(std::uint32_t v, double flow) {
  while (vertex_[v].parent != kTerminal) {
    Arc& a = arc_[vertex_[v].parent];
    Arc& b = arc_[a.sister];
    Arc& along = kSide == Side::source ? b : a;
    (kSide == Side::source ? a : b).room += flow;
    along.room -= flow;
    if (!(along.room > 0)) {
      orphan(v);
    }
    v = a.head;
  }
  Vertex& root = vertex_[v];
  root.excess += kSide == Side::source ? -flow : flow;
  if (root.excess == 0) orphan(v);
}

void MaxFlow::augment(std::uint32_t bridge) {
  Arc& a = arc_[bridge];
  Arc& b = arc_[a.sister];
  const std::uint32_t from = b.head, to = a.head;
  const double flow = std::min({a.room, bottleneck<Side::source>(from), bottleneck<Side::sink>(to)});
  a.room -= flow;
  b.room += flow;
  push<Side::source>(from, flow);
  push<Side::sink>(to, flow);
  flow_ += flow;
}

// A new parent in the same tree, as near to the terminal as there is, or none: then it is free, and so are
// its children until they find one.
template <MaxFlow::Side kSide>
void MaxFlow::adopt_one(std::uint32_t v) {
  constexpr std::uint32_t kFar = 0x3FFFFFFF;
  Vertex& lost = vertex_[v];
  const std::uint32_t begin = lost.first, end = vertex_[v + 1].first;
  std::uint32_t best = kNone, nearest = kFar;
  for (std::uint32_t i = begin; i < end; ++i) {
    const Arc& a = arc_[i];
    const Vertex& neighbour = vertex_[a.head];
    if (neighbour.side != kSide || neighbour.parent == kNone || !(in<kSide>(a) > 0)) continue;
    std::uint32_t distance = 0;
    for (std::uint32_t u = a.head;;) {  // does it come from the terminal?
      Vertex& x = vertex_[u];
      if (x.stamp == time_) {
        distance += x.distance;
        break;
      }
      ++distance;
      if (x.parent == kTerminal) {
        x.stamp = time_;
        x.distance = 1;
        break;
      }
      if (x.parent == kOrphan) {
        distance = kFar;
        break;
      }
      u = arc_[x.parent].head;
    }
    if (distance >= kFar) continue;
    if (distance < nearest) {
      best = i;
      nearest = distance;
    }
    for (std::uint32_t u = a.head; vertex_[u].stamp != time_; u = arc_[vertex_[u].parent].head) {
      vertex_[u].stamp = time_;
      vertex_[u].distance = distance--;
    }
  }
  if (best != kNone) {
    lost.parent = best;
    lost.stamp = time_;
    lost.distance = nearest + 1;
    return;
  }
  lost.parent = kNone;
  lost.side = Side::free;
  for (std::uint32_t i = begin; i < end; ++i) {
    const Arc& a = arc_[i];
    Vertex& neighbour = vertex_[a.head];
    if (neighbour.side != kSide || neighbour.parent == kNone) continue;
    if (in<kSide>(a) > 0) activate(a.head);
    if (neighbour.parent == a.sister) orphan(a.head);
  }
}

void MaxFlow::orphan(std::uint32_t v) {
  vertex_[v].parent = kOrphan;
  orphans_[newest_] = v;
  if (++newest_ == orphans_.size()) newest_ = 0;
}

void MaxFlow::adopt() {
  // Of the path just filled those near the terminals come first.
  std::reverse(orphans_.begin(), orphans_.begin() + static_cast<std::ptrdiff_t>(newest_));
  while (oldest_ != newest_) {
    const std::uint32_t v = orphans_[oldest_];
    if (++oldest_ == orphans_.size()) oldest_ = 0;
    if (vertex_[v].side == Side::source)
      adopt_one<Side::source>(v);
    else
      adopt_one<Side::sink>(v);
  }
  oldest_ = newest_ = 0;
}

double MaxFlow::solve(const std::function<bool(double flow)>& stop) {
  flow_ = 0;
  push_neighbours();
  start_trees();
  constexpr std::uint32_t kAskEvery = 1 << 14;
  std::uint32_t steps = 0;
  for (std::uint32_t v = next_active(); v != kNone; v = next_active()) {
    if (stop && ++steps % kAskEvery == 0 && stop(flow_)) break;
    for (;;) {
      const std::uint32_t bridge = grow(v);
      if (bridge == kNone) break;
      if (++time_ == 0) {  // once in 2^32 paths: no distance is known
        for (Vertex& x : vertex_) x.stamp = 0;
        time_ = 1;
      }
      augment(bridge);
      adopt();
      if (vertex_[v].parent == kNone) break;
      if (stop && ++steps % kAskEvery == 0 && stop(flow_)) return flow_;
    }
  }
  return flow_;
}

}  // namespace EBM_PRECISION
}  // namespace ebm
