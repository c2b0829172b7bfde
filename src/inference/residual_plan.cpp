#include "residual_plan.hpp"

#include <algorithm>
#include <cmath>

#include "answering.hpp"
#include "ebm/graph/at_labels.hpp"

namespace ebm {
inline namespace EBM_PRECISION {

void check_least_squares_query(const Query& q, std::string_view engine) {
  check_beta(q);
  refuse_rescaling(q, engine);
  if (q.beta != kInf)
    throw GraphError(message(
        "[", engine, "] finds minima; a free energy over reals is asked of infer::Grid or of a ", "sampler"));
  if (q.over == Over::others)
    throw GraphError(message("[", engine,
                             "] cannot leave out the ball around the truth that `others` asks for; use ",
                             "infer::Grid or infer::GradientDescent"));
}

void refuse_non_finite(std::string_view engine, std::string_view factor, int sample) {
  throw NumberError(message("[", engine, "] factor '", factor,
                            "' gives NaN or infinite residuals at the start of ", "sample ", sample,
                            "; mend it, or start elsewhere"));
}

void ResidualPlan::assign(Batch& b, const Query& q, std::string_view engine) {
  check_least_squares_query(q, engine);
  structures_.clear();
  groups_.clear();
  inputs_.clear();
  widths_.clear();
  dims_ = b.samples() ? b.sample(0).structure->real_dims : 0;
  for (int i = 0; i < b.samples(); ++i) {
    const Structure* s = b.sample(i).structure;
    if (i > 0 && s == b.sample(i - 1).structure) continue;
    if (std::ranges::find(structures_, s, &OfStructure::structure) == structures_.end()) add(b, *s, engine);
  }
  b.forward_data();
}

bool ResidualPlan::covers(const Schema& schema, const Structure& s) {
  bool any = false;
  for (const ebm::Group& g : s.groups) {
    if (!g.on_reals) continue;
    if (g.kind != Term::Kind::function ||
        !schema.functions()[static_cast<std::size_t>(g.function)].function.has_residuals())
      return false;
    for (const int f : g.features) {
      const FeatureSource& source = s.features[static_cast<std::size_t>(f)];
      if (source.slot < 0 && source.net >= 0) return false;
    }
    any = true;
  }
  return any && s.real_dims > 0 && s.label_variables == 0 && !s.has_path;
}

void ResidualPlan::add(const Batch& b, const Structure& s, std::string_view engine) {
  if (s.real_dims == 0 || s.has_path)
    throw GraphError(message("[", engine, "] searches graphs of a real variable, ",
                             s.has_path ? "not paths" : "and this one has none"));
  if (s.label_variables > 0)
    throw GraphError(message("[", engine, "] the graph has label variables beside '", s.real_name,
                             "'; use infer::Nested with infer::GradientDescent for the real one"));
  if (s.real_dims != dims_)
    throw GraphError(message("[", engine, "] '", s.real_name, "' has ", s.real_dims,
                             " dimensions in one sample and ", dims_, " in another; batch them apart"));
  OfStructure out{&s, static_cast<int>(groups_.size()), 0, false};
  for (std::size_t k = 0; k < s.groups.size(); ++k) {
    const ebm::Group& group = s.groups[k];
    if (!group.on_reals) {
      out.constants = true;
      continue;
    }
    if (group.kind != Term::Kind::function ||
        !b.schema().functions()[static_cast<std::size_t>(group.function)].function.has_residuals())
      throw GraphError(
          message("[", engine, "] factor '", group.name, "' on '", s.real_name,
                  "' shows no residuals; declare it by factor::residual, or use infer::GradientDescent ",
                  "or infer::Lbfgs"));
    const Factor& factor = b.schema().functions()[static_cast<std::size_t>(group.function)].function;
    Group& g = groups_.emplace_back();
    g.index = static_cast<int>(k);
    g.function = group.function;
    g.factor = &factor;
    g.name = group.name;
    g.robust = factor.robust();
    g.instances = group.instances;
    g.first_input = static_cast<int>(inputs_.size());
    g.inputs = static_cast<int>(group.features.size());
    for (std::size_t f = 0; f < group.features.size(); ++f) {
      const FeatureSource& source = s.features[static_cast<std::size_t>(group.features[f])];
      const int width = b.schema().functions()[static_cast<std::size_t>(group.function)].sizes[f + 1];
      if (source.slot < 0 && source.net >= 0)
        throw GraphError(
            message("[", engine, "] factor '", group.name, "' reads net '",
                    b.schema().nets()[static_cast<std::size_t>(source.net)].name(), "' of '", s.real_name,
                    "'; residuals read its coordinates as they are, so use infer::GradientDescent or ",
                    "infer::Lbfgs"));
      Input& input = inputs_.emplace_back();
      input.feature = group.features[f];
      input.columns = width;
      if (source.slot < 0) {
        input.slice = source.slice.data();
        input.rows = static_cast<int>(source.slice.size()) / width;
        g.real_columns += width;
      }
      widths_.push_back(width);
    }
    g.residuals = factor.residual_count(widths(g));
    ++out.groups;
  }
  structures_.push_back(out);
}

const ResidualPlan::OfStructure& ResidualPlan::of(const Batch& b, int sample) const {
  return *std::ranges::find(structures_, b.sample(sample).structure, &OfStructure::structure);
}

void ResidualPlan::read_data(const Batch& b, int sample, const Input& input, int instances, double* to) {
  const ConstView v = b.feature(sample, input.feature);
  const auto columns = static_cast<std::size_t>(input.columns);
  if (v.rows() == 1)
    for (int r = 0; r < instances; ++r)
      std::copy_n(v.data, columns, to + static_cast<std::size_t>(r) * columns);
  else
    std::copy_n(v.data, static_cast<std::size_t>(instances) * columns, to);
}

void ResidualPlan::constants(Batch& b, std::span<double> energy) {
  std::ranges::fill(energy, 0.0);
  if (std::ranges::none_of(structures_, &OfStructure::constants)) return;
  points_.clear();
  points_.dims = dims_;
  for (int i = 0; i < b.samples(); ++i) {
    points_.sample.push_back(i);
    points_.values.resize(points_.values.size() + static_cast<std::size_t>(dims_), Real(0));
  }
  b.forward(points_);
  for (int i = 0; i < b.samples(); ++i) {
    const Structure& s = *b.sample(i).structure;
    double& e = energy[static_cast<std::size_t>(i)];
    for (std::size_t g = 0; g < s.groups.size(); ++g)
      if (!s.groups[g].on_reals) e += group_energy_at(b, i, static_cast<int>(g), {});
  }
  b.forget_points();
}

}  // namespace EBM_PRECISION
}  // namespace ebm
