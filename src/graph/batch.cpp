#include "ebm/graph/batch.hpp"

#include <algorithm>
#include <array>
#include <cassert>
#include <cmath>
#include <utility>

#include "feature_bank.hpp"

namespace ebm {
inline namespace EBM_PRECISION {

// Rows of one factor function over the whole batch.
struct FunctionRows {
  int rows = 0, entries = 0;
  std::vector<Real> out, dout;
  std::vector<std::vector<Real>> in, din;
  std::vector<int> width;  // of each input
};

struct Batch::Impl {
  const Schema* schema;
  std::span<const Sample* const> samples;
  const Points* points = nullptr;
  bool evaluated = false;
  Net::Mode mode = Net::Mode::evaluate;
  FeatureBank features;
  std::vector<FunctionRows> functions;
  std::vector<int> item_first;           // [items + 1] into tables
  std::vector<TableAt> tables;           // per (item, group)
  std::vector<std::size_t> weight_base;  // per (item, group), and the total
  std::vector<int> next;                 // row reached in each function

  explicit Impl(const Schema& s) : schema(&s), features(s) {}

  int items() const { return points ? points->count() : static_cast<int>(samples.size()); }
  int sample_of(int item) const { return points ? points->sample[static_cast<std::size_t>(item)] : item; }
  const Sample& sample(int item) const { return *samples[static_cast<std::size_t>(sample_of(item))]; }

  template <class Visit>
  void each_function_group(const Visit& visit) const {
    for (int item = 0; item < items(); ++item) {
      const Structure& s = *sample(item).structure;
      for (std::size_t g = 0; g < s.groups.size(); ++g)
        if (s.groups[g].kind == Term::Kind::function) visit(item, static_cast<int>(g), s.groups[g]);
    }
  }

  void gather_functions();
  void locate_tables();
  void forward();
  void spread(const Batch& self, std::span<const Real> weights, std::span<Real> to_params);
};

// Copies what every instance of a function reads into [rows, d], then runs each function once.
void Batch::Impl::gather_functions() {
  if (schema->functions().empty()) return;
  functions.resize(schema->functions().size());
  for (FunctionRows& f : functions) f.rows = 0;
  each_function_group([&](int item, int, const Group& g) {
    FunctionRows& f = functions[static_cast<std::size_t>(g.function)];
    const std::size_t inputs = g.features.size();
    if (f.width.size() != inputs) f.in.resize(inputs), f.din.resize(inputs), f.width.resize(inputs);
    f.entries = g.entries;
    for (std::size_t k = 0; k < inputs; ++k) {
      const FeatureAt at = features.at(item, sample_of(item), g.features[k]);
      f.width[k] = at.columns;
      const std::size_t begin = static_cast<std::size_t>(f.rows) * at.columns;
      const std::size_t size = static_cast<std::size_t>(g.instances) * at.columns;
      if (f.in[k].size() < begin + size) f.in[k].resize(begin + size);
      for (int r = 0; r < g.instances; ++r)
        std::copy_n(at.data + (at.rows == 1 ? 0 : static_cast<std::size_t>(r) * at.columns), at.columns,
                    f.in[k].data() + begin + static_cast<std::size_t>(r) * at.columns);
    }
    f.rows += g.instances;
  });
  for (std::size_t i = 0; i < functions.size(); ++i) {
    FunctionRows& f = functions[i];
    if (f.rows == 0) continue;
    const auto size = static_cast<std::size_t>(f.rows) * static_cast<std::size_t>(f.entries);
    if (f.out.size() < size) f.out.resize(size);
    std::array<ConstView, kMaxInputs> in;
    for (std::size_t k = 0; k < f.width.size(); ++k) in[k] = {f.in[k].data(), Shape{f.rows, f.width[k]}};
    schema->functions()[i].function.forward({f.rows, schema->params().data(), {in.data(), f.width.size()}},
                                            {f.out.data(), Shape{f.rows, f.entries}});
  }
}

void Batch::Impl::locate_tables() {
  const int n = items();
  item_first.resize(static_cast<std::size_t>(n) + 1);
  tables.clear();
  weight_base.clear();
  std::size_t weight = 0;
  next.assign(functions.size(), 0);
  for (int item = 0; item < n; ++item) {
    item_first[static_cast<std::size_t>(item)] = static_cast<int>(tables.size());
    const Sample& s = sample(item);
    for (const Group& g : s.structure->groups) {
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
          int& row = next[static_cast<std::size_t>(g.function)];
          t.data = functions[static_cast<std::size_t>(g.function)].out.data() +
                   static_cast<std::size_t>(row) * g.entries;
          row += g.instances;
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

void Batch::Impl::forward() {
  features.forward(samples, points, mode);
  gather_functions();
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
  impl_->points = nullptr;
  impl_->evaluated = false;
}

void Batch::forward() {
  for (const Sample* s : impl_->samples)
    if (s->structure->real_dims > 0)
      throw GraphError(
          message("[graph] '", s->structure->real_name,
                  "' is a real variable: its tables are evaluated at points, use an engine for Reals"));
  impl_->points = nullptr;
  impl_->forward();
}

void Batch::forward(const Points& points) {
  impl_->points = &points;
  impl_->forward();
}

void Batch::ensure() {
  if (!impl_->evaluated) forward();
}
void Batch::invalidate() {
  impl_->evaluated = false;
  impl_->points = nullptr;
}
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

// Weights of table entries go to the slopes of the features and parameters that the entries came from.
void Batch::Impl::spread(const Batch& self, std::span<const Real> weights, std::span<Real> gradient) {
  Impl& b = *this;
  assert(b.evaluated && weights.size() == self.weights());
  b.features.clear_slopes();
  for (FunctionRows& f : b.functions) {
    const auto size = static_cast<std::size_t>(f.rows) * static_cast<std::size_t>(f.entries);
    if (f.dout.size() < size) f.dout.resize(size);
    f.rows = 0;
  }
  // Weights go to where the tables came from.
  for (int item = 0; item < b.items(); ++item) {
    const Structure& s = *b.sample(item).structure;
    for (std::size_t g = 0; g < s.groups.size(); ++g) {
      const Group& group = s.groups[g];
      const TableAt t = self.table(item, static_cast<int>(g));
      const std::size_t size = static_cast<std::size_t>(t.rows) * static_cast<std::size_t>(t.entries);
      const Real* from = weights.data() + self.weights_at(item, static_cast<int>(g));
      if (group.kind == Term::Kind::feature) {
        Real* to = b.features.slopes(item, b.sample_of(item), group.features[0]);
        for (std::size_t i = 0; i < size; ++i) to[i] += from[i];
      } else if (group.kind == Term::Kind::param) {
        Real* to = gradient.data() + b.schema->params().block(group.param).offset;
        for (std::size_t i = 0; i < size; ++i) to[i] += from[i];
      } else if (group.kind == Term::Kind::function) {
        FunctionRows& f = b.functions[static_cast<std::size_t>(group.function)];
        std::copy_n(from, size, f.dout.data() + static_cast<std::size_t>(f.rows) * f.entries);
        f.rows += group.instances;
      }
    }
  }
  for (std::size_t i = 0; i < b.functions.size(); ++i) {
    FunctionRows& f = b.functions[i];
    if (f.rows == 0) continue;
    std::array<ConstView, kMaxInputs> in;
    std::array<View, kMaxInputs> din;
    for (std::size_t k = 0; k < f.width.size(); ++k) {
      f.din[k].assign(static_cast<std::size_t>(f.rows) * f.width[k], Real(0));
      in[k] = {f.in[k].data(), Shape{f.rows, f.width[k]}};
      din[k] = {f.din[k].data(), in[k].shape};
    }
    b.schema->functions()[i].function.backward(
        {f.rows, b.schema->params().data(), {in.data(), f.width.size()}},
        {f.dout.data(), Shape{f.rows, f.entries}}, {gradient.data(), {din.data(), f.width.size()}});
    f.rows = 0;
  }
  b.each_function_group([&](int item, int, const Group& g) {
    FunctionRows& f = b.functions[static_cast<std::size_t>(g.function)];
    for (std::size_t k = 0; k < g.features.size(); ++k) {
      const FeatureAt at = b.features.at(item, b.sample_of(item), g.features[k]);
      Real* to = b.features.slopes(item, b.sample_of(item), g.features[k]);
      const Real* from = f.din[k].data() + static_cast<std::size_t>(f.rows) * at.columns;
      for (int r = 0; r < g.instances; ++r)
        for (int c = 0; c < at.columns; ++c)
          to[(at.rows == 1 ? 0 : static_cast<std::size_t>(r) * at.columns) + c] +=
              from[static_cast<std::size_t>(r) * at.columns + c];
    }
    f.rows += g.instances;
  });
}

void Batch::backward(std::span<const Real> weights, std::span<Real> gradient) {
  impl_->spread(*this, weights, gradient);
  impl_->features.backward(gradient);
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
  impl_->spread(*this, slopes, unused);
  impl_->features.keep_slopes();
  impl_->spread(*this, at_entries, h);
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
