// infer::JunctionTree over batches, and the same on a DiscreteGraph.

#include "discrete_engines.hpp"
#include "ebm/core/pool.hpp"
#include "ebm/core/rng.hpp"
#include "ebm/graph/at_labels.hpp"
#include "junction_tree.hpp"

namespace ebm {
inline namespace EBM_PRECISION {
namespace {

// Entries that no order goes beyond, whatever the memory: a plan is made once and serves any limit.
constexpr double kMostEntries = 0x1p32;

// Everything but the truth as a graph: flag i says whether one of the first i variables in `order` is outside
// it, flag_i = flag_{i-1} or y_i outside, and the last must be up. In the order of an elimination the flags
// run along its tree, so that separators grow by a few of them.
DiscreteView with_flags(const DiscreteView& view, const Elimination& tree, Workspace& ws) {
  const std::size_t n = view.labels.size();
  DiscreteView out = view;
  const auto labels = ws.take<int>(2 * n, 2);
  std::copy(view.labels.begin(), view.labels.end(), labels.begin());
  const auto offset = ws.take<std::size_t>(2 * n + 1);
  offset[0] = 0;
  for (std::size_t v = 0; v < 2 * n; ++v) offset[v + 1] = offset[v] + static_cast<std::size_t>(labels[v]);
  const auto single = ws.take<double>(offset.back(), 0.0);
  if (!view.single.empty()) std::copy(view.single.begin(), view.single.end(), single.begin());
  if (n > 0) single[offset[2 * n - 1]] = kInf;
  const auto groups = ws.take<DiscreteView::Group>(view.groups.size() + n);
  std::uninitialized_copy(view.groups.begin(), view.groups.end(), groups.begin());
  for (std::size_t i = 0; i < n; ++i) {
    const int v = tree.buckets[i].variable, k = view.labels[static_cast<std::size_t>(v)];
    const bool first = i == 0;
    const int before[2] = {static_cast<int>(n + i) - 1, 2};
    const auto scope = ws.take<int>(3), sizes = ws.take<int>(3);
    scope[0] = before[0], scope[1] = v, scope[2] = static_cast<int>(n + i);
    sizes[0] = before[1], sizes[1] = k, sizes[2] = 2;
    const auto row = ws.take<double>(4 * static_cast<std::size_t>(k));
    for (std::size_t up = 0; up < 2; ++up)
      for (std::size_t y = 0; y < static_cast<std::size_t>(k); ++y) {
        const bool left = up == 1 || (!view.in_truth.empty() &&
                                      !view.in_truth[view.offset[static_cast<std::size_t>(v)] + y]);
        row[(up * static_cast<std::size_t>(k) + y) * 2] = left ? kInf : 0;
        row[(up * static_cast<std::size_t>(k) + y) * 2 + 1] = left ? 0 : kInf;
      }
    DiscreteView::Group& g = *new (&groups[view.groups.size() + i]) DiscreteView::Group();
    g.arity = first ? 2 : 3;  // no flag before the first, as one that is down
    g.instances = 1;
    g.entries = static_cast<std::size_t>(first ? 2 * k : 4 * k);
    g.sizes = sizes.subspan(first ? 1 : 0);
    g.scopes = scope.subspan(first ? 1 : 0);
    g.doubles = row.data();
    g.stride = g.entries;
  }
  out.labels = labels;
  out.offset = offset;
  out.single = single;
  out.groups = groups;
  return out;
}

struct FlaggedElimination : Elimination {};

// One query on one sample: the plain graph, or that with flags when the truth is left out.
struct Asked {
  DiscreteView view;
  const Elimination* tree = nullptr;
};

// The plans are the structure's; `view` may be of its scopes alone.
Asked ask(const Structure& s, const DiscreteView& view, Over over, Workspace& ws) {
  Asked a{view, &s.plans.get<Elimination>([&] { return eliminate(view, kMostEntries); })};
  if (over != Over::others || a.tree->buckets.empty()) return a;
  a.view = with_flags(view, *a.tree, ws);
  a.tree =
      &s.plans.get<FlaggedElimination>([&] { return FlaggedElimination{eliminate(a.view, kMostEntries)}; });
  return a;
}

// An order that was given up has no buckets although there are variables.
void refuse_wide(const Asked& a, double memory) {
  if (a.tree->buckets.size() != a.view.labels.size())
    throw GraphError(message("[junction_tree] the graph is too wide: messages take more than ",
                             a.tree->message_entries / 0x1p17, " MiB, and ", memory / 0x1p20,
                             " MiB are allowed; use another engine"));
}

void answer_one(const Batch& b, int i, const Query& q, double memory, Answer& out, int* labels_out,
                Workspace& ws) {
  const std::optional<Over> over = competing(b.sample(i), q.over);
  if (!over) return;
  const Structure& s = *b.sample(i).structure;
  const Asked a = ask(s, view_of(b, i, *over, q.rescaling, ws), *over, ws);
  refuse_wide(a, memory);
  double& energy = out.energy[static_cast<std::size_t>(i)];
  const auto weights = q.weights ? weights_of(b, i, out.weights) : std::span<Real>{};
  if (*over == Over::others && s.label_variables == 0) return;  // nothing can differ from the truth
  Kept<JunctionRoom> room;
  JunctionMessages messages(a.view, *a.tree, memory, *room);
  if (q.beta < kInf) {
    Kept<DiscreteMarginals> kept;
    DiscreteMarginals& marginals = *kept;
    energy = messages.free_energy(q.beta, q.weights ? &marginals : nullptr, s.groups.size());
    if (q.weights && energy < kInf) give_marginals(b, i, a.view, marginals, weights);
  }
  if (q.beta == kInf || q.answers) {
    const auto labels = q.weights || q.answers ? ws.take<int>(a.view.labels.size(), 0) : std::span<int>{};
    const double low = messages.minimum(labels);
    if (q.beta == kInf) energy = low;
    const auto own = labels.first(std::min(labels.size(), static_cast<std::size_t>(s.label_variables)));
    if (labels_out) std::copy(own.begin(), own.end(), labels_out);
    if (q.beta == kInf && q.weights && low < kInf) give_at(b, i, own, 1, weights);
  }
  out.bound[static_cast<std::size_t>(i)] = energy;
}

}  // namespace

void infer::JunctionTree::answer(Batch& b, const Query& q, Answer& out) const {
  check_beta(q);
  refuse_other_than_labels(b, kKey);
  const Stopwatch watch;
  b.ensure();
  prepare(out, b, q);
  const int n = b.samples();
  if (q.answers) out.labels.resize(label_base(b, n));
  const std::size_t pieces = std::min<std::size_t>(static_cast<std::size_t>(n), 16);
  parallel_for(pieces, [&](std::size_t piece) {
    const int first = static_cast<int>(piece * n / pieces), last = static_cast<int>((piece + 1) * n / pieces);
    Kept<Workspace> ws;
    std::size_t at = q.answers ? label_base(b, first) : 0;
    for (int i = first; i < last; ++i) {
      ws->reset();
      answer_one(b, i, q, memory, out, q.answers ? out.labels.data() + at : nullptr, *ws);
      at += static_cast<std::size_t>(b.sample(i).structure->label_variables);
    }
  });
  out.report = {.seconds = watch.seconds(), .asked = Method::junction_tree, .used = Method::junction_tree};
}

namespace {

// Each sample in turn, its messages and the variables of its own: visit(sample, messages, variables, view's).
template <class Visit>
void each_sample(Batch& b, Over over, double memory, const Visit& visit) {
  refuse_other_than_labels(b, infer::JunctionTree::kKey);
  b.ensure();
  parallel_for(static_cast<std::size_t>(b.samples()), [&](std::size_t at) {
    const int i = static_cast<int>(at);
    const std::optional<Over> asked = competing(b.sample(i), over);
    if (!asked) return;
    Kept<Workspace> ws;
    ws->reset();
    const Structure& s = *b.sample(i).structure;
    const auto own = static_cast<std::size_t>(s.label_variables);
    if (*asked == Over::others && own == 0) return;
    const Asked a = ask(s, view_of(b, i, *asked, nullptr, *ws), *asked, *ws);
    refuse_wide(a, memory);
    Kept<JunctionRoom> room;
    JunctionMessages messages(a.view, *a.tree, memory, *room);
    visit(i, messages, own, a.view.labels.size());
  });
}

}  // namespace

std::vector<std::vector<Ranked>> n_best(Batch& b, int n, Over over, const infer::JunctionTree& engine) {
  if (n < 1) throw GraphError(message("[n_best] needs n >= 1, not ", n));
  std::vector<std::vector<Ranked>> out(static_cast<std::size_t>(b.samples()));
  each_sample(b, over, engine.memory,
              [&](int i, JunctionMessages& messages, std::size_t own, std::size_t variables) {
                std::vector<int> labels(variables);
                if (!(messages.minimum(labels) < kInf)) return;
                const std::vector<int> best = variables > 0 ? messages.best(n) : std::vector<int>{};
                std::vector<Ranked>& of_i = out[static_cast<std::size_t>(i)];
                for (std::size_t at = 0; at < std::max<std::size_t>(best.size(), 1); at += variables) {
                  Ranked& r = of_i.emplace_back();
                  const auto y = std::span(best).subspan(at, own);
                  r.labels.assign(y.begin(), y.end());
                  r.energy = energy_at(b, i, r.labels);
                  if (variables == 0) break;
                }
                std::ranges::stable_sort(of_i, {}, &Ranked::energy);
              });
  return out;
}

Draws sample(Batch& b, const infer::JunctionTree& engine, int n, const SampleOptions& o) {
  if (n < 1 || !(o.beta > 0 && o.beta < kInf) || o.over == Over::others)
    throw GraphError(
        message("[sample] a junction tree draws n >= 1 answers, over all or the truth, at a beta ",
                "that is finite and above 0, not ", n, " at ", o.beta));
  const Stopwatch watch;
  const std::size_t row = label_base(b, b.samples());
  Draws out;
  out.count = n;
  out.labels.assign(static_cast<std::size_t>(n) * row, 0);
  each_sample(b, o.over, engine.memory,
              [&](int i, JunctionMessages& messages, std::size_t own, std::size_t variables) {
                const double f = messages.free_energy(o.beta);
                if (!(f < kInf))
                  throw NumberError(message("[sample] the free energy of sample ", i, " is ", f,
                                            ": there is nothing to draw from"));
                std::vector<int> drawn(static_cast<std::size_t>(n) * variables);
                messages.sample(n, Rng(engine.seed).fork(static_cast<std::uint64_t>(i)).stream(), drawn);
                const std::size_t to = label_base(b, i);
                for (std::size_t k = 0; k < static_cast<std::size_t>(n); ++k)
                  std::copy_n(drawn.begin() + static_cast<std::ptrdiff_t>(k * variables), own,
                              out.labels.begin() + static_cast<std::ptrdiff_t>(k * row + to));
              });
  out.report = {.exactness = Exactness::sampled,
                .seconds = watch.seconds(),
                .asked = Method::junction_tree,
                .used = Method::junction_tree};
  return out;
}

bool infer::has_low_treewidth(const Batch& b, const Query& q, double memory) {
  const Structure* last = nullptr;
  Workspace ws;
  for (int i = 0; i < b.samples(); ++i) {
    const Structure& s = *b.sample(i).structure;
    if (&s == last) continue;
    last = &s;
    ws.reset();
    const Asked a = ask(s, view_of(s, ws), q.over, ws);
    if (a.tree->buckets.size() != a.view.labels.size()) return false;
    const DiscreteMarginals marginals;
    const bool sums = q.beta < kInf && q.weights;
    JunctionRoom room;
    if (JunctionMessages(a.view, *a.tree, memory, room).bytes(sums ? &marginals : nullptr, s.groups.size()) >
        memory)
      return false;
  }
  return true;
}

Solution solve_by_junction_tree(const DiscreteGraph& graph, const Question& q) {
  check_question(q);
  const Stopwatch watch;
  Workspace ws;
  Asked a{view_of(graph, ws), nullptr};
  const Elimination tree = eliminate(a.view, std::min(kMostEntries, q.memory / 8));
  a.tree = &tree;
  refuse_wide(a, q.memory);
  JunctionRoom room;
  JunctionMessages messages(a.view, tree, q.memory, room);
  Solution out;
  // Answers over the view's variables, without its auxiliaries.
  const std::size_t n = a.view.labels.size(), own = graph.labels().size();
  const auto part = [&](std::span<const int> all, std::size_t i) {
    const auto labels = all.subspan(i * n, own);
    return std::vector<int>(labels.begin(), labels.end());
  };
  if (q.task == Question::Task::minimum) {
    std::vector<int> labels(n);
    out.energy = messages.minimum(labels);
    if (out.energy < kInf) {
      out.labels = part(labels, 0);
      out.energy = graph.energy(out.labels);
      if (q.best > 1) {
        const std::vector<int> best = messages.best(q.best);
        for (std::size_t i = 0; i * n < best.size(); ++i) out.best.push_back(part(best, i));
        if (n == 0) out.best.emplace_back();
        order_best(graph, out);
      }
    }
    out.bound = out.energy;
  } else {
    DiscreteMarginals marginals;
    const bool wanted = q.task == Question::Task::marginals;
    out.free_energy =
        messages.free_energy(q.beta, wanted ? &marginals : nullptr, q.factors ? graph.groups().size() : 0);
    out.free_energy_bound = out.free_energy;
    out.marginals = std::move(marginals.label);
    out.factor_marginals = std::move(marginals.factor);
    if (wanted) out.marginals.resize(labels_in(graph));
    if (q.task == Question::Task::samples && out.free_energy < kInf) {
      const auto count = static_cast<std::size_t>(q.samples);
      std::vector<int> drawn(count * n);
      messages.sample(q.samples, q.seed, drawn);
      out.samples.reserve(count * own);
      for (std::size_t i = 0; i < count; ++i) {
        const auto y = std::span(drawn).subspan(i * n, own);
        out.samples.insert(out.samples.end(), y.begin(), y.end());
      }
      out.effective_samples = q.samples;
    }
  }
  out.report = {.exactness = q.task == Question::Task::samples ? Exactness::sampled : Exactness::exact,
                .seconds = watch.seconds(),
                .asked = Method::junction_tree,
                .used = Method::junction_tree};
  return out;
}

TreewidthBound treewidth_bound(const DiscreteGraph& graph) {
  Workspace ws;
  const DiscreteView view = view_of(graph, ws);
  const Elimination tree = eliminate(view, kMostEntries);
  const bool complete = tree.buckets.size() == view.labels.size();
  JunctionRoom room;
  const double bytes =
      complete ? JunctionMessages(view, tree, 0, room).bytes(nullptr, 0) : 8 * tree.message_entries;
  return {complete ? tree.width : -1, bytes, tree.work};
}

}  // namespace EBM_PRECISION
}  // namespace ebm
