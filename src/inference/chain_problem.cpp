#include "chain_problem.hpp"

#include "chain_kernels.hpp"

namespace ebm {
inline namespace EBM_PRECISION {
namespace {

// Rows of a group: [stride] apart, and by what they are multiplied.
template <class T>
struct Rows {
  const T* data;
  std::ptrdiff_t stride;
  int entries;
};

struct OfBatch {
  const Batch& b;
  int i;
  Rows<Real> rows(int group) const {
    const TableAt t = b.table(i, group);
    return {t.data, t.stride, t.entries};
  }
  static double scale(int, int) { return 1; }
};

struct OfView {
  const DiscreteView& view;
  Rows<double> rows(int group) const {
    const DiscreteView::Group& g = view.groups[static_cast<std::size_t>(group)];
    return {g.doubles, static_cast<std::ptrdiff_t>(g.stride), static_cast<int>(g.entries)};
  }
  double scale(int group, int row) const { return view.groups[static_cast<std::size_t>(group)].scale(row); }
};

bool no_nan(const double* x, std::size_t n) {
  bool fine = true;
  for (std::size_t j = 0; j < n; ++j) fine &= x[j] == x[j];
  return fine;
}

template <class Source, class T>
bool add_run(const Source& source, const ChainPlan::Run& run, const Rows<T>& from, double* to, bool set) {
  const int k = from.entries, ld = chain_row(k);
  if constexpr (std::is_same_v<T, Real>) {
    const ChainKernels& kernels = chain_kernels();
    if (std::is_same_v<Source, OfBatch>) {
      const T* first = from.data + run.row * from.stride;
      return (set ? kernels.read_rows : kernels.add_rows)(run.count, k, first, from.stride, to, ld);
    }
  }
  bool fine = true;
  for (int r = 0; r < run.count; ++r, to += ld) {
    const T* row = from.data + (run.row + r) * from.stride;
    const double scale = source.scale(run.group, run.row + r);
    if (set) std::fill_n(std::fill_n(to, k, 0.0), ld - k, kInf);
    for (int y = 0; y < k; ++y) to[y] += scale * static_cast<double>(row[y]);
    fine &= no_nan(to, static_cast<std::size_t>(k));
  }
  return fine;
}

// Adds an edge's rows up and lays them out; false when there is a NaN.
template <class Source>
void read_table(const Source& source, std::span<const ChainPlan::Edge> edges, int k, int l, bool shared,
                ChainTable& t) {
  const int ld = chain_row(l), back = chain_row(k);
  t.k = k, t.l = l;
  t.energies = t.home->take<double>(static_cast<std::size_t>(k) * ld, kInf).data();
  for (int y = 0; y < k; ++y) std::fill_n(t.energies + static_cast<std::ptrdiff_t>(y) * ld, l, 0.0);
  for (const ChainPlan::Edge& e : edges) {
    const auto rows = source.rows(e.group);
    const auto* row = rows.data + e.row * rows.stride;
    const double scale = source.scale(e.group, e.row);
    for (int y = 0; y < k; ++y)
      for (int z = 0; z < l; ++z)
        t.energies[static_cast<std::ptrdiff_t>(y) * ld + z] +=
            scale * static_cast<double>(e.transposed ? row[z * k + y] : row[y * l + z]);
  }
  if (!no_nan(t.energies, static_cast<std::size_t>(k) * ld)) t.low = std::nan("");
  if (!shared) return;
  t.transposed = t.home->take<double>(static_cast<std::size_t>(l) * back, kInf).data();
  for (int y = 0; y < k; ++y)
    for (int z = 0; z < l; ++z)
      t.transposed[static_cast<std::ptrdiff_t>(z) * back + y] =
          t.energies[static_cast<std::ptrdiff_t>(y) * ld + z];
  t.packed = t.home->take<double>(static_cast<std::size_t>(k) * ld).data();
  chain_kernels().pack(k, l, t.energies, t.packed);
}

template <class Source>
ChainProblem read_tables(const Source& source, const ChainPlan& plan, ChainTables& tables, Workspace& ws) {
  ChainProblem c;
  c.plan = &plan;
  c.length = static_cast<int>(plan.variable.size());
  c.unary = ws.take<double>(static_cast<std::size_t>(plan.offset.back()));
  const bool one_run = !plan.unary.empty() && plan.unary[0].count == c.length;
  if (!one_run)
    for (int p = 0; p < c.length; ++p) {
      double* u = c.unary.data() + c.at(p);
      std::fill_n(std::fill_n(u, c.labels(p), 0.0), chain_row(c.labels(p)) - c.labels(p), kInf);
    }
  for (std::size_t r = 0; r < plan.unary.size(); ++r) {
    const ChainPlan::Run& run = plan.unary[r];
    c.not_a_number |=
        !add_run(source, run, source.rows(run.group), c.unary.data() + c.at(run.position), one_run && r == 0);
  }
  c.edge = ws.take<ChainTable*>(static_cast<std::size_t>(std::max(0, c.length - 1)));
  // Neighbouring positions that read the same single row share its copy, as do the samples of one batch.
  const ChainPlan::Edge* last = nullptr;
  ChainTable* last_table = nullptr;
  int different = 0;
  for (int p = 0; p + 1 < c.length; ++p) {
    const std::size_t first = static_cast<std::size_t>(plan.edge_first[p]),
                      count = static_cast<std::size_t>(plan.edge_first[p + 1]) - first;
    c.edge[p] = nullptr;
    if (count == 0) continue;
    const ChainPlan::Edge& edge = plan.edge[first];
    if (count == 1 && last && *last == edge) {
      const int more = plan.alike[static_cast<std::size_t>(p)].after;
      std::fill_n(c.edge.begin() + p, more, last_table);
      p += more - 1;
      continue;
    }
    const auto read = [&](bool shared) {
      return [&, shared](ChainTable& t) {
        read_table(source, std::span(plan.edge).subspan(first, count), c.labels(p), c.labels(p + 1), shared,
                   t);
      };
    };
    const auto rows = source.rows(edge.group);
    if (count == 1 && rows.stride == 0 && source.scale(edge.group, edge.row) == 1) {
      c.edge[p] = tables.get(rows.data, edge.transposed, read(true));
    } else {
      c.edge[p] = new (ws.take<ChainTable>(1).data()) ChainTable();
      c.edge[p]->home = &ws;
      read(false)(*c.edge[p]);
    }
    c.not_a_number |= c.edge[p]->low != c.edge[p]->low;
    if (last_table != c.edge[p]) {
      ++different;
      c.one_table = different == 1 && c.edge[p]->transposed ? p : -1;
    }
    last = count == 1 ? &edge : nullptr;
    last_table = c.edge[p];
  }
  return c;
}

}  // namespace

void read_parameters(const Batch& b, int i, ChainTables& tables) {
  const Structure& s = *b.sample(i).structure;
  for (const ChainPlan::Edge& e : s.chain->shared) {
    const Group& g = s.groups[static_cast<std::size_t>(e.group)];
    if (g.kind != Term::Kind::param) continue;
    const int k = g.sizes[e.transposed ? 1 : 0], l = g.sizes[e.transposed ? 0 : 1];
    tables.get(b.table(i, e.group).data, e.transposed, [&](ChainTable& t) {
      read_table(OfBatch{b, i}, std::span(&e, 1), k, l, true, t);
    });
  }
}

ChainProblem read_chain(const DiscreteView& view, const ChainPlan& plan, ChainTables& tables, Workspace& ws) {
  ChainProblem c = read_tables(OfView{view}, plan, tables, ws);
  if (!view.single.empty())
    for (int p = 0; p < c.length; ++p)
      for (int y = 0; y < c.labels(p); ++y)
        c.unary[static_cast<std::size_t>(c.at(p) + y)] +=
            view.single[view.offset[static_cast<std::size_t>(plan.variable[p])] +
                        static_cast<std::size_t>(y)];
  return c;
}

ChainProblem read_chain(const Batch& b, int i, Over over, const Rescaling* rescaling, ChainTables& tables,
                        Workspace& ws) {
  const Sample& sample = b.sample(i);
  const ChainPlan& plan = *sample.structure->chain;
  ChainProblem c = read_tables(OfBatch{b, i}, plan, tables, ws);
  if (rescaling) {
    const auto delta = ws.take<double>(static_cast<std::size_t>(plan.max_labels));
    for (int p = 0; p < c.length; ++p) {
      const auto k = static_cast<std::size_t>(c.labels(p));
      if (!margins(*rescaling, sample, plan.variable[p], delta.first(k))) continue;
      for (std::size_t y = 0; y < k; ++y) c.unary[static_cast<std::size_t>(c.at(p)) + y] -= delta[y];
    }
  }
  if (over != Over::all) {
    const auto inside = ws.take<char>(c.unary.size(), 0);
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

ChainMarginals room_for_marginals(const ChainProblem& c, bool pairs, Workspace& ws) {
  ChainMarginals m;
  m.label = ws.take<double>(c.unary.size());
  if (!pairs) return m;
  m.pair_at = ws.take<std::size_t>(c.edge.size(), 0);
  std::size_t size = 0;
  for (int p = 0; p + 1 < c.length; ++p) {
    if (!c.edge[p]) continue;
    const std::size_t block = static_cast<std::size_t>(c.labels(p)) * c.labels(p + 1);
    m.pair_at[p] = c.one_table >= 0 ? 0 : size;
    size = c.one_table >= 0 ? block : size + block;
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
    const int k = c.labels(run.position);
    chain_kernels().give_rows(run.count, k, m.label.data() + c.at(run.position), chain_row(k), to,
                              static_cast<std::ptrdiff_t>(weights.stride()));
  }
  for (int p = std::max(0, c.one_table); p + 1 < c.length; ++p) {
    const int k = c.labels(p), l = c.labels(p + 1);
    for (int e = plan.edge_first[p]; e < plan.edge_first[p + 1]; ++e) {
      const ChainPlan::Edge& edge = plan.edge[e];
      Real* to = weights.row(edge.group, edge.row);
      const double* from = m.pair.data() + m.pair_at[p];
      for (int y = 0; y < k; ++y)
        for (int z = 0; z < l; ++z)
          to[edge.transposed ? z * k + y : y * l + z] += static_cast<Real>(from[y * l + z]);
    }
    if (c.one_table >= 0) break;  // the block of the first pair holds the sum of all
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
