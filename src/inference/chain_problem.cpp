#include "chain_problem.hpp"

namespace ebm {
inline namespace EBM_PRECISION {

ChainProblem read_chain(const Batch& b, int i, Over over, Workspace& ws) {
  const Sample& sample = b.sample(i);
  const ChainPlan& plan = *sample.structure->chain;
  ChainProblem c;
  c.plan = &plan;
  c.length = static_cast<int>(plan.variable.size());
  c.unary = ws.take<double>(static_cast<std::size_t>(plan.offset.back()), 0.0);
  for (int p = 0; p < c.length; ++p) {
    double* u = c.unary.data() + c.at(p);
    const int k = c.labels(p);
    for (int r = plan.unary_first[p]; r < plan.unary_first[p + 1]; ++r) {
      const TableAt t = b.table(i, plan.unary[r].group);
      const Real* row = t.data + static_cast<std::size_t>(plan.unary[r].row) * t.stride;
      for (int y = 0; y < k; ++y) u[y] += row[y];
    }
  }
  c.edge = ws.take<const double*>(static_cast<std::size_t>(std::max(0, c.length - 1)));
  // Neighbouring positions that read the same single table share its double copy.
  const Real* last = nullptr;
  const double* last_copy = nullptr;
  bool last_transposed = false;
  int tables = 0, joined = 0;
  for (int p = 0; p + 1 < c.length; ++p) {
    const int first = plan.edge_first[p], end = plan.edge_first[p + 1];
    c.edge[p] = nullptr;
    if (first == end) continue;
    ++joined;
    const int k = c.labels(p), l = c.labels(p + 1);
    const TableAt t0 = b.table(i, plan.edge[first].group);
    const Real* source = t0.data + static_cast<std::size_t>(plan.edge[first].row) * t0.stride;
    if (end == first + 1 && source == last && plan.edge[first].transposed == last_transposed) {
      c.edge[p] = last_copy;
      continue;
    }
    ++tables;
    const auto sum = ws.take<double>(static_cast<std::size_t>(k) * l, 0.0);
    for (int e = first; e < end; ++e) {
      const TableAt t = b.table(i, plan.edge[e].group);
      const Real* row = t.data + static_cast<std::size_t>(plan.edge[e].row) * t.stride;
      for (int y = 0; y < k; ++y)
        for (int z = 0; z < l; ++z) sum[static_cast<std::size_t>(y) * l + z] += plan.edge[e].transposed ? row[z * k + y] : row[y * l + z];
    }
    c.edge[p] = sum.data();
    last = end == first + 1 ? source : nullptr;
    last_copy = sum.data();
    last_transposed = plan.edge[first].transposed;
  }
  c.one_edge_table = tables == 1 && joined == c.length - 1;
  if (over != Over::all) {
    const auto inside = ws.take<char>(static_cast<std::size_t>(plan.offset.back()));
    for (int p = 0; p < c.length; ++p) {
      const LabelSet& truth = truth_of(sample, plan.variable[p]);
      for (int y = 0; y < c.labels(p); ++y) inside[static_cast<std::size_t>(c.at(p) + y)] = truth.contains(y);
    }
    c.in_truth = inside;
    if (over == Over::truth)
      for (std::size_t y = 0; y < c.unary.size(); ++y)
        if (!inside[y]) c.unary[y] = kInf;
  }
  return c;
}

void give_unary(const Batch& b, int i, const ChainProblem& c, int p, int label, double weight, Answer& out) {
  const ChainPlan& plan = *c.plan;
  for (int r = plan.unary_first[p]; r < plan.unary_first[p + 1]; ++r) {
    const TableAt t = b.table(i, plan.unary[r].group);
    const std::size_t row = t.stride == 0 ? 0 : static_cast<std::size_t>(plan.unary[r].row);
    out.weights[b.weights_at(i, plan.unary[r].group) + row * t.entries + label] += static_cast<Real>(weight);
  }
}

void give_edge(const Batch& b, int i, const ChainProblem& c, int p, int from, int to, double weight, Answer& out) {
  const ChainPlan& plan = *c.plan;
  for (int e = plan.edge_first[p]; e < plan.edge_first[p + 1]; ++e) {
    const TableAt t = b.table(i, plan.edge[e].group);
    const std::size_t row = t.stride == 0 ? 0 : static_cast<std::size_t>(plan.edge[e].row);
    const int entry = plan.edge[e].transposed ? to * c.labels(p) + from : from * c.labels(p + 1) + to;
    out.weights[b.weights_at(i, plan.edge[e].group) + row * t.entries + entry] += static_cast<Real>(weight);
  }
}

void give_edge(const Batch& b, int i, const ChainProblem& c, int p, std::span<const double> weights, Answer& out) {
  const ChainPlan& plan = *c.plan;
  const int k = c.labels(p), l = c.labels(p + 1);
  for (int e = plan.edge_first[p]; e < plan.edge_first[p + 1]; ++e) {
    const TableAt t = b.table(i, plan.edge[e].group);
    const std::size_t row = t.stride == 0 ? 0 : static_cast<std::size_t>(plan.edge[e].row);
    Real* to = out.weights.data() + b.weights_at(i, plan.edge[e].group) + row * t.entries;
    for (int y = 0; y < k; ++y)
      for (int z = 0; z < l; ++z)
        to[plan.edge[e].transposed ? z * k + y : y * l + z] += static_cast<Real>(weights[static_cast<std::size_t>(y) * l + z]);
  }
}

}  // namespace EBM_PRECISION
}  // namespace ebm
