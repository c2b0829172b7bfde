#include "local_energies.hpp"

#include <algorithm>
#include <cmath>

namespace ebm {
inline namespace EBM_PRECISION {
namespace {

// add(k, scale row[k step]) for every label.
template <class Add, class T>
void along(const T* row, std::size_t step, double scale, int count, const Add& add) {
  if (scale == 1)
    for (int k = 0; k < count; ++k, row += step) add(k, static_cast<double>(*row));
  else
    for (int k = 0; k < count; ++k, row += step) add(k, scale * static_cast<double>(*row));
}

}  // namespace

template <class Add>
void LocalEnergies::each(int v, std::span<const Readers::Reader> of_v, std::span<const int> labels, int count,
                         const Add& add) const {
  const auto label = [&](int u) { return static_cast<std::size_t>(labels[static_cast<std::size_t>(u)]); };
  for (std::size_t i = 0; i < of_v.size(); ++i) {
    const Readers::Reader& reader = of_v[i];
    const DiscreteView::Group& g = view_.groups[reader.group];
    const auto scope = g.scope(reader.instance);
    const double scale = g.scale(reader.instance);
    std::size_t at = static_cast<std::size_t>(reader.instance) * g.stride, step = 0;
    if (g.index == Index::joint) {
      if (g.arity == 1) {
        step = 1;
      } else if (g.arity == 2 && scope[0] != scope[1]) {
        const auto columns = static_cast<std::size_t>(g.sizes[1]);
        if (reader.place == 0)
          at += label(scope[1]), step = columns;
        else
          at += label(scope[0]) * columns, step = 1;
      } else {
        std::size_t stride = 1;
        for (std::size_t a = scope.size(); a-- > 0; stride *= static_cast<std::size_t>(g.sizes[a])) {
          if (scope[a] == v)
            step += stride;  // of every place where it stands
          else
            at += stride * label(scope[a]);
        }
      }
      if (g.doubles)
        along(g.doubles + at, step, scale, count, add);
      else
        along(g.floats + at, step, scale, count, add);
    } else {
      const auto value = [&](std::size_t entry) {
        return scale * (g.doubles ? g.doubles[at + entry] : static_cast<double>(g.floats[at + entry]));
      };
      if (g.index == Index::count) {
        std::size_t others = 0, own = 0;
        for (const int u : scope) u == v ? ++own : others += label(u);
        for (int k = 0; k < count; ++k)
          add(k, value(std::min(others + own * static_cast<std::size_t>(k), g.entries - 1)));
      } else {
        bool any = false, agree = true;
        std::size_t all = 0;
        for (const int u : scope) {
          if (u == v) continue;
          agree &= !any || label(u) == all;
          all = label(u);
          any = true;
        }
        for (int k = 0; k < count; ++k)
          add(k, value(agree && (!any || all == static_cast<std::size_t>(k)) ? static_cast<std::size_t>(k)
                                                                             : g.entries - 1));
      }
    }
    // One factor, once: a variable that stands twice in a scope is listed there one place after another.
    while (i + 1 < of_v.size() && of_v[i + 1].group == reader.group &&
           of_v[i + 1].instance == reader.instance)
      ++i;
  }
}

void LocalEnergies::of(int v, std::span<const int> labels, std::span<double> out) const {
  const std::size_t at = view_.offset[static_cast<std::size_t>(v)];
  if (view_.single.empty())
    std::ranges::fill(out, 0.0);
  else
    std::copy_n(view_.single.begin() + static_cast<std::ptrdiff_t>(at), out.size(), out.begin());
  add(v, readers_.of(v), labels, out);
}

void LocalEnergies::add(int v, std::span<const Readers::Reader> of_v, std::span<const int> labels,
                        std::span<double> out) const {
  each(v, of_v, labels, static_cast<int>(out.size()),
       [&](int k, double e) { out[static_cast<std::size_t>(k)] += e; });
}

void LocalEnergies::forbidden(int v, std::span<const int> labels, std::span<double> out) const {
  const std::size_t at = view_.offset[static_cast<std::size_t>(v)];
  for (std::size_t k = 0; k < out.size(); ++k)
    out[k] = !view_.single.empty() && view_.single[at + k] == kInf ? kInf : 0;  // never left open
  each(v, readers_.of(v), labels, static_cast<int>(out.size()),
       [&](int k, double e) { out[static_cast<std::size_t>(k)] += e == kInf; });
}

double probabilities(std::span<double> energy, double beta) {
  double low = kInf;
  for (const double e : energy) {
    if (std::isnan(e)) return e;
    low = std::min(low, e);
  }
  if (low == kInf) return kInf;
  if (beta == kInf) {
    const auto best = std::ranges::find(energy, low) - energy.begin();
    std::ranges::fill(energy, 0.0);
    energy[static_cast<std::size_t>(best)] = 1;
    return low;
  }
  double sum = 0;
  for (double& e : energy) sum += e = std::exp(-beta * (e - low));
  for (double& e : energy) e /= sum;
  return low - std::log(sum) / beta;
}

int draw_label(std::span<const double> p, double uniform) {
  double sum = 0;
  int drawn = 0;
  for (std::size_t k = 0; k < p.size(); ++k) {
    if (p[k] == 0) continue;
    drawn = static_cast<int>(k);
    if ((sum += p[k]) > uniform) break;
  }
  return drawn;
}

bool redraw(const LocalEnergies& local, int v, double beta, double uniform, std::span<int> labels,
            std::span<double> p) {
  local.of(v, labels, p);
  double free = probabilities(p, beta);
  if (free == kInf) {
    local.forbidden(v, labels, p);
    // Almost always one of the fewest; now and then another, lest two variables wait for each other.
    free = probabilities(p, 4);
    if (free == kInf) {
      std::ranges::fill(p, 0.0);
      return true;
    }
  }
  if (std::isnan(free)) return false;
  labels[static_cast<std::size_t>(v)] = draw_label(p, uniform);
  return true;
}

bool settle(const LocalEnergies& local, int v, std::span<int> labels, std::span<double> p) {
  int& label = labels[static_cast<std::size_t>(v)];
  local.of(v, labels, p);
  double low = p[static_cast<std::size_t>(label)];
  if (low == kInf && std::ranges::all_of(p, [](double e) { return e == kInf; })) {
    local.forbidden(v, labels, p);
    low = p[static_cast<std::size_t>(label)];
  }
  bool moved = false;
  for (std::size_t k = 0; k < p.size(); ++k)
    if (p[k] < low) low = p[k], label = static_cast<int>(k), moved = true;
  return moved;
}

double draw_uniformly(const DiscreteView& view, Rng& rng, std::span<int> labels) {
  double log_count = 0;
  for (std::size_t v = 0; v < view.labels.size(); ++v) {
    const int count = view.labels[v];
    if (view.single.empty()) {
      labels[v] = rng.below(count);
      log_count += std::log(count);
      continue;
    }
    const auto single = view.single.subspan(view.offset[v], static_cast<std::size_t>(count));
    const auto open = std::ranges::count_if(single, [](double e) { return e != kInf; });
    log_count += std::log(static_cast<double>(open));
    if (open == 0) continue;
    auto left = rng.below(static_cast<int>(open));
    for (int k = 0; k < count; ++k)
      if (single[static_cast<std::size_t>(k)] != kInf && left-- == 0) labels[v] = k;
  }
  return log_count;
}

std::size_t most_labels(const DiscreteView& view) {
  return view.labels.empty() ? 0 : static_cast<std::size_t>(*std::ranges::max_element(view.labels));
}

}  // namespace EBM_PRECISION
}  // namespace ebm
