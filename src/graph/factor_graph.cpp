#include "ebm/graph/factor_graph.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "ebm/lattice/automaton.hpp"
#include "ebm/lattice/lattice.hpp"

namespace ebm {

Reals Reals::within(std::vector<double> lowest, std::vector<double> highest) const {
  const auto n = static_cast<std::size_t>(dims);
  if (lowest.size() != n || highest.size() != n)
    throw GraphError(message("[graph] Reals(", dims, ") is given ", lowest.size(), " lower and ",
                             highest.size(), " upper bounds; one of each a dimension"));
  for (std::size_t k = 0; k < n; ++k)
    if (!(lowest[k] <= highest[k]))
      throw GraphError(message("[graph] the bounds of dimension ", k, " are [", lowest[k], ", ", highest[k],
                               "]: the lower one must not be above the upper"));
  if (manifold != Manifold::flat)
    throw GraphError("[graph] bounds are for flat reals: angles wrap and unit vectors have none");
  Reals out = *this;
  out.low = std::move(lowest);
  out.high = std::move(highest);
  return out;
}

Paths::Paths(Lattice lattice) : lattice(std::make_shared<const Lattice>(std::move(lattice))) {}

inline namespace EBM_PRECISION {
namespace {

// Finds the block of a flat variable, remembering the last one: scopes nearly always stay inside one block.
class BlockFinder {
 public:
  explicit BlockFinder(const std::vector<LabelBlock>& blocks) : blocks_(blocks) {}
  const LabelBlock* find(int variable) {
    if (!last_ || variable < last_->first || variable >= last_->first + last_->count) {
      last_ = nullptr;
      for (const LabelBlock& b : blocks_)
        if (variable >= b.first && variable < b.first + b.count) last_ = &b;
    }
    return last_;
  }

 private:
  const std::vector<LabelBlock>& blocks_;
  const LabelBlock* last_ = nullptr;
};

}  // namespace

void FactorGraph::check_new(const std::string& name) const {
  const bool taken = name == structure_.real_name || name == structure_.path_name ||
                     std::ranges::find(structure_.labels, name, &LabelBlock::name) != structure_.labels.end();
  if (name.empty() || taken)
    throw GraphError(message("[graph] a variable needs a name of its own, '", name, "' is ",
                             name.empty() ? "empty" : "taken"));
}

Variables FactorGraph::outputs(std::string name, int count, Labels labels, std::vector<LabelSet> truth) {
  check_new(name);
  if (count < 0) throw GraphError(message("[graph] '", name, "' declares ", count, " variables"));
  if (!truth.empty() && static_cast<int>(truth.size()) != count)
    throw GraphError(
        message("[graph] '", name, "' has ", count, " variables but ", truth.size(), " true labels"));
  for (std::size_t i = 0; i < truth.size(); ++i) {
    const int high = truth[i].single() >= 0       ? truth[i].single()
                     : truth[i].several().empty() ? 0
                                                  : truth[i].several().back();
    const int low = truth[i].single() >= 0       ? truth[i].single()
                    : truth[i].several().empty() ? 0
                                                 : truth[i].several().front();
    if (high >= labels.count || low < 0)
      throw GraphError(message("[graph] the true label of '", name, "[", i, "]' is ", low < 0 ? low : high,
                               ", outside 0..", labels.count - 1));
  }
  const Variables out{structure_.label_variables, count};
  if (!truth.empty()) {
    truth_.labels.resize(static_cast<std::size_t>(out.first + count));
    std::ranges::move(truth, truth_.labels.begin() + out.first);
  }
  structure_.labels.push_back({std::move(name), Role::output, labels.count, out.first, count});
  structure_.label_variables += count;
  return out;
}

Variables FactorGraph::outputs(std::string name, int count, Labels labels, std::span<const int> truth) {
  for (const int label : truth)
    if (label < 0 || label >= labels.count)
      throw GraphError(
          message("[graph] a true label of '", name, "' is ", label, ", outside 0..", labels.count - 1));
  return outputs(std::move(name), count, labels, std::vector<LabelSet>(truth.begin(), truth.end()));
}

Variables FactorGraph::output(std::string name, Labels labels, LabelSet truth) {
  std::vector<LabelSet> one;
  if (truth.known()) one.push_back(std::move(truth));
  return outputs(std::move(name), 1, labels, std::move(one));
}

Variables FactorGraph::latents(std::string name, int count, Labels labels) {
  const Variables out = outputs(std::move(name), count, labels, std::vector<LabelSet>{});
  structure_.labels.back().role = Role::latent;
  return out;
}

RealVariable FactorGraph::output(std::string name, Reals reals, std::span<const Real> truth) {
  check_new(name);
  if (structure_.real_dims > 0)
    throw GraphError("[graph] one real variable a graph; give it more dimensions instead");
  if (!truth.empty() && static_cast<int>(truth.size()) != reals.dims)
    throw GraphError(
        message("[graph] '", name, "' has ", reals.dims, " dimensions but ", truth.size(), " true values"));
  for (std::size_t k = 0; k < truth.size(); ++k) {
    const double t = truth[k];
    if (!std::isfinite(t)) throw GraphError(message("[graph] a true value of '", name, "' is ", t));
    if (!reals.low.empty() && (t < reals.low[k] || t > reals.high[k]))
      throw GraphError(message("[graph] the true value ", t, " of '", name, "' is outside its bounds [",
                               reals.low[k], ", ", reals.high[k], "]"));
  }
  if (reals.manifold == Manifold::sphere && !truth.empty()) {
    double length = 0;
    for (const Real t : truth) length += static_cast<double>(t) * static_cast<double>(t);
    if (!(std::abs(std::sqrt(length) - 1) < 1e-3))
      throw GraphError(message("[graph] the true value of the unit vector '", name, "' has length ",
                               std::sqrt(length), "; divide it by that"));
  }
  structure_.real_name = std::move(name);
  structure_.real_dims = reals.dims;
  structure_.real_manifold = reals.manifold;
  structure_.real_low = std::move(reals.low);
  structure_.real_high = std::move(reals.high);
  truth_.reals.assign(truth.begin(), truth.end());
  return {};
}

RealVariable FactorGraph::output(std::string name, Reals reals, Real truth) {
  return output(std::move(name), std::move(reals), std::span<const Real>(&truth, 1));
}

RealVariable FactorGraph::latent(std::string name, Reals reals, std::span<const Real> truth) {
  const RealVariable out = output(std::move(name), std::move(reals), truth);
  structure_.real_role = Role::latent;
  return out;
}

PathVariable FactorGraph::output(std::string name, Paths paths, std::span<const int> truth,
                                 bool truth_known) {
  check_new(name);
  if (structure_.has_path)
    throw GraphError("[graph] one path variable a graph; compose the lattices instead");
  structure_.path_name = std::move(name);
  structure_.has_path = true;
  lattice_ = std::move(paths.lattice);
  if (truth_known)
    truth_.path = PathTruth{{truth.begin(), truth.end()},
                            std::make_shared<const Automaton>(lattice::acceptor(truth)),
                            std::make_shared<const Automaton>(lattice::complement(truth))};
  return {};
}

Feature FactorGraph::feature(const Net& net, Data x) {
  nets_.push_back(net);
  structure_.features.push_back({static_cast<int>(nets_.size()) - 1, structure_.data_slots++, {}, 0});
  data_.push_back(std::move(x));
  return {static_cast<int>(structure_.features.size()) - 1};
}

Feature FactorGraph::feature(const Net& net, RealVariable) {
  const Shape want = net.input_shape();
  if (static_cast<int>(want.size()) != structure_.real_dims)
    throw ShapeError(message("[graph] net '", net.name(), "' reads ", want, " but '", structure_.real_name,
                             "' has ", structure_.real_dims, " dimensions"));
  nets_.push_back(net);
  structure_.features.push_back({static_cast<int>(nets_.size()) - 1, -1, {}, 0});
  return {static_cast<int>(structure_.features.size()) - 1};
}

Feature FactorGraph::feature(Data x) {
  if (x.view.shape.rank() == 0) throw ShapeError("[graph] data without a shape cannot be a feature");
  structure_.features.push_back({-1, structure_.data_slots++, {}, 0});
  data_.push_back(std::move(x));
  return {static_cast<int>(structure_.features.size()) - 1};
}

Feature FactorGraph::feature(RealVariable z) {
  std::vector<int> all(static_cast<std::size_t>(structure_.real_dims));
  std::iota(all.begin(), all.end(), 0);
  return slice(z, structure_.real_dims, std::move(all));
}

Feature FactorGraph::slice(RealVariable, int columns, std::vector<int> coordinates) {
  if (structure_.real_dims == 0)
    throw GraphError("[graph] a slice is taken of a real variable of another graph");
  if (columns < 1 || coordinates.empty() || coordinates.size() % static_cast<std::size_t>(columns) != 0)
    throw GraphError(message("[graph] a slice of '", structure_.real_name, "' has ", coordinates.size(),
                             " coordinates, which make no full rows of ", columns));
  for (const int c : coordinates)
    if (c < 0 || c >= structure_.real_dims)
      throw GraphError(message("[graph] a slice of '", structure_.real_name, "' names coordinate ", c,
                               ", outside 0..", structure_.real_dims - 1));
  structure_.features.push_back({-1, -1, std::move(coordinates), columns});
  return {static_cast<int>(structure_.features.size()) - 1};
}

int FactorGraph::rows_of(const Feature& feature, int* columns) const {
  if (feature.index < 0 || feature.index >= static_cast<int>(structure_.features.size()))
    throw GraphError("[graph] a feature of another graph is used; make it with this graph's feature()");
  const FeatureSource& source = structure_.features[static_cast<std::size_t>(feature.index)];
  if (source.net < 0) {
    const Shape in = source.slot < 0
                         ? Shape{static_cast<int>(source.slice.size()) / source.columns, source.columns}
                         : data_[static_cast<std::size_t>(source.slot)].view.shape;
    *columns = in.back();
    return static_cast<int>(in.size() / static_cast<std::size_t>(std::max(1, in.back())));
  }
  const Net& net = nets_[static_cast<std::size_t>(source.net)];
  const bool real = source.slot < 0;
  const Shape in = real ? net.input_shape() : data_[static_cast<std::size_t>(source.slot)].view.shape;
  const bool rows = in.rank() == net.input_shape().rank() + 1;
  if (!rows && in.rank() != net.input_shape().rank())
    throw ShapeError(
        message("[graph] net '", net.name(), "' reads ", net.input_shape(), " or rows of it, not ", in));
  const Shape out = net.output_shape(rows ? in.row() : in);
  *columns = out.back();
  return (rows ? in[0] : 1) *
         static_cast<int>(out.size() / static_cast<std::size_t>(std::max(1, out.back())));
}

void FactorGraph::add_group(Term term, Scopes scopes, int instances, bool on_path) {
  Group g;
  g.kind = term.kind;
  g.name = std::move(term.name);
  g.arity = scopes.arity;
  g.instances = instances;
  g.on_path = on_path;
  std::vector<int> sizes(static_cast<std::size_t>(g.arity));
  BlockFinder finder(structure_.labels);
  for (std::size_t i = 0; i < scopes.variables.size(); ++i) {
    const LabelBlock* block = finder.find(scopes.variables[i]);
    if (!block)
      throw GraphError(message("[graph] factor '", g.name, "' names variable ", scopes.variables[i],
                               ", which is not declared"));
    int& size = sizes[i % sizes.size()];
    if (i < sizes.size())
      size = block->labels;
    else if (size != block->labels)
      throw ShapeError(message("[graph] factor '", g.name, "' joins variables of ", size, " and of ",
                               block->labels, " labels in one group; add one group for each"));
  }
  g.scopes = std::move(scopes.variables);
  g.index = term.index;
  g.sizes = sizes;
  const auto mismatch = [&](const std::string& table, const std::string& hint) {
    std::string names;
    for (int a = 0; a < g.arity; ++a)
      names += (a ? ", " : "") + structure_.variable_name(g.scopes[static_cast<std::size_t>(a)]);
    return ShapeError(message("[graph] factor '", g.name, "' on (", names, "): table is ", table, ", ",
                              g.instances, g.instances == 1 ? " scope has " : " scopes have ",
                              Shape(std::span<const int>(sizes)), ". ", hint));
  };
  const auto take_rows = [&](int rows, int columns) {
    g.entries = columns;  // of a path, rows are the sample's own: they are no part of the structure
    if (on_path) return;
    const std::string why = misfit(g.index, sizes, static_cast<std::size_t>(columns));
    if (!why.empty() || (rows != g.instances && rows != 1))
      throw mismatch(to_string(Shape{rows, columns}), g.index == Index::joint || why.empty()
                                                          ? "One row per scope, one column per joint label"
                                                          : "That is " + why);
    g.shared = rows == 1 && g.instances > 1;
  };
  const bool joint = g.index == Index::joint;
  int columns = 0;
  switch (g.kind) {
    case Term::Kind::feature: {
      const Feature f =
          term.net.empty() ? term.features.at(0) : feature(term.net[0], std::move(term.data[0]));
      const int rows = rows_of(f, &columns);
      take_rows(rows, columns);
      g.features = {f.index};
      break;
    }
    case Term::Kind::param: {
      const Shape& shape = params_->block(term.param).shape;
      if (on_path) {
        if (shape.rank() != 2) throw mismatch(to_string(shape), "A path's table is [rows, labels]");
        take_rows(shape[0], shape[1]);
      } else {
        if (joint && !std::ranges::equal(shape.sizes(), sizes) && !(g.arity == 0 && shape.size() == 1))
          throw mismatch(to_string(shape), "Swap the axes?");
        take_rows(1, static_cast<int>(shape.size()));
        g.shared = true;
      }
      g.param = term.param;
      break;
    }
    case Term::Kind::data: {
      const Shape& shape = term.data[0].view.shape;
      const bool one = shape.rank() == (joint ? g.arity : 1) && !on_path;
      const Shape row = one ? shape : shape.row();
      if (!on_path && joint && !std::ranges::equal(row.sizes(), sizes) &&
          row.size() != entries_of(g.index, sizes))
        throw mismatch(to_string(shape), "Give [rows, labels..] or one shared table");
      take_rows(one ? 1 : shape[0], static_cast<int>(row.size()));
      g.slot = structure_.data_slots++;
      data_.push_back(std::move(term.data[0]));
      break;
    }
    case Term::Kind::function: {
      if (on_path)
        throw GraphError(
            message("[graph] factor '", g.name, "' on a path must be a net, a table or given energies"));
      if (term.features.size() > kMaxInputs)
        throw GraphError(message("[graph] factor '", g.name, "' reads ", term.features.size(),
                                 " features, more than ", kMaxInputs));
      g.entries = static_cast<int>(entries_of(g.index, sizes));
      take_rows(term.features.empty() ? 1 : g.instances, g.entries);  // nothing read: one row serves all
      std::vector<Shape> in;
      std::vector<int> widths{g.entries};
      for (const Feature& f : term.features) {
        const int rows = rows_of(f, &columns);
        if (rows != 1 && rows != g.instances)
          throw mismatch(to_string(Shape{rows, columns}) + " of features",
                         g.arity > 0       ? "One row per scope"
                         : g.instances > 1 ? "One row per instance"
                                           : "Several rows are several factors: add_each(term, rows)");
        in.push_back(Shape{columns});
        widths.push_back(columns);
        g.features.push_back(f.index);
      }
      term.function.at(0).check(in, g.entries);
      functions_.push_back({std::move(term.function[0]), std::move(widths)});
      g.function = static_cast<int>(functions_.size()) - 1;
      break;
    }
  }
  for (const int f : g.features) g.on_reals |= structure_.features[static_cast<std::size_t>(f)].slot < 0;
  structure_.groups.push_back(std::move(g));
}

void FactorGraph::add(Term term) { add_group(std::move(term), {0, {}}, 1, false); }
void FactorGraph::add_each(Term term, int instances) {
  if (instances < 0)
    throw GraphError(message("[graph] factor '", term.name, "' is added ", instances, " times"));
  if (instances > 0) add_group(std::move(term), {0, {}}, instances, false);
}
void FactorGraph::add(Term term, Variables v) {
  if (v.count != 1)
    throw GraphError(message("[graph] factor '", term.name, "' is added to ", v.count,
                             " variables at once; use add_each"));
  add_group(std::move(term), {1, {v.first}}, 1, false);
}
void FactorGraph::add(Term term, Variables a, Variables b) {
  if (a.count != 1 || b.count != 1)
    throw GraphError(
        message("[graph] factor '", term.name, "' joins runs of variables; use add_each with scopes"));
  add_group(std::move(term), {2, {a.first, b.first}}, 1, false);
}
void FactorGraph::add(Term term, PathVariable) {
  if (!structure_.has_path)
    throw GraphError(message("[graph] factor '", term.name, "' reads a path of another graph"));
  add_group(std::move(term), {0, {}}, 1, true);
}
void FactorGraph::add_each(Term term, const Variables& v) { add_each(std::move(term), v.each()); }
void FactorGraph::add_each(Term term, Scopes scopes) {
  if (scopes.arity < 1 || scopes.variables.size() % static_cast<std::size_t>(scopes.arity) != 0)
    throw GraphError(message("[graph] factor '", term.name, "': ", scopes.variables.size(),
                             " variables do not make scopes of ", scopes.arity));
  const int n = static_cast<int>(scopes.variables.size() / static_cast<std::size_t>(scopes.arity));
  if (n > 0) add_group(std::move(term), std::move(scopes), n, false);
}

Sample FactorGraph::build(Schema& schema) && {
  for (FeatureSource& f : structure_.features)
    if (f.net >= 0) f.net = schema.intern(nets_[static_cast<std::size_t>(f.net)]);
  for (Group& g : structure_.groups)
    if (g.kind == Term::Kind::function)
      g.function = schema.intern(functions_[static_cast<std::size_t>(g.function)]);
  Sample out;
  if (!truth_.labels.empty()) truth_.labels.resize(static_cast<std::size_t>(structure_.label_variables));
  out.data = std::move(data_);
  out.truth = std::move(truth_);
  out.lattice = std::move(lattice_);
  out.structure = schema.intern(std::move(structure_));
  return out;
}

}  // namespace EBM_PRECISION
}  // namespace ebm
