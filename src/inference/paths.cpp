// A path variable: one energy per arc, from the lattice and from table entries; then the lattice's own
// questions.

#include "ebm/lattice/paths.hpp"

#include "answering.hpp"
#include "ebm/core/pool.hpp"
#include "ebm/core/workspace.hpp"
#include "ebm/graph/at_labels.hpp"
#include "ebm/inference/paths.hpp"
#include "ebm/lattice/joined.hpp"

namespace ebm {
inline namespace EBM_PRECISION {
namespace {

// Where an arc's entry lies in a group's table: entries name [row, class] of the widest table, and a table of
// one column holds one energy per row.
class Entries {
 public:
  Entries(const Batch& b, int i, const Structure& s) {
    for (std::size_t g = 0; g < s.groups.size(); ++g)
      if (s.groups[g].on_path) columns_ = std::max(columns_, b.table(i, static_cast<int>(g)).entries);
  }
  void check(const TableAt& t, const Group& g) const {
    if (t.entries != columns_ && t.entries != 1)
      throw ShapeError(message("[paths] factor '", g.name, "' has ", t.entries,
                               " columns, but the widest table on this path has ", columns_,
                               "; give as many, or one"));
  }
  int of(const TableAt& t, int entry) const {
    return t.entries == columns_ ? entry : entry / columns_ * t.entries;
  }
  void check(const TableAt& t, const Group& g, int entry) const {
    if (static_cast<std::size_t>(of(t, entry)) >= static_cast<std::size_t>(t.rows) * t.entries)
      throw ShapeError(message("[paths] an arc of the lattice reads entry ", entry, " of factor '", g.name,
                               "', whose table is [", t.rows, ", ", t.entries, "]"));
  }

 private:
  int columns_ = 1;
};

// Factors that read no arc.
double constant_energy(const Batch& b, int i) {
  double sum = 0;
  const Structure& s = *b.sample(i).structure;
  for (std::size_t g = 0; g < s.groups.size(); ++g)
    if (!s.groups[g].on_path) sum += group_energy_at(b, i, static_cast<int>(g), {});
  return sum;
}

void answer_paths(Batch& b, const Query& q, Answer& out, std::string_view engine) {
  check_beta(q);
  refuse_rescaling(q, engine);
  const int n = b.samples();
  for (int i = 0; i < n; ++i)
    if (const Structure& s = *b.sample(i).structure; !s.has_path || s.label_variables + s.real_dims > 0)
      throw GraphError(message("[", engine, "] answers graphs with one path variable and no other; sample ",
                               i, " has ", s.label_variables, " label variables, ", s.real_dims,
                               " real dimensions and ", s.has_path ? "a" : "no", " path; use Automatic"));
  b.ensure();
  prepare(out, b, q);
  if (q.answers) out.paths.resize(static_cast<std::size_t>(n));
  parallel_for(static_cast<std::size_t>(n), [&](std::size_t sample) {
    thread_local Workspace ws;
    thread_local Path path;
    ws.reset();
    const int i = static_cast<int>(sample);
    const Sample& s = b.sample(i);
    const Lattice& lattice = *s.lattice;
    const auto arcs = static_cast<std::size_t>(lattice.arcs());
    const auto energy = ws.take<double>(arcs);
    path_energies(b, i, energy);
    const Automaton* with = nullptr;
    double& result = out.energy[sample];
    const std::optional<Over> over = competing(s, q.over);
    if (!over || (*over == Over::others && !s.truth.path)) return;
    if (*over != Over::all && s.truth.path)
      with = *over == Over::truth ? s.truth.path->is.get() : s.truth.path->is_not.get();
    const bool minimum = q.beta == kInf;
    const double constant = constant_energy(b, i);
    const auto weight = q.weights ? ws.take<double>(arcs, 0.0) : std::span<double>{};
    if (minimum || q.answers) {
      if (with)
        lattice::best_path(lattice, *with, energy, ws, path);
      else
        lattice::best_path(lattice, energy, ws, path);
      path.energy += constant;
      if (q.answers) out.paths[sample] = path;
    }
    if (minimum) {
      result = path.energy;
      if (q.weights)
        for (const int arc : path.arcs) weight[static_cast<std::size_t>(arc)] += 1;
    } else {
      result = constant + (with ? lattice::free_energy(lattice, *with, energy, q.beta, weight, ws)
                                : lattice::free_energy(lattice, energy, q.beta, weight, ws));
    }
    out.bound[sample] = result;
    if (!q.weights || result == kInf) return;
    const Entries entries(b, i, *s.structure);
    for (std::size_t g = 0; g < s.structure->groups.size(); ++g) {
      const TableAt t = b.table(i, static_cast<int>(g));
      Real* w = out.weights.data() + b.weights_at(i, static_cast<int>(g));
      if (!s.structure->groups[g].on_path) {
        give_group_at(b, i, static_cast<int>(g), {}, 1, weights_of(b, i, out.weights));
        continue;
      }
      for (std::size_t arc = 0; arc < arcs; ++arc)
        if (const int e = lattice.entry()[arc]; e >= 0 && weight[arc] != 0)
          w[entries.of(t, e)] += static_cast<Real>(weight[arc]);
    }
  });
}

}  // namespace

void path_energies(const Batch& b, int i, std::span<double> energy) {
  const Sample& s = b.sample(i);
  const Lattice& lattice = *s.lattice;
  std::ranges::copy(lattice.energy(), energy.begin());
  const Entries entries(b, i, *s.structure);
  const int arcs = lattice.arcs();
  for (std::size_t g = 0; g < s.structure->groups.size(); ++g) {
    const TableAt t = b.table(i, static_cast<int>(g));
    if (!s.structure->groups[g].on_path) continue;
    entries.check(t, s.structure->groups[g]);
    for (int arc = 0; arc < arcs; ++arc)
      if (const int e = lattice.entry()[static_cast<std::size_t>(arc)]; e >= 0) {
        entries.check(t, s.structure->groups[g], e);
        energy[static_cast<std::size_t>(arc)] += t.data[entries.of(t, e)];
      }
  }
}

std::vector<Path> n_best_paths(Batch& b, int i, int n) {
  b.ensure();
  std::vector<double> energy(static_cast<std::size_t>(b.sample(i).lattice->arcs()));
  path_energies(b, i, energy);
  Workspace ws;
  std::vector<Path> out = lattice::n_best(*b.sample(i).lattice, energy, n, ws);
  for (Path& path : out) path.energy += constant_energy(b, i);
  return out;
}

void infer::ShortestPath::answer(Batch& b, const Query& q, Answer& out) const {
  const Stopwatch watch;
  if (q.beta != kInf)
    throw GraphError("[shortest_path] gives minima only; ask ForwardBackward for a free energy");
  answer_paths(b, q, out, "shortest_path");
  out.report = {.seconds = watch.seconds(), .asked = Method::paths, .used = Method::paths};
}

void infer::ForwardBackward::answer(Batch& b, const Query& q, Answer& out) const {
  const Stopwatch watch;
  answer_paths(b, q, out, "forward_backward");
  out.report = {.seconds = watch.seconds(), .asked = Method::paths, .used = Method::paths};
}

}  // namespace EBM_PRECISION
}  // namespace ebm
