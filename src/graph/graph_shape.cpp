#include "ebm/graph/graph_shape.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <map>
#include <numeric>

#include "ebm/core/error.hpp"

namespace ebm {
namespace {

// Which variables are joined by factors so far.
class Components {
 public:
  explicit Components(int n) : parent_(static_cast<std::size_t>(n)), left_(n) {
    std::iota(parent_.begin(), parent_.end(), 0);
  }
  // False when they were joined before: a cycle.
  bool join(int a, int b) {
    a = find(a), b = find(b);
    if (a == b) return false;
    parent_[static_cast<std::size_t>(a)] = b;
    --left_;
    return true;
  }
  int left() const { return left_; }

 private:
  int find(int v) {
    const auto up = [&](int u) -> int& { return parent_[static_cast<std::size_t>(u)]; };
    while (up(v) != v) v = up(v) = up(up(v));
    return v;
  }
  std::vector<int> parent_;
  int left_;
};

// Distinct pairs (a < b), ascending.
std::vector<std::pair<int, int>> pairs_of(const DiscreteGraph& graph) {
  std::vector<std::pair<int, int>> out;
  for (const auto& g : graph.groups())
    for (int i = 0; g.arity == 2 && i < g.instances; ++i) {
      const auto s = g.scope(i);
      out.emplace_back(std::min(s[0], s[1]), std::max(s[0], s[1]));
    }
  std::ranges::sort(out);
  out.erase(std::unique(out.begin(), out.end()), out.end());
  return out;
}

// Distinct scopes of three and more variables, each ascending.
std::vector<std::vector<int>> large_scopes(const DiscreteGraph& graph) {
  std::vector<std::vector<int>> out;
  for (const auto& g : graph.groups())
    for (int i = 0; g.arity > 2 && i < g.instances; ++i) {
      out.emplace_back(g.scope(i).begin(), g.scope(i).end());
      std::ranges::sort(out.back());
    }
  std::ranges::sort(out);
  out.erase(std::unique(out.begin(), out.end()), out.end());
  return out;
}

// Width of the row-major grid whose neighbours these are; 0 when there is none.
int grid_width(int variables, const std::vector<std::pair<int, int>>& pairs) {
  int width = 0;
  for (const auto& [a, b] : pairs)
    if (b - a > 1) width = width == 0 ? b - a : width;
  if (width < 2 || variables % width != 0) return 0;
  const std::size_t w = static_cast<std::size_t>(width), h = static_cast<std::size_t>(variables / width);
  if (pairs.size() != h * (w - 1) + (h - 1) * w) return 0;
  const bool neighbours = std::ranges::all_of(pairs, [&](const auto& p) {
    return p.second - p.first == width || (p.second - p.first == 1 && p.second % width != 0);
  });
  return neighbours ? width : 0;
}

template <class Map>
GraphShape::Counts counted(const Map& map) {
  return {map.begin(), map.end()};
}

}  // namespace

std::string_view to_string(GraphShape::Kind kind) {
  constexpr std::array<std::string_view, 6> names{"single variables", "chain", "tree", "grid",
                                                  "acyclic",          "loopy"};
  return names[static_cast<std::size_t>(kind)];
}

GraphShape shape_of(const DiscreteGraph& graph) {
  GraphShape out;
  std::map<int, std::size_t> labels, arities;
  for (const int k : graph.labels()) ++labels[k];
  for (const auto& g : graph.groups()) {
    const auto n = static_cast<std::size_t>(g.instances);
    arities[g.arity] += n;
    const auto forbidden = static_cast<std::size_t>(std::ranges::count(g.energies, kInf));
    out.forbidden += g.shared ? forbidden * n : forbidden;
    out.bytes += static_cast<double>(8 * (g.energies.size() + g.scales.size()) + 4 * g.scopes.size());
  }
  out.bytes += 4.0 * graph.variables();
  out.labels = counted(labels);
  out.arities = counted(arities);

  const auto pairs = pairs_of(graph);
  const auto large = large_scopes(graph);
  Components components(graph.variables());
  bool cycle = false;
  std::vector<int> degree(graph.labels().size(), 0);
  for (const auto& [a, b] : pairs) {
    cycle |= !components.join(a, b);
    ++degree[static_cast<std::size_t>(a)];
    ++degree[static_cast<std::size_t>(b)];
  }
  for (const auto& scope : large)
    for (std::size_t a = 1; a < scope.size(); ++a) cycle |= !components.join(scope[0], scope[a]);
  out.components = components.left();
  using Kind = GraphShape::Kind;
  if (pairs.empty() && large.empty())
    out.kind = Kind::single;
  else if (!large.empty())
    out.kind = cycle ? Kind::loopy : Kind::acyclic;
  else if (!cycle)
    out.kind = std::ranges::all_of(degree, [](int d) { return d <= 2; }) ? Kind::chain : Kind::tree;
  else if (out.width = grid_width(graph.variables(), pairs); out.width > 0)
    out.kind = Kind::grid, out.height = graph.variables() / out.width;
  else
    out.kind = Kind::loopy;
  return out;
}

namespace {

std::string shown(std::span<const int> labels) {
  std::string out = "E(";
  for (std::size_t a = 0; a < labels.size(); ++a) out.append(a ? "," : "").append(std::to_string(labels[a]));
  return out + ")";
}

// One table, its row already scaled.
class Table {
 public:
  Table(std::vector<int> sizes, std::span<const double> row) : sizes_(std::move(sizes)), row_(row) {
    step_.resize(sizes_.size());
    std::size_t step = 1;
    for (std::size_t a = sizes_.size(); a-- > 0;) {
      step_[a] = step;
      step *= static_cast<std::size_t>(sizes_[a]);
    }
  }

