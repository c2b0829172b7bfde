// Discrete graphs as toulbar2 reads them. It counts in whole numbers below an upper bound, which also says
// what is forbidden: energies are rounded to so many decimals, and the bound lies above every answer.

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <set>

#include "ebm/graph/formats.hpp"
#include "format_text.hpp"

namespace ebm::discrete {
namespace {

constexpr double kMostUnits = 1e17;  // a fifth of what toulbar2 takes

struct Units {
  std::int64_t least = 0, most = 0;
};

std::int64_t in_units(double energy, double scale) { return std::llround(energy * scale); }

// Least and most of a row; 0 and 0 when everything is forbidden.
Units extremes(std::span<const double> row, double scale) {
  Units u{INT64_MAX, INT64_MIN};
  for (const double e : row)
    if (e < kInf) {
      u.least = std::min(u.least, in_units(e, scale));
      u.most = std::max(u.most, in_units(e, scale));
    }
  return u.least > u.most ? Units{} : u;
}

// All answers lie from the sum of all least to below `most`, the bound.
Units sums_of(const DiscreteGraph& graph, int digits) {
  double largest = 0;
  each_factor(graph, [&](auto, auto row, auto) {
    double here = 0;
    for (const double e : row)
      if (e < kInf) here = std::max(here, std::abs(e));
    largest += here;
  });
  const double scale = std::pow(10.0, digits);
  if (digits < 0 || digits > 15 || largest * scale > kMostUnits) {
    const int fit = static_cast<int>(std::floor(std::log10(kMostUnits / std::max(largest, 1e-2))));
    throw GraphError(message("[graph] energies that add to ", largest, " do not fit ", digits,
                             " decimals, which toulbar2 would count in whole numbers; take ",
                             std::clamp(fit, 0, 15), " or fewer"));
  }
  Units sum;
  each_factor(graph, [&](auto, auto row, auto) {
    const Units u = extremes(row, scale);
    sum.least += u.least;
    sum.most += u.most;
  });
  sum.most += (sum.most - sum.least) / 8 + 1;  // so that whoever adds decimals in binary does not meet it
  return sum;
}

void write_decimal(Text& text, std::int64_t units, int digits) {
  std::string number = std::to_string(units < 0 ? -units : units);
  if (const auto least = static_cast<std::size_t>(digits) + 1; number.size() < least)
    number.insert(0, least - number.size(), '0');
  if (digits > 0) number.insert(number.size() - static_cast<std::size_t>(digits), 1, '.');
  text << (units < 0 ? "-" : "") << number;
}

// Whether toulbar2 would take these names.
bool usable(std::span<const std::string> names) {
  std::set<std::string_view> seen;
  return std::ranges::all_of(names, [&](const std::string& s) {
    return !s.empty() && std::string_view("0123456789-.+").find(s[0]) == std::string_view::npos &&
           std::ranges::all_of(s,
                               [](char c) {
                                 return c > ' ' && c <= '~' &&
                                        std::string_view("/#[]{}:,\"").find(c) == std::string_view::npos;
                               }) &&
           seen.insert(s).second;
  });
}

}  // namespace

std::string to_cfn(const DiscreteGraph& graph, int digits, std::span<const std::string> names) {
  const Units sums = sums_of(graph, digits);
  const double scale = std::pow(10.0, digits);
  const std::int64_t bound = sums.most;
  const bool named = !names.empty() && usable(names);
  Text text;
  text << "{\"problem\": {\"name\": \"graph\", \"mustbe\": \"<";
  write_decimal(text, bound, digits);
  text << "\"},\n\"variables\": {";
  for (int v = 0; v < graph.variables(); ++v) {
    text << (v ? ", \"" : "\"");
    if (named)
      text << names[static_cast<std::size_t>(v)];
    else
      text << "x" << v;
    text << "\": " << graph.labels()[static_cast<std::size_t>(v)];
  }
  text << "},\n\"functions\": {";
  std::size_t at = 0;
  each_factor(graph, [&](auto scope, auto row, auto) {
    text << (at ? ",\n\"f" : "\n\"f") << at << "\": {\"scope\": [";
    ++at;
    bool first = true;
    for (const int v : scope) text << (std::exchange(first, false) ? "" : ", ") << v;
    text << "], \"costs\": [";
    // With every other factor at its least, this reaches the bound.
    const std::int64_t forbidden = bound - sums.least + extremes(row, scale).most;
    first = true;
    for (const double e : row) {
      text << (std::exchange(first, false) ? "" : ", ");
      write_decimal(text, e < kInf ? in_units(e, scale) : forbidden, digits);
    }
    text << "]}";
  });
  text << "}}\n";
  return std::move(text.out);
}

std::string to_wcsp(const DiscreteGraph& graph, int digits, double& offset) {
  const Units sums = sums_of(graph, digits);
  const double scale = std::pow(10.0, digits);
  const std::int64_t bound = sums.most - sums.least;
  offset = static_cast<double>(sums.least) / scale;
  int most = 0;
  for (const int k : graph.labels()) most = std::max(most, k);
  Text text;
  text << "graph " << graph.variables() << " " << most << " " << graph.factors() + (graph.constant() != 0)
       << " " << bound << "\n";
  for (const int k : graph.labels()) text << k << " ";
  text << "\n";
  each_factor(graph, [&](auto scope, auto row, auto sizes) {
    const std::int64_t least = extremes(row, scale).least;
    const auto weight = [&](double e) { return e < kInf ? in_units(e, scale) - least : bound; };
    text << scope.size();
    for (const int v : scope) text << " " << v;
    if (scope.empty()) {
      text << " " << weight(row[0]) << " 0\n";
      return;
    }
    std::size_t listed = 0;
    for (const double e : row) listed += weight(e) != 0;
    text << " 0 " << listed << "\n";
    std::vector<int> labels(sizes.size(), 0);
    for (const double e : row) {
      if (weight(e) != 0) {
        for (const int y : labels) text << y << " ";
        text << weight(e) << "\n";
      }
      for (std::size_t a = labels.size(); a-- > 0;) {
        if (++labels[a] < sizes[a]) break;
        labels[a] = 0;
      }
    }
  });
  return std::move(text.out);
}

}  // namespace ebm::discrete
