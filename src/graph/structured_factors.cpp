#include "ebm/graph/structured_factors.hpp"

#include <algorithm>
#include <cmath>

#include "ebm/core/error.hpp"

namespace ebm {
inline namespace EBM_PRECISION {
namespace factor {
namespace {

// A row of entries, each a multiple of one number of W: entry e = times[e] * w[from[e]].
struct Tied {
  std::size_t offset;
  std::string label;
  std::vector<int> from;
  std::vector<Real> times;
  bool operator==(const Tied&) const = default;
  std::string_view name() const { return label; }
  void check(std::span<const Shape>, int entries) const {
    if (static_cast<std::size_t>(entries) != from.size())
      throw ShapeError(message("[", label, "] is of two variables of ", std::sqrt(from.size()),
                               " labels each, and its scope has ", entries, " joint labels"));
  }
  void forward(const Reads& x, View out) const {
    for (std::size_t r = 0; r < static_cast<std::size_t>(x.rows); ++r)
      for (std::size_t e = 0; e < from.size(); ++e)
        out[r * from.size() + e] = times[e] * x.w[offset + static_cast<std::size_t>(from[e])];
  }
  void backward(const Reads& x, ConstView dout, const Slopes& s) const {
    if (!s.w) return;
    for (std::size_t r = 0; r < static_cast<std::size_t>(x.rows); ++r)
      for (std::size_t e = 0; e < from.size(); ++e)
        s.w[offset + static_cast<std::size_t>(from[e])] += times[e] * dout[r * from.size() + e];
  }
};

// E = sum_f c_f w_f [a != b].
struct ContrastPotts {
  std::size_t offset;
  int numbers, labels;
  bool operator==(const ContrastPotts&) const = default;
  std::string_view name() const { return "contrast_potts"; }
  void check(std::span<const Shape> in, int entries) const {
    if (static_cast<int>(in[0].size()) != numbers)
      throw ShapeError(
          message("[contrast_potts] ", numbers, " weights meet ", in[0].size(), " contrasts a row"));
    if (entries != labels * labels)
      throw ShapeError(message("[contrast_potts] is of two variables of ", labels,
                               " labels each, and its scope has ", entries, " joint labels"));
  }
  void forward(const Reads& x, View out) const {
    const auto d = static_cast<std::size_t>(numbers), k = static_cast<std::size_t>(labels);
    for (std::size_t r = 0; r < static_cast<std::size_t>(x.rows); ++r) {
      Real e = 0;
      for (std::size_t f = 0; f < d; ++f) e += x.in[0].data[r * d + f] * x.w[offset + f];
      for (std::size_t i = 0; i < k * k; ++i) out[r * k * k + i] = i % (k + 1) == 0 ? Real(0) : e;
    }
  }
  void backward(const Reads& x, ConstView dout, const Slopes& s) const {
    const auto d = static_cast<std::size_t>(numbers), k = static_cast<std::size_t>(labels);
    for (std::size_t r = 0; r < static_cast<std::size_t>(x.rows); ++r) {
      Real differ = 0;
      for (std::size_t i = 0; i < k * k; ++i)
        if (i % (k + 1) != 0) differ += dout[r * k * k + i];
      for (std::size_t f = 0; f < d; ++f) {
        if (s.w) s.w[offset + f] += differ * x.in[0].data[r * d + f];
        if (s.in[0].data) s.in[0].data[r * d + f] += differ * x.w[offset + f];
      }
    }
  }
};

void check_block(const Params& W, Param w, std::size_t least, std::size_t most, std::string_view name) {
  const Params::Block& block = W.block(w);
  if (block.shape.size() < least || block.shape.size() > most)
    throw ShapeError(message("[", name, "] block '", block.name, "' has ", block.shape.size(),
                             " numbers, not ", least, least == most ? std::string() : message(" to ", most)));
}

// Entry (a, b) of `labels` squared is `at(a, b)`: which number of the block, times what.
template <class At>
Term pairs(const Params& W, Param w, int labels, std::string name, const At& at) {
  Tied tied{W.block(w).offset, name, {}, {}};
  for (int a = 0; a < labels; ++a)
    for (int b = 0; b < labels; ++b) {
      const auto [from, times] = at(a, b);
      tied.from.push_back(from);
      tied.times.push_back(static_cast<Real>(times));
    }
  return function(std::move(tied), {}, std::move(name));
}

template <class Distance>
Term truncated(const Params& W, Param w, int labels, double limit, std::string name,
               const Distance& distance) {
  check_block(W, w, 1, 1, name);
  if (!(limit > 0))
    throw GraphError(message("[", name, "] is truncated at ", limit, ", which is not above 0"));
  return pairs(W, w, labels, std::move(name), [&](int a, int b) {
    return std::pair{0, std::min(distance(std::abs(a - b)), limit)};
  });
}

Term by(Index index, Term term, std::string name) {
  term.index = index;
  term.name = std::move(name);
  return term;
}

Tensor row_of(std::vector<double> energies) {
  Tensor row(Shape{static_cast<int>(energies.size())});
  for (std::size_t e = 0; e < energies.size(); ++e) row[e] = static_cast<Real>(energies[e]);
  return row;
}

}  // namespace

Term potts(const Params& W, Param w, int labels) {
  return truncated(W, w, labels, 1, "potts", [](int d) { return double(d); });
}
Term truncated_linear(const Params& W, Param w, int labels, double limit) {
  return truncated(W, w, labels, limit, "truncated_linear", [](int d) { return double(d); });
}
Term truncated_quadratic(const Params& W, Param w, int labels, double limit) {
  return truncated(W, w, labels, limit, "truncated_quadratic", [](int d) { return double(d) * d; });
}
Term absolute_difference(const Params& W, Param w, int labels) {
  check_block(W, w, 2, static_cast<std::size_t>(std::max(2, labels)), "absolute_difference");
  const int last = static_cast<int>(W.block(w).shape.size()) - 1;
  return pairs(W, w, labels, "absolute_difference", [&](int a, int b) {
    return std::pair{std::min(std::abs(a - b), last), 1};
  });
}
Term difference(const Params& W, Param w, int labels) {
  const auto size = static_cast<std::size_t>(2 * labels - 1);
  check_block(W, w, size, size, "difference");
  return pairs(W, w, labels, "difference", [&](int a, int b) { return std::pair{a - b + labels - 1, 1}; });
}
Term contrast_potts(const Params& W, Param w, Feature c, int labels) {
  const Params::Block& block = W.block(w);
  return function(ContrastPotts{block.offset, static_cast<int>(block.shape.size()), labels}, {c},
                  "contrast_potts");
}

Term count(const Params& W, Param row) { return by(Index::count, table(W, row), W.block(row).name); }
Term count(Data rows) { return by(Index::count, constant(std::move(rows)), "count"); }
Term at_least_one() { return by(Index::count, constant(row_of({kInf, 0})), "at_least_one"); }
Term at_most_one() { return by(Index::count, constant(row_of({0, 0, kInf})), "at_most_one"); }
Term exactly_one() { return by(Index::count, constant(row_of({kInf, 0, kInf})), "exactly_one"); }
Term cardinality(int least, int most) {
  if (least < 0 || most < least)
    throw GraphError(message("[cardinality] from ", least, " to ", most, " is no range of counts"));
  std::vector<double> row(static_cast<std::size_t>(most) + 2, kInf);
  std::fill(row.begin() + least, row.end() - 1, 0.0);
  return by(Index::count, constant(row_of(std::move(row))), "cardinality");
}
Term agreement(const Params& W, Param row) { return by(Index::agreement, table(W, row), W.block(row).name); }
Term agreement(Data rows) { return by(Index::agreement, constant(std::move(rows)), "agreement"); }
Term equal(int labels) {
  std::vector<double> row(static_cast<std::size_t>(labels) + 1, 0.0);
  row.back() = kInf;
  return by(Index::agreement, constant(row_of(std::move(row))), "equal");
}

}  // namespace factor
}  // namespace EBM_PRECISION
}  // namespace ebm
