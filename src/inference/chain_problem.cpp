#include "chain_problem.hpp"

namespace ebm {
inline namespace EBM_PRECISION {

ChainProblem read_chain(const Batch& b, int i, Over over, const Rescaling* rescaling, Workspace& ws) {
  const Sample& sample = b.sample(i);
  const ChainPlan& plan = *sample.structure->chain;
  ChainProblem c;
  c.plan = &plan;
  c.length = static_cast<int>(plan.variable.size());
  c.unary = ws.take<double>(static_cast<std::size_t>(plan.offset.back()), 0.0);
  for (const ChainPlan::Run& run : plan.unary) {
    const TableAt t = b.table(i, run.group);
    const Real* row = t.data + static_cast<std::size_t>(run.row) * t.stride;
    double* u = c.unary.data() + c.at(run.position);
    if (t.stride == t.entries) {
      const int size = run.count * t.entries;
      for (int y = 0; y < size; ++y) u[y] += row[y];
    } else {
      for (int k = 0; k < run.count; ++k, row += t.stride, u += t.entries)
        for (int y = 0; y < t.entries; ++y) u[y] += row[y];
    }
  }
  c.edge = ws.take<const double*>(static_cast<std::size_t>(std::max(0, c.length - 1)));
  // Neighbouring positions that read the same single table share its double copy.
  const ChainPlan::Edge* last = nullptr;
  const double* last_copy = nullptr;
  int tables = 0, joined = 0;
  for (int p = 0; p + 1 < c.length; ++p) {
    const int first = plan.edge_first[p], end = plan.edge_first[p + 1];
    c.edge[p] = nullptr;
    if (first == end) continue;
    ++joined;
    const ChainPlan::Edge& edge = plan.edge[first];
    if (end == first + 1 && last && *last == edge) {
      c.edge[p] = last_copy;
      continue;
    }
    const int k = c.labels(p), l = c.labels(p + 1);
    ++tables;
    const auto sum = ws.take<double>(static_cast<std::size_t>(k) * l, 0.0);
    for (int e = first; e < end; ++e) {
      const TableAt t = b.table(i, plan.edge[e].group);
      const Real* row = t.data + static_cast<std::size_t>(plan.edge[e].row) * t.stride;
      for (int y = 0; y < k; ++y)
        for (int z = 0; z < l; ++z)
          sum[static_cast<std::size_t>(y) * l + z] +=
              plan.edge[e].transposed ? row[z * k + y] : row[y * l + z];
    }
    c.edge[p] = sum.data();
    last = end == first + 1 ? &edge : nullptr;
    last_copy = sum.data();
  }
  c.one_edge_table = tables == 1 && joined == c.length - 1;
  if (rescaling) {
    const auto delta = ws.take<double>(static_cast<std::size_t>(plan.max_labels));
    for (int p = 0; p < c.length; ++p) {
      const auto k = static_cast<std::size_t>(c.labels(p));
      if (!margins(*rescaling, sample, plan.variable[p], delta.first(k))) continue;
      for (std::size_t y = 0; y < k; ++y) c.unary[static_cast<std::size_t>(c.at(p)) + y] -= delta[y];
    }
  }
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

ChainMarginals room_for_marginals(const ChainProblem& c, Workspace& ws) {
  ChainMarginals m;
  m.label = ws.take<double>(c.unary.size(), 0.0);
  m.pair_at = ws.take<std::size_t>(c.edge.size(), 0);
  std::size_t size = 0;
  for (int p = 0; p + 1 < c.length; ++p) {
    if (!c.edge[p]) continue;
    const std::size_t block = static_cast<std::size_t>(c.labels(p)) * c.labels(p + 1);
    m.pair_at[p] = c.one_edge_table ? 0 : size;
    size = c.one_edge_table ? block : size + block;
  }
  m.pair = ws.take<double>(size, 0.0);
  return m;
}

namespace {

// Where the weights of one group begin, remembered while the group stays the same.
class WeightsOf {
 public:
  WeightsOf(const Batch& b, int i, Answer& out) : b_(b), i_(i), out_(out) {}
  Real* row(int group, int row) {
    if (group != group_) {
      group_ = group;
      const TableAt t = b_.table(i_, group);
      data_ = out_.weights.data() + b_.weights_at(i_, group);
      stride_ = t.stride == 0 ? 0 : t.entries;
    }
    return data_ + static_cast<std::size_t>(row) * stride_;
  }
  std::size_t stride() const { return stride_; }

 private:
  const Batch& b_;
  int i_, group_ = -1;
  Answer& out_;
  Real* data_ = nullptr;
  std::size_t stride_ = 0;
};

}  // namespace

void give(const Batch& b, int i, const ChainProblem& c, const ChainMarginals& m, Answer& out) {
  const ChainPlan& plan = *c.plan;
  WeightsOf weights(b, i, out);
  for (const ChainPlan::Run& run : plan.unary) {
    Real* to = weights.row(run.group, run.row);
    const double* from = m.label.data() + c.at(run.position);
    const int k = c.labels(run.position);
    for (int r = 0; r < run.count; ++r, to += weights.stride(), from += k)
      for (int y = 0; y < k; ++y) to[y] += static_cast<Real>(from[y]);
  }
  for (int p = 0; p + 1 < c.length; ++p) {
    const int k = c.labels(p), l = c.labels(p + 1);
    for (int e = plan.edge_first[p]; e < plan.edge_first[p + 1]; ++e) {
      const ChainPlan::Edge& edge = plan.edge[e];
      Real* to = weights.row(edge.group, edge.row);
      const double* from = m.pair.data() + m.pair_at[p];
      for (int y = 0; y < k; ++y)
        for (int z = 0; z < l; ++z)
          to[edge.transposed ? z * k + y : y * l + z] += static_cast<Real>(from[y * l + z]);
    }
    if (c.one_edge_table) break;  // the block of the first pair holds the sum of all
  }
}

void give(const Batch& b, int i, const ChainProblem& c, std::span<const int> labels, Answer& out) {
  const ChainPlan& plan = *c.plan;
  WeightsOf weights(b, i, out);
  for (const ChainPlan::Run& run : plan.unary) {
    Real* to = weights.row(run.group, run.row);
    for (int r = 0; r < run.count; ++r, to += weights.stride())
      to[labels[static_cast<std::size_t>(run.position + r)]] += 1;
  }
  for (int p = 0; p + 1 < c.length; ++p) {
    const int y = labels[static_cast<std::size_t>(p)], z = labels[static_cast<std::size_t>(p) + 1];
    for (int e = plan.edge_first[p]; e < plan.edge_first[p + 1]; ++e) {
      const ChainPlan::Edge& edge = plan.edge[e];
      weights.row(edge.group, edge.row)[edge.transposed ? z * c.labels(p) + y : y * c.labels(p + 1) + z] += 1;
    }
  }
}

}  // namespace EBM_PRECISION
}  // namespace ebm
