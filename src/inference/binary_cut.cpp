#include "binary_cut.hpp"

#include <algorithm>
#include <cmath>

namespace ebm {
inline namespace EBM_PRECISION {
namespace {

// Neither NaN nor +inf among them.
bool all_finite(std::span<const double> energies) {
  int not_finite = 0;
  for (const double e : energies) not_finite |= !(e < kInf);
  return not_finite == 0;
}

}  // namespace
void LargeEnergy::add(std::span<const double> energies, double times) {
  double low = kInf, high = -kInf;
  for (const double e : energies) {
    if (std::isnan(e)) spans_ = e;
    finite_ = finite_ && e < kInf;
    if (!(e < kInf)) continue;
    low = std::min(low, e);
    high = std::max(high, e);
  }
  if (!(low < kInf)) return;
  spans_ += std::abs(times) * (high - low);
  highest_ = std::max({highest_, times * low, times * high});
}

double large_energy(const PairGraph& g, Workspace& ws, LargeEnergy out) {
  const auto entries = [](const PairGraph::Table& t) {
    const std::size_t count = static_cast<std::size_t>(t.rows) * static_cast<std::size_t>(t.columns);
    return std::span(t.entries, t.entries ? count : 0);
  };
  bool finite = all_finite(g.single);
  for (const PairGraph::Table& t : g.tables) finite = finite && all_finite(entries(t));
  if (finite && out.value() == kInf) return kInf;
  for (std::size_t v = 0; v < g.labels.size(); ++v)
    out.add(g.single.subspan(g.offset[v], static_cast<std::size_t>(g.labels[v])), 1);
  // Of each table its ends alone, so that one of many edges is read once.
  const auto ends = ws.take<std::array<double, 2>>(g.tables.size());
  for (std::size_t t = 0; t < ends.size(); ++t) {
    ends[t] = {kInf, -kInf};
    for (const double e : entries(g.tables[t])) {
      if (!(e < kInf)) out.add({&e, 1}, 1);
      if (e < kInf) ends[t] = {std::min(ends[t][0], e), std::max(ends[t][1], e)};
    }
    if (!(ends[t][0] < kInf)) ends[t] = {0, 0};
  }
  for (std::size_t e = 0; e < g.edges.size(); ++e) out.add(ends[g.table[e]], g.scale_of(e));
  return out.value();
}

double BinaryCut::solve(const std::function<bool(double bound)>& stop) {
  for (std::size_t v = 0; v < flow_.vertices(); ++v) base_ += std::min(0.0, flow_.excess(v));
  if (!stop) return base_ + flow_.solve();
  return base_ + flow_.solve([&](double flow) { return stop(base_ + flow); });
}

}  // namespace EBM_PRECISION
}  // namespace ebm
