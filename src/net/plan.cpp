#include "plan.hpp"

#include <algorithm>

namespace ebm {
inline namespace EBM_PRECISION {
namespace net {
namespace {

std::size_t at(int i) { return static_cast<std::size_t>(i); }

bool elementwise(const Layer& layer) {
  return std::holds_alternative<Tanh>(layer) || std::holds_alternative<Relu>(layer) ||
         std::holds_alternative<Dropout>(layer) || std::holds_alternative<Flatten>(layer);
}
// The backward of these reads their own output, which nobody may overwrite.
bool keeps_output(const Layer& layer) {
  return std::holds_alternative<Tanh>(layer) || std::holds_alternative<Relu>(layer) ||
         std::holds_alternative<LogSoftmax>(layer);
}

// A signal shares the memory of the one an elementwise step reads when nobody else reads that, now or going
// back.
void share_storage(const Description& net, Plan& plan) {
  std::vector<int> readers(net.signals.size(), 0);
  for (const Step& step : net.steps)
    for (const int s : step.inputs) ++readers[at(s)];
  for (const int s : net.outputs) ++readers[at(s)];
  std::vector<char> kept;  // by storage
  const auto fresh = [&](std::size_t size) {
    plan.storage_size.push_back(size);
    kept.push_back(0);
    return static_cast<int>(kept.size()) - 1;
  };
  plan.storage.assign(net.signals.size(), -1);
  for (const int s : net.inputs) plan.storage[at(s)] = fresh(plan.extents[at(s)].size());
  for (std::size_t i = 0; i < net.steps.size(); ++i) {
    const Step& step = net.steps[i];
    const int in = step.inputs[0], before = plan.storage[at(in)];
    const bool in_place = elementwise(step.layer) && readers[at(in)] == 1 &&
                          (!kept[at(before)] || std::holds_alternative<Flatten>(step.layer));
    const int here = in_place ? before : fresh(plan.extents[at(step.output)].size());
    plan.storage[at(step.output)] = here;
    if (keeps_output(step.layer)) kept[at(here)] = 1;
    if (std::holds_alternative<Dropout>(step.layer))
      plan.steps[i].mask = fresh(plan.extents[at(step.output)].size());
  }
}

// Which steps matter, and where slopes of several readers meet.
void order_slopes(const Description& net, Plan& plan) {
  std::vector<char> written(net.signals.size(), 0);
  for (const int s : net.outputs) written[at(s)] = 1;
  for (std::size_t i = net.steps.size(); i-- > 0;) {
    StepPlan& p = plan.steps[i];
    p.live = written[at(net.steps[i].output)] != 0;
    for (const int s : net.steps[i].inputs) {
      p.adds.push_back(p.live ? written[at(s)] : 0);
      if (p.live) written[at(s)] = 1;
    }
  }
}

Windows windows(const Extent& in, const Extent& out, Size size, Size stride, Size padding) {
  return {in.channels,
          in.height + 2 * padding.height,
          in.width + 2 * padding.width,
          size.height,
          size.width,
          stride.height,
          stride.width,
          out.height,
          out.width};
}

void convolution(const Step& step, const Conv& c, const Extent& in, const Extent& out, Plan& plan,
                 StepPlan& p, Group& g) {
  p.at = windows(in, out, c.kernel, c.stride, c.padding);
  const bool padded = c.padding != Size{0, 0};
  p.matrix = out.positions() == 1 && !padded && c.kernel == Size{in.height, in.width};
  p.plain = !padded && c.kernel == Size{1, 1} && c.stride == Size{1, 1};
  g.weight = step.weight;
  g.bias = step.bias;
  g.has_bias = step.has_bias;
  g.maps = c.maps;
  g.depth = p.at.depth();
  if (!c.table.empty()) g.table = &c.table, g.kernel_size = c.kernel.height * c.kernel.width;
  const auto positions = at(p.at.positions()), depth = at(p.at.depth());
  if (p.matrix) {
    plan.unfold = std::max(plan.unfold, depth);
  } else {
    plan.unfold = std::max({plan.unfold, depth * round_up(positions), positions * round_up(depth)});
    plan.refold = std::max(plan.refold, depth * round_up(positions));
    if (padded) plan.padded = std::max(plan.padded, at(p.at.channels) * at(p.at.height) * at(p.at.width));
  }
  plan.products += static_cast<double>(g.size()) * out.positions();
}

}  // namespace

Plan make_plan(const Description& net, std::span<const Shape> inputs) {
  Plan plan;
  plan.inputs.assign(inputs.begin(), inputs.end());
  plan.extents = infer_all(net, inputs);
  plan.steps.resize(net.steps.size());
  share_storage(net, plan);
  order_slopes(net, plan);
  for (std::size_t i = 0; i < net.steps.size(); ++i) {
    const Step& step = net.steps[i];
    StepPlan& p = plan.steps[i];
    const Extent &in = plan.extents[at(step.inputs[0])], &out = plan.extents[at(step.output)];
    Group g;
    g.trainable = step.has_weight;
    bool weights = step.has_weight;
    if (const auto* c = std::get_if<Conv>(&step.layer)) {
      convolution(step, *c, in, out, plan, p, g);
    } else if (const auto* a = std::get_if<AveragePool>(&step.layer)) {
      p.at = windows(in, out, a->size, stride_of(a->size, a->stride), {0, 0});
      g.weight = step.weight, g.bias = step.bias, g.has_bias = step.has_bias;
      g.maps = in.channels, g.depth = 1;
      plan.unfold = std::max(plan.unfold, out.size());
      plan.products += static_cast<double>(in.size());
    } else if (const auto* m = std::get_if<MaxPool>(&step.layer)) {
      p.at = windows(in, out, m->size, stride_of(m->size, m->stride), {0, 0});
      plan.products += static_cast<double>(in.size());
    } else if (const auto* r = std::get_if<Rbf>(&step.layer)) {
      g.weight = step.weight, g.maps = r->outputs, g.depth = in.channels;
      g.trainable = r->adaptive;
      weights = true;
      plan.unfold = std::max(plan.unfold, 2 * round_up(at(in.channels)));
      plan.products += static_cast<double>(out.size()) * in.channels;
    } else if (std::holds_alternative<LogSoftmax>(step.layer)) {
      plan.unfold = std::max(plan.unfold, 2 * round_up(at(in.channels)));
    }
    for (const int s : step.inputs) plan.summand = std::max(plan.summand, plan.extents[at(s)].size());
    if (!weights) continue;
    const auto same =
        std::ranges::find(plan.groups, g.weight.offset, [](const Group& o) { return o.weight.offset; });
    p.group = static_cast<int>(same - plan.groups.begin());
    if (same == plan.groups.end()) plan.groups.push_back(g);
    plan.groups[at(p.group)].uses.push_back(static_cast<int>(i));
  }
  for (Group& g : plan.groups)
    g.late = g.trainable && g.table == nullptr &&
             std::ranges::all_of(g.uses, [&](int i) { return plan.steps[at(i)].matrix; });
  // Groups without a table come last: only the curvature needs room for their (squared) weights.
  for (const bool table : {true, false}) {
    for (Group& g : plan.groups) {
      if ((g.table != nullptr) != table) continue;
      g.dense = plan.dense_of_all;
      plan.dense_of_all += round_up(g.size());
    }
    if (table) plan.dense = plan.dense_of_all;
  }
  // Late groups come last: only the curvature needs room for them.
  for (const bool late : {false, true}) {
    for (Group& g : plan.groups) {
      if (g.late != late || !g.trainable) continue;
      g.partial = plan.partial_of_all;
      plan.partial_of_all += round_up(g.size()) + round_up(at(g.maps));
    }
    if (!late) plan.partial = plan.partial_of_all;
  }
  return plan;
}

void spread(const Group& group, const Real* stored, Real* dense, bool squared) {
  std::fill_n(dense, group.size(), Real(0));
  const auto put = [squared](const Real* from, int n, Real* to) {
    for (int i = 0; i < n; ++i) to[i] = squared ? from[i] * from[i] : from[i];
  };
  if (group.table == nullptr) return put(stored, static_cast<int>(group.size()), dense);
  for (const std::vector<int>& map : *group.table) {
    for (const int input : map)
      put(stored, group.kernel_size, dense + input * group.kernel_size), stored += group.kernel_size;
    dense += group.depth;
  }
}

}  // namespace net
}  // namespace EBM_PRECISION
}  // namespace ebm
