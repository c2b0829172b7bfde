#include "ebm/graph/batch.hpp"

#include <algorithm>
#include <array>
#include <cassert>
#include <cmath>
#include <utility>

#include "feature_bank.hpp"

namespace ebm {
inline namespace EBM_PRECISION {

// Rows of one factor function over the whole batch: those of data alone first, then those of the points.
struct FunctionRows {
  int rows = 0, data_rows = 0, entries = 0;
  std::vector<Real> out, dout;
  std::vector<std::vector<Real>> in, din;
  std::vector<int> width;    // of each input
  std::vector<char> sloped;  // of each input: slopes are wanted, for it is not data as it is
};

struct Batch::Impl {
  const Schema* schema;
  std::span<const Sample* const> samples;
  const Points* points = nullptr;
  bool evaluated = false, data_evaluated = false, slopes = false;
  Net::Mode mode = Net::Mode::evaluate;
  FeatureBank features;
  std::vector<FunctionRows> functions;
  std::vector<int> item_first;           // [items + 1] into tables
  std::vector<TableAt> tables;           // per (item, group)
  std::vector<std::size_t> weight_base;  // per (item, group), and the total
  std::vector<int> next;                 // row reached in each function
  std::vector<int> first_row;            // per (sample, group) of data alone, of its function
  std::vector<int> sample_first;         // [samples] into first_row
  Evaluations evaluations;

  explicit Impl(const Schema& s) : schema(&s), features(s) {}

  int items() const { return points ? points->count() : static_cast<int>(samples.size()); }
  int sample_of(int item) const { return points ? points->sample[static_cast<std::size_t>(item)] : item; }
  const Sample& sample(int item) const { return *samples[static_cast<std::size_t>(sample_of(item))]; }

  // visit(item, count, sample, group index, group, row) for function groups: of data alone (once a sample),
  // or of the points, where `count` of one sample follow each other in items and in rows.
  template <class Visit>
  void each_function_group(bool on_reals, const Visit& visit) {
    next.assign(functions.size(), 0);
    if (on_reals)
      for (std::size_t f = 0; f < functions.size(); ++f) next[f] = functions[f].data_rows;
    const int n = on_reals ? items() : static_cast<int>(samples.size());
    if (on_reals && !points) return;
    for (int first = 0, last = 0; first < n; first = last) {
      const int i = on_reals ? sample_of(first) : first;
      const Structure& s = *samples[static_cast<std::size_t>(i)]->structure;
      last = first + 1;
      if (on_reals && !s.alternates())
        while (last < n && sample_of(last) == i) ++last;
      for (std::size_t g = 0; g < s.groups.size(); ++g) {
        const Group& group = s.groups[g];
        if (group.kind != Term::Kind::function || group.on_reals != on_reals) continue;
        int& row = next[static_cast<std::size_t>(group.function)];
        visit(first, last - first, i, static_cast<int>(g), group, row);
        row += (last - first) * group.rows();
      }
    }
  }

  // Numbers from one item to the next of a sample's feature; 0 where all see the same.
  std::ptrdiff_t stride(int item, int count, int sample, int feature) const {
    return count == 1 ? 0
                      : features.at(item + 1, sample, feature).data - features.at(item, sample, feature).data;
  }

  void evaluate_functions(bool on_reals);
  void locate_tables();
  void forward_data();
  void forward();
  // `at_points`: only what depends on the points.
  void spread(const Batch& self, std::span<const Real> weights, Real* to_params, bool at_points = false);
};

// Copies what every instance of a function reads into [rows, d], then runs each function once.
void Batch::Impl::evaluate_functions(bool on_reals) {
  if (schema->functions().empty()) return;
  functions.resize(schema->functions().size());
  for (FunctionRows& f : functions) {
    if (!on_reals) f.data_rows = 0;
    f.rows = f.data_rows;
  }
  if (!on_reals) {
    sample_first.resize(samples.size());
    std::size_t groups = 0;
    for (std::size_t i = 0; i < samples.size(); ++i) {
      sample_first[i] = static_cast<int>(groups);
      groups += samples[i]->structure->groups.size();
    }
    first_row.assign(groups, 0);
  }
  each_function_group(on_reals, [&](int item, int count, int sample, int index, const Group& g, int row) {
    FunctionRows& f = functions[static_cast<std::size_t>(g.function)];
    const std::size_t inputs = g.features.size();
    if (f.width.size() != inputs) {
      f.in.resize(inputs);
      f.din.resize(inputs);
      f.width.resize(inputs);
      f.sloped.resize(inputs);
    }
    f.entries = g.entries;
    for (std::size_t k = 0; k < inputs; ++k) {
      const FeatureAt at = features.at(item, sample, g.features[k]);
      f.width[k] = at.columns;
      const FeatureSource& source = samples[static_cast<std::size_t>(sample)]
                                        ->structure->features[static_cast<std::size_t>(g.features[k])];
      f.sloped[k] |= source.net >= 0 || source.slot < 0;
      const std::size_t columns = static_cast<std::size_t>(at.columns),
                        instances = static_cast<std::size_t>(g.instances);
      const std::size_t begin = static_cast<std::size_t>(row) * columns, size = instances * columns,
                        all = size * static_cast<std::size_t>(count);
      if (f.in[k].size() < begin + all) f.in[k].resize(std::max(begin + all, 2 * f.in[k].size()));
      Real* to = f.in[k].data() + begin;
      const std::ptrdiff_t step = stride(item, count, sample, g.features[k]);
      const bool repeats = at.rows == 1 && instances > 1;  // one row serves every instance
      if (!repeats && (count == 1 || step == static_cast<std::ptrdiff_t>(size))) {
        std::copy_n(at.data, all, to);
      } else if (step == 0) {  // the same for all: what is written is copied on, twice as much every time
        std::copy_n(at.data, repeats ? columns : size, to);
        for (std::size_t done = repeats ? columns : size; done < all; done *= 2)
          std::copy_n(to, std::min(done, all - done), to + done);
      } else {
        for (std::size_t r = 0; r < static_cast<std::size_t>(count) * instances; ++r)
          std::copy_n(at.data + static_cast<std::ptrdiff_t>(r / instances) * step +
                          (repeats ? 0 : static_cast<std::ptrdiff_t>(r % instances * columns)),
                      columns, to + r * columns);
      }
    }
    f.rows = row + count * g.rows();
    if (!on_reals)
      first_row[static_cast<std::size_t>(sample_first[static_cast<std::size_t>(sample)] + index)] = row;
  });
  for (std::size_t i = 0; i < functions.size(); ++i) {
    FunctionRows& f = functions[i];
    const int from = on_reals ? f.data_rows : 0, rows = f.rows - from;
    if (!on_reals) f.data_rows = f.rows;
    if (rows == 0) continue;
    (on_reals ? evaluations.points : evaluations.data) += static_cast<std::uint64_t>(rows);
    const auto size = static_cast<std::size_t>(f.rows) * static_cast<std::size_t>(f.entries);
    if (f.out.size() < size) f.out.resize(size);
    std::array<ConstView, kMaxInputs> in;
    for (std::size_t k = 0; k < f.width.size(); ++k)
      in[k] = {f.in[k].data() + static_cast<std::size_t>(from) * f.width[k], Shape{rows, f.width[k]}};
    schema->functions()[i].function.forward(
        {rows, schema->params().data(), {in.data(), f.width.size()}},
        {f.out.data() + static_cast<std::size_t>(from) * f.entries, Shape{rows, f.entries}});
  }
}

void Batch::Impl::locate_tables() {
  const int n = items();
  item_first.resize(static_cast<std::size_t>(n) + 1);
  tables.clear();
  weight_base.clear();
  std::size_t weight = 0;
  next.resize(functions.size());
  for (std::size_t f = 0; f < functions.size(); ++f) next[f] = functions[f].data_rows;
  for (int item = 0; item < n; ++item) {
    item_first[static_cast<std::size_t>(item)] = static_cast<int>(tables.size());
    const Sample& s = sample(item);
    for (std::size_t index = 0; index < s.structure->groups.size(); ++index) {
      const Group& g = s.structure->groups[index];
      TableAt t{nullptr, g.entries, g.instances, g.entries};
      switch (g.kind) {
        case Term::Kind::feature: {
          const FeatureAt at = features.at(item, sample_of(item), g.features[0]);
          t.data = at.data;
          if (g.on_path) t.rows = at.rows, t.entries = t.stride = at.columns;
          break;
        }
        case Term::Kind::param: {
          t.data = std::as_const(schema->params()).view(g.param).data;
          if (g.on_path) t.rows = schema->params().block(g.param).shape[0];
          break;
        }
        case Term::Kind::data: {
          const ConstView v = s.data[static_cast<std::size_t>(g.slot)].view;
          t.data = v.data;
          if (g.on_path) t.rows = v.shape[0];
          break;
        }
        case Term::Kind::function: {
          int& reached = next[static_cast<std::size_t>(g.function)];
          const int row = g.on_reals
                              ? reached
                              : first_row[static_cast<std::size_t>(
                                              sample_first[static_cast<std::size_t>(sample_of(item))]) +
                                          index];
          if (g.on_reals) reached += g.rows();
          t.data = functions[static_cast<std::size_t>(g.function)].out.data() +
                   static_cast<std::size_t>(row) * g.entries;
          break;
        }
      }
      if (g.shared) t.rows = 1, t.stride = 0;
      tables.push_back(t);
      weight_base.push_back(weight);
      weight += static_cast<std::size_t>(t.rows) * static_cast<std::size_t>(t.entries);
    }
  }
  item_first[static_cast<std::size_t>(n)] = static_cast<int>(tables.size());
  weight_base.push_back(weight);
}

void Batch::Impl::forward_data() {
  if (data_evaluated) return;
  features.forward_data(samples, mode, evaluations.data);
  evaluate_functions(false);
  data_evaluated = true;
}

void Batch::Impl::forward() {
  forward_data();
  if (points)
    features.forward_points(samples, *points, slopes && mode == Net::Mode::evaluate ? Net::Mode::trace : mode,
                            evaluations.points);
  evaluate_functions(true);
  locate_tables();
  evaluated = true;
}

Batch::Batch(const Schema& schema) : impl_(std::make_unique<Impl>(schema)) {}
Batch::Batch(Batch&&) noexcept = default;
Batch& Batch::operator=(Batch&&) noexcept = default;
Batch::~Batch() = default;

void Batch::assign(std::span<const Sample* const> samples, Net::Mode mode) {
  impl_->mode = mode;
  impl_->samples = samples;
  invalidate();
}

void Batch::forward() {
  for (const Sample* s : impl_->samples)
    if (s->structure->real_dims > 0)
      throw GraphError(
          message("[graph] '", s->structure->real_name,
                  "' is a real variable: its tables are evaluated at points, use an engine for Reals"));
  invalidate();
  impl_->forward();
}

void Batch::forward(const Points& points, bool slopes) {
  forget_points();
  impl_->points = &points;
  impl_->slopes = slopes;
  try {
    impl_->forward();
  } catch (...) {
    forget_points();  // they may go with whoever made them
    throw;
  }
}

void Batch::forward_data() { impl_->forward_data(); }

ConstView Batch::feature(int sample, int feature) const {
  const FeatureAt at = impl_->features.at(0, sample, feature);
  return {at.data, Shape{at.rows, at.columns}};
}

void Batch::ensure() {
  if (!impl_->evaluated) forward();
}
void Batch::invalidate() {
  forget_points();
  impl_->data_evaluated = false;
}
void Batch::forget_points() {
  impl_->evaluated = false;
  impl_->points = nullptr;
}
Batch::Evaluations Batch::evaluations() const { return impl_->evaluations; }
int Batch::samples() const { return static_cast<int>(impl_->samples.size()); }
const Sample& Batch::sample(int i) const { return *impl_->samples[static_cast<std::size_t>(i)]; }
int Batch::items() const { return impl_->items(); }
int Batch::sample_of(int item) const { return impl_->sample_of(item); }
TableAt Batch::table(int item, int group) const {
  return impl_->tables[static_cast<std::size_t>(impl_->item_first[static_cast<std::size_t>(item)] + group)];
}
std::size_t Batch::weights_at(int item, int group) const {
  return impl_
      ->weight_base[static_cast<std::size_t>(impl_->item_first[static_cast<std::size_t>(item)] + group)];
}
std::size_t Batch::weights_of(int item) const {
  return impl_->weight_base[static_cast<std::size_t>(impl_->item_first[static_cast<std::size_t>(item)])];
}
std::size_t Batch::weights() const { return impl_->weight_base.empty() ? 0 : impl_->weight_base.back(); }
const Schema& Batch::schema() const { return *impl_->schema; }
void Batch::set_step(std::uint64_t seed, std::uint64_t step) { impl_->features.set_step(seed, step); }

// Weights of table entries go to the slopes of the features and, unless null, parameters that the entries
// came from.
void Batch::Impl::spread(const Batch& self, std::span<const Real> weights, Real* gradient, bool at_points) {
  Impl& b = *this;
  assert(b.evaluated && weights.size() == self.weights());
  b.features.clear_slopes();
  for (FunctionRows& f : b.functions)
    f.dout.assign(static_cast<std::size_t>(f.rows) * static_cast<std::size_t>(f.entries), Real(0));
  for (int item = 0; item < b.items(); ++item) {
    const Structure& s = *b.sample(item).structure;
    for (std::size_t g = 0; g < s.groups.size(); ++g) {
      const Group& group = s.groups[g];
      if (at_points && !group.on_reals) continue;
      const TableAt t = self.table(item, static_cast<int>(g));
      const std::size_t size = static_cast<std::size_t>(t.rows) * static_cast<std::size_t>(t.entries);
      const Real* from = weights.data() + self.weights_at(item, static_cast<int>(g));
      Real* to = nullptr;
      if (group.kind == Term::Kind::feature) {
        to = b.features.slopes(item, b.sample_of(item), group.features[0]);
      } else if (group.kind == Term::Kind::param && gradient) {
        to = gradient + b.schema->params().block(group.param).offset;
      } else if (group.kind == Term::Kind::function) {
        FunctionRows& f = b.functions[static_cast<std::size_t>(group.function)];
        to = f.dout.data() + (t.data - f.out.data());
      }
      if (to)
        for (std::size_t i = 0; i < size; ++i) to[i] += from[i];
    }
  }
  for (std::size_t i = 0; i < b.functions.size(); ++i) {
    FunctionRows& f = b.functions[i];
    const int from = at_points ? f.data_rows : 0, rows = f.rows - from;
    if (rows == 0) continue;
    std::array<ConstView, kMaxInputs> in;
    std::array<View, kMaxInputs> din;
    for (std::size_t k = 0; k < f.width.size(); ++k) {
      const std::size_t skip = static_cast<std::size_t>(from) * f.width[k];
      in[k] = {f.in[k].data() + skip, Shape{rows, f.width[k]}};
      din[k] = {nullptr, in[k].shape};
      if (!f.sloped[k]) continue;
      f.din[k].assign(static_cast<std::size_t>(f.rows) * f.width[k], Real(0));
      din[k].data = f.din[k].data() + skip;
    }
    b.schema->functions()[i].function.backward(
        {rows, b.schema->params().data(), {in.data(), f.width.size()}},
        {f.dout.data() + static_cast<std::size_t>(from) * f.entries, Shape{rows, f.entries}},
        {gradient, {din.data(), f.width.size()}});
  }
  const auto to_features = [&](int item, int count, int sample, int, const Group& g, int row) {
    FunctionRows& f = b.functions[static_cast<std::size_t>(g.function)];
    for (std::size_t k = 0; k < g.features.size(); ++k) {
      const FeatureAt at = b.features.at(item, sample, g.features[k]);
      Real* to = b.features.slopes(item, sample, g.features[k]);
      if (!to) continue;
      const std::size_t columns = static_cast<std::size_t>(at.columns);
      const std::ptrdiff_t step = b.stride(item, count, sample, g.features[k]);
      const Real* from = f.din[k].data() + static_cast<std::size_t>(row) * columns;
      for (int p = 0; p < count; ++p, to += step)
        for (int r = 0; r < g.instances; ++r, from += columns) {
          Real* one = to + (at.rows == 1 ? 0 : static_cast<std::size_t>(r) * columns);
          for (std::size_t c = 0; c < columns; ++c) one[c] += from[c];
        }
    }
  };
  if (!at_points) b.each_function_group(false, to_features);
  b.each_function_group(true, to_features);
}

void Batch::backward(std::span<const Real> weights, std::span<Real> gradient) {
  impl_->spread(*this, weights, gradient.data());
  impl_->features.backward(impl_->samples, impl_->points, gradient.data(), gradient.size(), nullptr);
}

void Batch::slopes_at_points(std::span<const Real> weights, std::span<Real> at_points) {
  assert(impl_->points && at_points.size() == impl_->points->values.size());
  impl_->spread(*this, weights, nullptr, true);
  impl_->features.backward(impl_->samples, impl_->points, nullptr, 0, at_points.data());
}

void Batch::curvature(std::span<const Real> at_entries, std::span<const Real> slopes, std::span<Real> h) {
  for (const SizedFunction& f : schema().functions())
    if (!f.function.selects())
      throw GraphError(message("[graph] factor '", f.function.name(),
                               "' has no curvature of its own; use an optimiser without one"));
  for (int item = 0; item < items(); ++item)
    for (const Group& g : impl_->sample(item).structure->groups)
      if (g.kind == Term::Kind::param && g.shared && g.instances > 1)
        throw GraphError(
            message("[graph] factor '", g.name,
                    "' is shared by several instances and has no curvature; use another optimiser"));
  std::vector<Real> unused(h.size());
  impl_->spread(*this, slopes, unused.data());
  impl_->features.keep_slopes();
  impl_->spread(*this, at_entries, h.data());
  impl_->features.curvature(h);
}

std::optional<Batch::NanAt> Batch::find_nan() const {
  if (!impl_->evaluated) return {};
  for (int item = 0; item < items(); ++item) {
    const Structure& s = *sample(sample_of(item)).structure;
    for (std::size_t g = 0; g < s.groups.size(); ++g) {
      const TableAt t = table(item, static_cast<int>(g));
      const std::size_t size = static_cast<std::size_t>(t.rows) * static_cast<std::size_t>(t.entries);
      // x - x is 0 for every finite x: one sum finds a NaN; infinite entries are looked at one by one.
      Real sum = 0;
      for (std::size_t i = 0; i < size; ++i) sum += t.data[i] - t.data[i];
      if (sum == 0) continue;
      for (std::size_t i = 0; i < size; ++i)
        if (std::isnan(t.data[i])) return NanAt{sample_of(item), s.groups[g].name};
    }
  }
  return {};
}

}  // namespace EBM_PRECISION
}  // namespace ebm
