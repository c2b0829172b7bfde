#include "feature_bank.hpp"

#include <algorithm>
#include <bit>

#include "ebm/core/pool.hpp"
#include "ebm/core/rng.hpp"

namespace ebm {
inline namespace EBM_PRECISION {
namespace {

// Visits the points of every sample: visit(sample, first point, count).
template <class Visit>
void each_sample(const Points& points, const Visit& visit) {
  for (int first = 0, last = 0; first < points.count(); first = last) {
    const int sample = points.sample[static_cast<std::size_t>(first)];
    while (last < points.count() && points.sample[static_cast<std::size_t>(last)] == sample) ++last;
    visit(sample, first, last - first);
  }
}

}  // namespace

// Widths come back in any order, and asking a net for its shape allocates.
const Shape& FeatureBank::output_of(Use& use, int net_index, const Shape& in) const {
  const auto known = std::ranges::find(use.shapes, in, &std::pair<Shape, Shape>::first);
  if (known != use.shapes.end()) return known->second;
  return use.shapes.emplace_back(in, schema_->nets()[static_cast<std::size_t>(net_index)].output_shape(in))
      .second;
}

void FeatureBank::append(int net_index, const Real* data, int rows, const Shape& in, bool points,
                         Place& place) {
  Use& use = uses_[static_cast<std::size_t>(net_index)];
  const Shape& out = output_of(use, net_index, in);
  const std::size_t out_size = out.size(), in_size = in.size();
  place.columns = out.back();
  place.rows = rows * static_cast<int>(out_size / static_cast<std::size_t>(std::max(1, place.columns)));
  place.net = net_index;
  if (use.run_count == 0 || use.runs[use.run_count - 1].points != points ||
      !(use.runs[use.run_count - 1].in == in)) {
    if (use.runs.size() == use.run_count) use.runs.emplace_back();
    Run& next = use.runs[use.run_count];
    const Run* before = use.run_count ? &use.runs[use.run_count - 1] : nullptr;
    const std::size_t output =
        before ? before->output + static_cast<std::size_t>(before->rows) * before->out.size() : 0;
    const std::size_t gathered =
        before ? before->gathered + static_cast<std::size_t>(before->rows) * before->in.size() : 0;
    next = {in, out, 0, data, gathered, true, output, points};
    ++use.run_count;
  }
  Run& run = use.runs[use.run_count - 1];
  place.offset = run.output + static_cast<std::size_t>(run.rows) * out_size;
  const std::size_t done = static_cast<std::size_t>(run.rows) * in_size,
                    more = static_cast<std::size_t>(rows) * in_size;
  if (run.direct && data != run.input + done) {  // not one piece of memory: gather from here on
    if (use.input.size() < run.gathered + done + more) use.input.resize(run.gathered + done + more);
    std::copy_n(run.input, done, use.input.data() + run.gathered);
    run.direct = false;
  }
  if (!run.direct) {
    if (use.input.size() < run.gathered + done + more)
      use.input.resize(std::max(run.gathered + done + more, 2 * use.input.size()));
    std::copy_n(data, more, use.input.data() + run.gathered + done);
  }
  run.rows += rows;
}

void FeatureBank::run(int net_index, std::size_t first, Net::Mode mode, std::uint64_t& rows) {
  Use& use = uses_[static_cast<std::size_t>(net_index)];
  for (std::size_t i = first; i < use.run_count; ++i) rows += static_cast<std::uint64_t>(use.runs[i].rows);
  const Net& net = schema_->nets()[static_cast<std::size_t>(net_index)];
  const Run& last = use.runs[use.run_count - 1];
  const std::size_t size = last.output + static_cast<std::size_t>(last.rows) * last.out.size();
  if (use.output.size() < size) use.output.resize(size);
  while (use.states.size() < use.run_count) use.states.push_back(std::make_unique<Net::State>());
  const auto one = [&](std::size_t i) {
    const Run& r = use.runs[i];
    // A stream for each run of each net: no two of them, nor those of the next seed, drop alike.
    use.states[i]->set_dropout_stream(Rng(seed_, static_cast<std::uint64_t>(net_index)).fork(i).stream(),
                                      step_);
    net.forward(schema_->params().data(),
                {r.direct ? r.input : use.input.data() + r.gathered, r.in.with_rows(r.rows)},
                {use.output.data() + r.output, r.out.with_rows(r.rows)}, *use.states[i], mode);
  };
  if (use.run_count - first == 1)
    one(first);
  else
    parallel_for(use.run_count - first, [&](std::size_t i) { one(first + i); });
}

// Samples that view the same numbers, as pairs of images do, share what the net makes of them.
bool FeatureBank::shared(int net_index, const ConstView& x, Place& place) {
  const std::size_t mask = met_.size() - 1;
  const std::uint64_t key =
      (reinterpret_cast<std::uintptr_t>(x.data) >> 3) + static_cast<std::uint64_t>(net_index);
  for (std::size_t at = (key * 0x9E3779B97F4A7C15ULL) >> 32 & mask;; at = (at + 1) & mask) {
    Met& met = met_[at];
    if (met.round != round_) {
      met = {round_, x.data, x.shape, static_cast<int>(&place - places_.data())};
      return false;
    }
    const Place& first = places_[static_cast<std::size_t>(met.place)];
    if (met.data != x.data || first.net != net_index || !(met.shape == x.shape)) continue;
    place = first;
    return true;
  }
}

void FeatureBank::forward_data(std::span<const Sample* const> samples, Net::Mode mode, std::uint64_t& rows) {
  uses_.resize(schema_->nets().size());
  for (Use& use : uses_) use.run_count = use.data_runs = 0;
  first_.resize(samples.size() + 1);
  places_.clear();
  std::size_t most = 0;
  for (const Sample* s : samples) most += s->structure->features.size();
  places_.reserve(most);
  if (met_.size() < 2 * most) met_.resize(std::bit_ceil(2 * most));
  ++round_;
  for (std::size_t i = 0; i < samples.size(); ++i) {
    first_[i] = static_cast<int>(places_.size());
    for (const FeatureSource& f : samples[i]->structure->features) {
      Place& place = places_.emplace_back();
      place.net = f.net;
      place.per_point = f.slot < 0;
      if (place.per_point) continue;
      const ConstView& x = samples[i]->data[static_cast<std::size_t>(f.slot)].view;
      if (f.net < 0) {
        place.data = x.data;
        place.columns = x.shape.back();
        place.rows = static_cast<int>(x.shape.size() / static_cast<std::size_t>(std::max(1, place.columns)));
        continue;
      }
      if (shared(f.net, x, place)) continue;
      const bool many =
          x.shape.rank() > schema_->nets()[static_cast<std::size_t>(f.net)].input_shape().rank();
      append(f.net, x.data, many ? x.shape[0] : 1, many ? x.shape.row() : x.shape, false, place);
    }
  }
  first_[samples.size()] = static_cast<int>(places_.size());
  for (std::size_t n = 0; n < uses_.size(); ++n) {
    if (uses_[n].used()) run(static_cast<int>(n), 0, mode, rows);
    uses_[n].data_runs = uses_[n].run_count;
  }
}

void FeatureBank::forward_points(std::span<const Sample* const> samples, const Points& points, Net::Mode mode,
                                 std::uint64_t& rows) {
  for (Use& use : uses_) use.run_count = use.data_runs;
  // All points in one run, whatever sample they belong to.
  bool sliced = false;
  for (std::size_t i = 0; i < samples.size(); ++i)
    for (int f = first_[i]; f < first_[i + 1]; ++f) {
      Place& place = places_[static_cast<std::size_t>(f)];
      if (!place.per_point) continue;
      if (place.net < 0) {
        sliced = true;
        continue;
      }
      Use& use = uses_[static_cast<std::size_t>(place.net)];
      if (use.run_count == use.data_runs)
        append(place.net, points.values.data(), points.count(),
               schema_->nets()[static_cast<std::size_t>(place.net)].input_shape(), true, place);
      const Run& all = use.runs[use.run_count - 1];
      place.offset = all.output;
      place.columns = all.out.back();
      place.rows = 1;
    }
  if (sliced) take_slices(samples, points);
  for (std::size_t n = 0; n < uses_.size(); ++n)
    if (uses_[n].run_count > uses_[n].data_runs) run(static_cast<int>(n), uses_[n].data_runs, mode, rows);
}

void FeatureBank::take_slices(std::span<const Sample* const> samples, const Points& points) {
  std::size_t total = 0;
  each_sample(points, [&](int sample, int first, int count) {
    const auto& features = samples[static_cast<std::size_t>(sample)]->structure->features;
    for (std::size_t f = 0; f < features.size(); ++f) {
      Place& place = places_[static_cast<std::size_t>(first_[static_cast<std::size_t>(sample)]) + f];
      if (!place.per_point || place.net >= 0) continue;
      const std::vector<int>& slice = features[f].slice;
      place.columns = features[f].columns;
      place.rows = static_cast<int>(slice.size()) / place.columns;
      place.first_item = first;
      place.offset = total;
      total += slice.size() * static_cast<std::size_t>(count);
      if (slices_.size() < total) slices_.resize(std::max(total, 2 * slices_.size()));
      Real* to = slices_.data() + place.offset;
      const Real* from = points.values.data() + static_cast<std::size_t>(first) * points.dims;
      for (int k = 0; k < count; ++k, from += points.dims)
        for (const int coordinate : slice) *to++ = from[coordinate];
    }
  });
}

FeatureAt FeatureBank::at(int item, int sample, int feature) const {
  const Place& p = places_[static_cast<std::size_t>(first_[static_cast<std::size_t>(sample)] + feature)];
  if (p.data) return {p.data, p.rows, p.columns};
  const std::size_t size = static_cast<std::size_t>(p.rows) * static_cast<std::size_t>(p.columns);
  if (p.net < 0)
    return {slices_.data() + p.offset + static_cast<std::size_t>(item - p.first_item) * size, p.rows,
            p.columns};
  const std::size_t point = p.per_point ? static_cast<std::size_t>(item) * size : 0;
  return {uses_[static_cast<std::size_t>(p.net)].output.data() + p.offset + point, p.rows, p.columns};
}

Real* FeatureBank::slopes(int item, int sample, int feature) {
  const FeatureAt a = at(item, sample, feature);
  const Place& p = places_[static_cast<std::size_t>(first_[static_cast<std::size_t>(sample)] + feature)];
  if (p.data) return nullptr;
  if (p.net < 0) return dslices_.data() + (a.data - slices_.data());
  Use& use = uses_[static_cast<std::size_t>(p.net)];
  return use.doutput.data() + (a.data - use.output.data());
}

void FeatureBank::clear_slopes() {
  dslices_.assign(slices_.size(), Real(0));
  for (Use& use : uses_)
    if (use.used()) {
      if (use.doutput.size() < use.output.size()) use.doutput.resize(use.output.size());
      const Run& last = use.runs[use.run_count - 1];
      std::fill_n(use.doutput.begin(), last.output + static_cast<std::size_t>(last.rows) * last.out.size(),
                  Real(0));
    }
}

void FeatureBank::backward(std::span<const Sample* const> samples, const Points* points, Real* gradient,
                           std::size_t size, Real* at_points) {
  if (at_points) std::fill_n(at_points, static_cast<std::size_t>(points->count()) * points->dims, Real(0));
  for (std::size_t n = 0; n < uses_.size(); ++n) {
    Use& use = uses_[n];
    const Net& net = schema_->nets()[n];
    const auto one = [&](std::size_t i, Real* to) {
      const Run& r = use.runs[i];
      const bool wanted = at_points && r.points;
      if (!to && !wanted) return;
      const Real* d = use.doutput.data() + r.output;
      const std::size_t numbers = static_cast<std::size_t>(r.rows) * r.out.size();
      if (std::all_of(d, d + numbers, [](Real x) { return x == 0; }))
        return;  // nothing to learn from these rows
      View din{};
      if (wanted) {
        use.dpoints.resize(static_cast<std::size_t>(r.rows) * r.in.size());
        din = {use.dpoints.data(), r.in.with_rows(r.rows)};
      }
      net.backward(schema_->params().data(), {d, r.out.with_rows(r.rows)}, to, din, *use.states[i]);
      if (wanted)
        for (std::size_t k = 0; k < use.dpoints.size(); ++k) at_points[k] += use.dpoints[k];
    };
    if (use.run_count <= 1 || !gradient) {
      for (std::size_t i = 0; i < use.run_count; ++i) one(i, gradient);
      continue;
    }
    // Rows of different shapes: groups of runs add into gradients of their own, which are then added in
    // order, so that the sum does not depend on the threads.
    const std::size_t groups = std::min<std::size_t>(use.run_count, 8);
    use.partial.resize(std::max(use.partial.size(), groups));
    parallel_for(groups, [&](std::size_t g) {
      use.partial[g].assign(size, Real(0));
      for (std::size_t i = g * use.run_count / groups; i < (g + 1) * use.run_count / groups; ++i)
        one(i, use.partial[g].data());
    });
    for (std::size_t g = 0; g < groups; ++g)
      for (std::size_t i = 0; i < size; ++i) gradient[i] += use.partial[g][i];
  }
  if (!at_points) return;
  each_sample(*points, [&](int sample, int first, int count) {
    const auto& features = samples[static_cast<std::size_t>(sample)]->structure->features;
    for (std::size_t f = 0; f < features.size(); ++f) {
      const Place& place = places_[static_cast<std::size_t>(first_[static_cast<std::size_t>(sample)]) + f];
      if (!place.per_point || place.net >= 0) continue;
      const Real* from = dslices_.data() + place.offset;
      Real* to = at_points + static_cast<std::size_t>(first) * points->dims;
      for (int k = 0; k < count; ++k, to += points->dims)
        for (const int coordinate : features[f].slice) to[coordinate] += *from++;
    }
  });
}

void FeatureBank::keep_slopes() {
  for (Use& use : uses_) std::swap(use.kept, use.doutput);
}

void FeatureBank::curvature(std::span<Real> h) {
  for (std::size_t n = 0; n < uses_.size(); ++n)
    for (std::size_t i = 0; i < uses_[n].run_count; ++i) {
      const Run& r = uses_[n].runs[i];
      const Shape rows = r.out.with_rows(r.rows);
      schema_->nets()[n].curvature(schema_->params().data(), {uses_[n].doutput.data() + r.output, rows},
                                   h.data(), *uses_[n].states[i], {uses_[n].kept.data() + r.output, rows});
    }
}

}  // namespace EBM_PRECISION
}  // namespace ebm