  // Why it is not submodular; empty when it is.
  std::string violation() const {
    std::vector<int> y(sizes_.size(), 0);
    std::vector<std::size_t> allowed;
    for (std::size_t e = 0; e < row_.size(); ++e) {
      if (row_[e] < kInf) allowed.push_back(e);
      for (std::size_t a = 0; a < y.size(); ++a)
        for (std::size_t b = 0; b < a; ++b)
          if (y[a] + 1 < sizes_[a] && y[b] + 1 < sizes_[b])
            if (std::string why = crossing(e + step_[a], e + step_[b]); !why.empty()) return why;
      for (std::size_t a = y.size(); a-- > 0;) {
        if (++y[a] < sizes_[a]) break;
        y[a] = 0;
      }
    }
    // Neighbouring labels say it all of a finite table; what is forbidden may hide two that are far apart.
    if (allowed.size() == row_.size()) return {};
    constexpr std::size_t kMost = 4096;
    if (allowed.size() > kMost)
      return message("has too many allowed entries to be checked, ", allowed.size());
    for (std::size_t i = 0; i < allowed.size(); ++i)
      for (std::size_t j = 0; j < i; ++j)
        if (std::string why = crossing(allowed[i], allowed[j]); !why.empty()) return why;
    return {};
  }

 private:
  int label(std::size_t e, std::size_t a) const {
    return static_cast<int>(e / step_[a] % static_cast<std::size_t>(sizes_[a]));
  }
  // The two against the least and the greatest of both.
  std::string crossing(std::size_t one, std::size_t other) const {
    std::size_t low = 0, high = 0;
    for (std::size_t a = 0; a < sizes_.size(); ++a) {
      const int x = label(one, a), y = label(other, a);
      low += step_[a] * static_cast<std::size_t>(std::min(x, y));
      high += step_[a] * static_cast<std::size_t>(std::max(x, y));
    }
    const double left = row_[low] + row_[high] + 0.0,
                 right = row_[one] + row_[other] + 0.0;  // and no -0
    constexpr double kRounding = 1e-12;
    if (right == kInf || left <= right + kRounding * (std::abs(row_[one]) + std::abs(row_[other]))) return {};
    return message(shown(low), " + ", shown(high), " = ", left, " is above ", shown(one), " + ", shown(other),
                   " = ", right);
  }
  std::string shown(std::size_t e) const {
    std::vector<int> y;
    for (std::size_t a = 0; a < sizes_.size(); ++a) y.push_back(label(e, a));
    return ebm::shown(y);
  }
  std::vector<int> sizes_;
  std::span<const double> row_;
  std::vector<std::size_t> step_;
};

// Counts are submodular where they are concave.
std::string count_violation(std::size_t variables, std::span<const double> row) {
  const auto at = [&](std::size_t c) { return row[std::min(c, row.size() - 1)]; };
  for (std::size_t c = 0; c + 2 <= variables && c < row.size(); ++c)
    if (const double left = at(c) + at(c + 2), right = 2 * at(c + 1); !(right == kInf || left <= right))
      return message("its energies of ", c, ", ", c + 1, " and ", c + 2, " ones, ", at(c), ", ", at(c + 1),
                     ", ", at(c + 2), ", are not concave");
  return {};
}

// The others of a fourth variable and more all agree or do not, as the third does.
std::string agreement_violation(std::size_t variables, std::span<const double> row) {
  constexpr std::size_t kMost = std::size_t{1} << 18;  // joint labels
  const std::size_t labels = row.size() - 1, arity = std::min<std::size_t>(variables, 3);
  const std::size_t joint = labels * labels * (arity == 3 ? labels : 1);
  if (labels >= kMost || joint > kMost) return message("an agreement on ", labels, " labels is not checked");
  std::vector<double> table(joint, row.back());
  const std::size_t step = (joint - 1) / std::max<std::size_t>(labels - 1, 1);  // from all k to all k + 1
  for (std::size_t k = 0; k < labels; ++k) table[k * step] = row[k];
  return Table(std::vector<int>(arity, static_cast<int>(labels)), table).violation();
}

}  // namespace

std::optional<Violation> submodularity_violation(const DiscreteGraph& graph) {
  std::vector<double> row;
  for (const auto& g : graph.groups()) {
    if (g.arity < 2) continue;
    bool seen = false;
    for (int i = 0; i < g.instances; ++i) {
      if (seen && g.scale(i) >= 0) continue;  // the same again, scaled
      seen = g.shared && g.scale(i) >= 0;
      row.assign(g.row(i), g.row(i) + g.entries);
      for (double& e : row) e *= g.scale(i);
      const auto n = static_cast<std::size_t>(g.arity);
      std::string why = g.index == Index::count       ? count_violation(n, row)
                        : g.index == Index::agreement ? agreement_violation(n, row)
                                                      : Table(g.sizes, row).violation();
      if (!why.empty()) return Violation{{g.scope(i).begin(), g.scope(i).end()}, std::move(why)};
    }
  }
  return std::nullopt;
}

}  // namespace ebm
