#pragma once
// Maximum flow and minimum cut by two search trees (Boykov, Kolmogorov 2004): one grows from the source, one
// from the sink, flow is pushed along a path where they touch, and what is cut off by it is adopted again.
// Vertices and arcs lie in flat arrays with 32-bit numbers, the arcs of a vertex side by side: 36 bytes a
// vertex and 36 an edge, of the asker's workspace. Worst case O(edges vertices^2 cut); on grids of pictures
// nearly linear. The graph is laid down once (`shape`); its capacities may then be set and solved for again
// and again, as the moves of an expansion do.

#include <cstdint>
#include <functional>
#include <span>

#include "ebm/core/real.hpp"
#include "ebm/core/workspace.hpp"

namespace ebm {
inline namespace EBM_PRECISION {

class MaxFlow {
 public:
  // Edge e of `edges` joins the vertices ends(e).a and ends(e).b, which differ; several may join the same
  // two. All capacities are 0. \throws GraphError for more than 2^31 - 2 vertices or edges.
  template <class Ends>
  void shape(std::size_t vertices, std::size_t edges, const Ends& ends, Workspace& ws) {
    take(vertices, edges, ws);
    for (std::size_t e = 0; e < edges; ++e) {
      ++vertex_[static_cast<std::size_t>(ends(e).a)].first;
      ++vertex_[static_cast<std::size_t>(ends(e).b)].first;
    }
    std::uint32_t at = 0;  // each start moved to its end, and back while arcs are laid down
    for (Vertex& v : vertex_) v.first = at += v.first;
    for (std::size_t e = edges; e-- > 0;) {
      const auto a = static_cast<std::uint32_t>(ends(e).a), b = static_cast<std::uint32_t>(ends(e).b);
      const std::uint32_t forward = --vertex_[a].first, backward = --vertex_[b].first;
      arc_[forward] = {b, backward, 0};
      arc_[backward] = {a, forward, 0};
      arc_of_[e] = forward;
    }
  }
  // Before a shape is solved again: excesses to 0. All edges are to be set anew.
  void clear_excess();

  std::size_t vertices() const { return vertex_.size() - 1; }
  // Towards the sink where it is below 0: of a capacity from the source and one to the sink only the
  // difference matters, the lesser passes at once and is the asker's to count.
  void add_excess(std::size_t vertex, double by) { vertex_[vertex].excess += by; }
  // Capacities >= 0 of edge e, a -> b and b -> a.
  void set_edge(std::size_t e, double forward, double backward) {
    const std::uint32_t arc = arc_of_[e];
    arc_[arc].room = forward;
    arc_[arc_[arc].sister].room = backward;
  }
  double excess(std::size_t vertex) const { return vertex_[vertex].excess; }

  // The flow from what the excesses leave. `stop`, asked now and then with the flow so far, which is no more
  // than the maximum, ends the search early.
  double solve(const std::function<bool(double flow)>& stop = {});

  // After solve(): which tree a vertex is in. Those of the source are the least source side of all minimum
  // cuts, those of the sink the least sink side, and the free may go with either.
  enum class Side : std::uint8_t { free, source, sink };
  Side side(std::size_t vertex) const { return vertex_[vertex].side; }

  // What is left after solve(), arc by arc. Those of a vertex stand before those of the next.
  std::uint32_t first_arc(std::size_t vertex) const { return vertex_[vertex].first; }
  std::uint32_t arc_of(std::size_t edge) const { return arc_of_[edge]; }  // a -> b
  std::uint32_t sister(std::uint32_t arc) const { return arc_[arc].sister; }
  std::uint32_t head(std::uint32_t arc) const { return arc_[arc].head; }
  double room(std::uint32_t arc) const { return arc_[arc].room; }

 private:
  static constexpr std::uint32_t kNone = 0xFFFFFFFF, kTerminal = 0xFFFFFFFE, kOrphan = 0xFFFFFFFD;
  struct Vertex {
    double excess = 0;            // left from the source, or to the sink below 0
    std::uint32_t first = 0;      // its arcs end where the next vertex's begin
    std::uint32_t parent = 0;     // the arc to it, or one of the above
    std::uint32_t next = kNone;   // in the queue of active vertices; itself: the last
    std::uint32_t stamp = 0;      // when `distance` was right
    std::uint32_t distance : 30;  // to the terminal along the tree
    Side side : 2;
  };
  struct Arc {
    std::uint32_t head, sister;
    double room;
  };
  static_assert(sizeof(Vertex) == 32 && sizeof(Arc) == 16);

  void take(std::size_t vertices, std::size_t edges, Workspace& ws);
  void push_neighbours();
  void start_trees();
  void activate(std::uint32_t v);
  std::uint32_t next_active();
  std::uint32_t grow(std::uint32_t v);
  template <Side kSide>
  std::uint32_t grow_in(std::uint32_t v);
  void augment(std::uint32_t bridge);
  template <Side kSide>
  double bottleneck(std::uint32_t v) const;
  template <Side kSide>
  void push(std::uint32_t v, double flow);
  void orphan(std::uint32_t v);
  void adopt();
  template <Side kSide>
  void adopt_one(std::uint32_t v);
  // Residual capacity of an arc of v in the direction of the tree: away from the source, towards the sink.
  template <Side kSide>
  double out(const Arc& a) const {
    return kSide == Side::source ? a.room : arc_[a.sister].room;
  }
  template <Side kSide>
  double in(const Arc& a) const {
    return kSide == Side::source ? arc_[a.sister].room : a.room;
  }

  std::span<Vertex> vertex_;             // and one more, where the arcs end
  std::span<Arc> arc_;                   // [2 edges], those of a vertex side by side
  std::span<std::uint32_t> arc_of_;      // [edges] a -> b
  std::span<std::uint32_t> orphans_;     // a ring; a vertex is in it once at most
  std::size_t oldest_ = 0, newest_ = 0;  // where the next is read, and written
  std::uint32_t first_[2] = {kNone, kNone}, last_[2] = {kNone, kNone};  // two queues: that of now, the next
  std::uint32_t time_ = 0;
  double flow_ = 0;
};

}  // namespace EBM_PRECISION
}  // namespace ebm
