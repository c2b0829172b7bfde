#include "message_exchange.hpp"

#include <algorithm>
#include <array>
#include <cstdlib>

#include "ebm/core/pool.hpp"

namespace ebm {
inline namespace EBM_PRECISION {

namespace {

constexpr std::size_t kMostPieces = 64;
// Sweeps that go over memory together, how much of a sweep goes ahead of the next, and for how many spans a
// piece of the graph must have room.
constexpr int kTogether = 4;
constexpr std::size_t kAhead = 64, kSpans = 16;

}  // namespace

template <class T>
MessageExchange<T>::MessageExchange(const PairGraph& pairs, const Neighbours& n, const Range& range,
                                    double beta, Workspace& ws)
    : pairs_(pairs),
      neighbours_(n),
      beta_(static_cast<T>(beta)),
      ws_(ws),
      layout_(message_layout<T>(pairs, n, range, beta, ws)),
      messages_(ws.take<T>(layout_.entries, T(0))),
      pieces_(std::clamp<std::size_t>(layout_.entries / 16384, 1, kMostPieces)) {
  pieces_ = std::min(pieces_, std::max<std::size_t>(1, pairs.labels.size()));
  scratch_ = ws.take<T>(std::max(pieces_, kMostPieces) * layout_.graph.room, T(0));
  for (const PairGraph::Edge& e : pairs.edges)
    span_ = std::max(span_, static_cast<std::size_t>(std::abs(e.a - e.b)));
}

template <class T>
MessagePass<T> MessageExchange<T>::pass(std::span<T> scratch) const {
  MessagePass<T> p{};
  p.from = messages_.data();
  p.to = messages_.data();
  p.read = flip_;
  p.write = p.replaced = flip_ ^ 1;
  p.beta = beta_;
  p.scratch = scratch.data();
  return p;
}

template <class T>
void MessageExchange<T>::tell_forest() {
  auto p = pass(scratch_);
  p.order = neighbours_.order.data();
  send(layout_.graph, p, 0, pairs_.labels.size(), true);
  send(layout_.graph, p, 0, pairs_.labels.size(), false);
  impossible_ = p.impossible;
}

template <class T>
void MessageExchange<T>::iterate(const infer::Loopy& options, bool looks) {
  switch (options.schedule) {
    case infer::Loopy::Schedule::synchronous:
      synchronous(options.damping, looks);
      break;
    case infer::Loopy::Schedule::sequential:
      sequential(options.damping);
      break;
    case infer::Loopy::Schedule::residual:
      by_residual(options);
      break;
  }
}

// In place: a variable's slots are read by it alone, so what it tells goes where it was told, and every
// message is then in its edge's other slot. The messages before are needed to damp, or to see the change.
template <class T>
void MessageExchange<T>::synchronous(double damping, bool looks) {
  const bool compared = damping > 0 || looks;
  if (compared && before_.empty()) before_ = ws_.take<T>(layout_.entries);
  std::array<T, kMostPieces> change{};
  std::array<bool, kMostPieces> impossible{};
  const std::size_t n = pairs_.labels.size();
  if (compared)
    parallel_for(pieces_, [&](std::size_t i) {
      const std::size_t first = i * layout_.entries / pieces_, last = (i + 1) * layout_.entries / pieces_;
      std::copy(messages_.begin() + static_cast<std::ptrdiff_t>(first),
                messages_.begin() + static_cast<std::ptrdiff_t>(last),
                before_.begin() + static_cast<std::ptrdiff_t>(first));
    });
  parallel_for(pieces_, [&](std::size_t i) {
    auto p = pass(scratch_.subspan(i * layout_.graph.room, layout_.graph.room));
    p.write = flip_;
    p.old = compared ? before_.data() : nullptr;
    p.damping = static_cast<T>(damping);
    change[i] = send(layout_.graph, p, i * n / pieces_, (i + 1) * n / pieces_);
    impossible[i] = p.impossible;
  });
  flip_ ^= 1;
  if (compared) residual_ = *std::ranges::max_element(change);
  impossible_ |= std::ranges::count(impossible, true) > 0;
}

// How many synchronous sweeps from here nobody looks at, which may then be made together.
template <class T>
int MessageExchange<T>::unseen_sweeps(const infer::Loopy& o, int iterations) const {
  if (o.schedule != infer::Loopy::Schedule::synchronous || o.damping > 0) return 0;
  if (pairs_.labels.size() < 2 * kSpans * span_) return 0;
  int until = iterations - 1;
  if (o.look > 0) until = std::min(until, (iterations_ / o.look + 1) * o.look - 1);
  return std::min(kTogether, until - iterations_);
}

// Several sweeps in one go over memory. Sweep s + 1 of a variable needs sweep s of its neighbours, which are
// at most a span away, so that later sweeps follow the first at that distance while its messages are still in
// the cache. Pieces of the graph go alone, each sweep a span shorter at either end, and the wedges between
// them afterwards. Every message is made as a sweep at a time would make it.
template <class T>
void MessageExchange<T>::several_sweeps(int count) {
  const std::size_t n = pairs_.labels.size(), sweeps = static_cast<std::size_t>(count);
  const std::size_t pieces = std::clamp<std::size_t>(n / (kSpans * std::max<std::size_t>(span_, 1)), 2, 16);
  std::array<bool, kMostPieces> impossible{};
  const auto bound = [&](std::size_t piece) { return piece * n / pieces; };
  const auto sweep = [&](std::size_t room, std::size_t s, std::size_t first, std::size_t last) {
    auto p = pass(scratch_.subspan(room * layout_.graph.room, layout_.graph.room));
    p.read = p.write = flip_ ^ (s & 1);
    send(layout_.graph, p, first, last);
    impossible[room] |= p.impossible;
  };
  parallel_for(pieces, [&](std::size_t piece) {
    std::array<std::size_t, kTogether> done{}, end{};
    for (std::size_t s = 0; s < sweeps; ++s) {
      done[s] = bound(piece) + (piece > 0 ? s * span_ : 0);
      end[s] = bound(piece + 1) - (piece + 1 < pieces ? s * span_ : 0);
    }
    while (done[sweeps - 1] < end[sweeps - 1])
      for (std::size_t s = 0; s < sweeps; ++s) {
        // All of the sweep before that is far enough ahead, or its end.
        const std::size_t ahead = s == 0                          ? done[0] + kAhead
                                  : done[s - 1] == end[s - 1]     ? end[s]
                                  : done[s - 1] > done[s] + span_ ? done[s - 1] - span_
                                                                  : done[s];
        const std::size_t to = std::min(ahead, end[s]);
        if (to > done[s]) sweep(piece, s, done[s], to);
        done[s] = std::max(done[s], to);
      }
  });
  parallel_for(pieces - 1, [&](std::size_t piece) {
    for (std::size_t s = 1; s < sweeps; ++s)
      sweep(piece, s, bound(piece + 1) - s * span_, bound(piece + 1) + s * span_);
  });
  flip_ ^= sweeps & 1;
  impossible_ |= std::ranges::count(impossible, true) > 0;
}

template <class T>
void MessageExchange<T>::sequential(double damping) {
  auto p = pass(scratch_);
  p.old = messages_.data();
  p.damping = static_cast<T>(damping);
  residual_ = send(layout_.graph, p, 0, pairs_.labels.size(), iterations_ % 2 == 0);
  impossible_ |= p.impossible;
}

// What every variable would tell now, and how much of it is new.
template <class T>
void MessageExchange<T>::prepare_residuals() {
  const std::size_t count = 2 * pairs_.edges.size();
  before_ = ws_.take<T>(layout_.entries, T(0));
  change_ = ws_.take<T>(count, T(0));
  fresh_ = ws_.take<T>(count, T(0));
  heap_ = ws_.take<std::uint32_t>(count);
  place_ = ws_.take<std::uint32_t>(count);
  for (std::uint32_t i = 0; i < count; ++i) heap_[i] = place_[i] = i;
  for (std::size_t v = 0; v < pairs_.labels.size(); ++v) offer(v);
}

template <class T>
void MessageExchange<T>::offer(std::size_t v) {
  auto p = pass(scratch_);
  p.to = before_.data();
  p.old = messages_.data();
  p.changes = fresh_.data();
  const auto incident =
      neighbours_.incident.subspan(neighbours_.first[v], neighbours_.first[v + 1] - neighbours_.first[v]);
  send(layout_.graph, p, v, v + 1);
  impossible_ |= p.impossible;
  for (const std::uint32_t at : incident) rank(at ^ 1, fresh_[at ^ 1]);
}

// Moves a message to where its change belongs in the heap.
template <class T>
void MessageExchange<T>::rank(std::uint32_t message, T change) {
  change_[message] = change;
  std::size_t at = place_[message];
  const auto put = [&](std::size_t where, std::uint32_t m) {
    heap_[where] = m;
    place_[m] = static_cast<std::uint32_t>(where);
  };
  while (at > 0 && change_[heap_[(at - 1) / 2]] < change) {
    put(at, heap_[(at - 1) / 2]);
    at = (at - 1) / 2;
  }
  for (std::size_t child; (child = 2 * at + 1) < heap_.size(); at = child) {
    if (child + 1 < heap_.size() && change_[heap_[child + 1]] > change_[heap_[child]]) ++child;
    if (!(change_[heap_[child]] > change)) break;
    put(at, heap_[child]);
  }
  put(at, message);
}

// As many messages as there are.
template <class T>
void MessageExchange<T>::by_residual(const infer::Loopy& o) {
  const auto keep = static_cast<T>(o.damping);
  for (std::size_t sent = 0; sent < heap_.size() && !impossible_; ++sent) {
    const std::uint32_t m = heap_[0], side = m & 1;
    if (change_[m] <= o.tolerance) break;
    const MessageEdge<T>& e = layout_.graph.edges[m / 2];
    const std::size_t at = e.at + side * e.slot;
    for (std::size_t k = at; k < at + e.slot; ++k)
      messages_[k] = keep > 0 && messages_[k] < kInf && before_[k] < kInf
                         ? before_[k] + keep * (messages_[k] - before_[k])
                         : before_[k];
    rank(m, keep > 0 && change_[m] < kInf ? keep * change_[m] : T(0));
    const PairGraph::Edge& ends = pairs_.edges[m / 2];
    offer(static_cast<std::size_t>(side ? ends.b : ends.a));
  }
  residual_ = heap_.empty() ? 0 : change_[heap_[0]];
}

template class MessageExchange<float>;
template class MessageExchange<double>;

}  // namespace EBM_PRECISION
}  // namespace ebm
