#pragma once
// What Ceres sees of the residuals of one sample: parameter blocks, groups at the point where it stands, and
// one cost function a row that hands out slices of them.

#include <ceres/cost_function.h>

#include <algorithm>
#include <array>
#include <vector>

#include "ebm/core/pool.hpp"
#include "residual_plan.hpp"

namespace ebm {
inline namespace EBM_PRECISION {

// Numbers that one thread evaluates together.
inline constexpr int kPieceOfResiduals = 2048;

// Coordinates in blocks: those that occur in just the same rows have the same sum of the rows' numbers,
// mixed.
class Blocks {
 public:
  Blocks(const ResidualPlan& plan, const ResidualPlan::OfStructure& s, std::size_t dims)
      : of_(dims), place_(dims) {
    if (s.structure->real_manifold == Manifold::sphere) {  // which is one block
      sizes_.push_back(static_cast<int>(dims));
      for (std::size_t k = 0; k < dims; ++k) place_[k] = k;
      first_ = {0, dims};
      return;
    }
    std::vector<std::uint64_t> rows(dims, 0);
    std::uint64_t row = 0;
    for (const ResidualPlan::Group& g : plan.groups(s))
      for (int i = 0; i < g.instances; ++i) {
        const std::uint64_t number = mixed(++row);
        for (const ResidualPlan::Input& input : plan.inputs(g))
          if (input.slice)
            for (int c = 0; c < input.columns; ++c)
              rows[static_cast<std::size_t>(input.of_instance(i)[c])] += number;
      }
    // Blocks in the order of their first coordinate, which for a chain is the order along it.
    std::vector<std::pair<std::uint64_t, std::size_t>> order(dims);
    std::vector<std::size_t> leader(dims);
    for (std::size_t k = 0; k < dims; ++k) order[k] = {rows[k], k};
    std::ranges::sort(order);
    for (std::size_t k = 0, first = 0; k < dims; ++k) {
      if (order[k].first != order[first].first) first = k;
      leader[order[k].second] = order[first].second;
    }
    for (std::size_t k = 0; k < dims; ++k)
      if (leader[k] == k) {
        of_[k] = static_cast<int>(sizes_.size());
        sizes_.push_back(0);
      }
    for (std::size_t k = 0; k < dims; ++k) {
      of_[k] = of_[leader[k]];
      place_[k] = static_cast<std::size_t>(sizes_[static_cast<std::size_t>(of_[k])]++);
    }
    first_.assign(sizes_.size() + 1, 0);
    for (std::size_t k = 0; k < sizes_.size(); ++k)
      first_[k + 1] = first_[k] + static_cast<std::size_t>(sizes_[k]);
    for (std::size_t k = 0; k < dims; ++k) place_[k] += first_[static_cast<std::size_t>(of_[k])];
  }
  int count() const { return static_cast<int>(sizes_.size()); }
  int size(int block) const { return sizes_[static_cast<std::size_t>(block)]; }
  std::size_t first(int block) const { return first_[static_cast<std::size_t>(block)]; }
  int of(int coordinate) const { return of_[static_cast<std::size_t>(coordinate)]; }
  // Where a coordinate lies among all, block after block.
  std::size_t place(int coordinate) const { return place_[static_cast<std::size_t>(coordinate)]; }

 private:
  static std::uint64_t mixed(std::uint64_t x) {  // splitmix64 (Steele, Lea, Flood 2014)
    x *= 0x9e3779b97f4a7c15ULL;
    x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9ULL;
    x = (x ^ (x >> 27)) * 0x94d049bb133111ebULL;
    return x ^ (x >> 31);
  }
  std::vector<int> of_, sizes_;
  std::vector<std::size_t> place_, first_;
};

// One group of one sample at the point where Ceres stands.
struct GroupAt {
  const ResidualPlan::Group* group = nullptr;
  std::span<const ResidualPlan::Input> inputs;
  std::span<const int> widths;
  std::array<std::vector<double>, kMaxInputs> in, jacobian;
  std::array<std::vector<std::size_t>, kMaxInputs> place;  // of every number of a slice, among x
  std::vector<double> r;
  bool finite = true;

  void read(const double* x) {
    for (std::size_t k = 0; k < inputs.size(); ++k)
      for (std::size_t i = 0; i < place[k].size(); ++i) in[k][i] = x[place[k][i]];
  }
  // Rows are cut by their number alone.
  void evaluate(const Real* w, bool derive) {
    const int piece = std::max(1, kPieceOfResiduals / group->residuals);
    const int pieces = (group->instances + piece - 1) / piece;
    const auto one = [&](int p) {
      const int first = p * piece, rows = std::min(piece, group->instances - first);
      std::array<const double*, kMaxInputs> from{};
      std::array<double*, kMaxInputs> to{};
      for (std::size_t k = 0; k < inputs.size(); ++k) {
        from[k] = in[k].data() + static_cast<std::ptrdiff_t>(first) * widths[k];
        if (derive && inputs[k].slice)
          to[k] = jacobian[k].data() + static_cast<std::ptrdiff_t>(first) * group->residuals * widths[k];
      }
      group->factor->residuals(
          {rows, w, {from.data(), inputs.size()}, widths},
          {r.data() + static_cast<std::ptrdiff_t>(first) * group->residuals, {to.data(), inputs.size()}});
    };
    if (pieces == 1)
      one(0);
    else
      parallel_for(static_cast<std::size_t>(pieces), [&](std::size_t p) { one(static_cast<int>(p)); });
    double sum = 0;  // x - x is 0 for what is finite
    for (const double v : r) sum += v - v;
    finite = sum == 0;
  }
  // slope += rho' J^T r, in the order of x.
  void add_slope(std::span<double> slope) const {
    const auto count = static_cast<std::size_t>(group->residuals),
               rows = static_cast<std::size_t>(group->instances);
    for (std::size_t i = 0; i < rows; ++i) {
      const double* of_row = r.data() + i * count;
      double s = 0;
      for (std::size_t c = 0; c < count; ++c) s += of_row[c] * of_row[c];
      const double weight = group->robust(s).slope;
      for (std::size_t k = 0; k < inputs.size(); ++k) {
        const auto width = static_cast<std::size_t>(widths[k]);
        if (!inputs[k].slice) continue;
        for (std::size_t c = 0; c < count; ++c)
          for (std::size_t j = 0; j < width; ++j)
            slope[place[k][i * width + j]] += weight * of_row[c] * jacobian[k][(i * count + c) * width + j];
      }
    }
  }
};

// Columns of one instance's Jacobian that belong to one of its blocks.
struct Column {
  int input, column, block, offset;  // block: of those that the row names
};

class RowFunction final : public ceres::CostFunction {
 public:
  RowFunction(const GroupAt& group, int row, const Blocks& blocks, std::vector<int>& named)
      : group_(&group), row_(row) {
    named.clear();
    for (std::size_t k = 0; k < group.inputs.size(); ++k) {
      if (!group.inputs[k].slice) continue;
      for (int c = 0; c < group.inputs[k].columns; ++c) {
        const int coordinate = group.inputs[k].of_instance(row)[c], block = blocks.of(coordinate);
        const auto at = std::ranges::find(named, block) - named.begin();
        if (at == static_cast<std::ptrdiff_t>(named.size())) named.push_back(block);
        // A row of one input whose blocks are single numbers, each met once, is handed out as it lies.
        plain_ = plain_ && k == only_input(group) && blocks.size(block) == 1 && at == c;
        columns_.push_back({static_cast<int>(k), c, static_cast<int>(at),
                            static_cast<int>(blocks.place(coordinate) - blocks.first(block))});
      }
    }
    input_ = static_cast<int>(only_input(group));
    if (plain_) std::vector<Column>().swap(columns_);
    set_num_residuals(group.group->residuals);
    for (const int b : named) mutable_parameter_block_sizes()->push_back(blocks.size(b));
  }

  bool Evaluate(double const* const*, double* residuals, double** jacobians) const override {
    if (!group_->finite) return false;
    const int count = group_->group->residuals;
    std::copy_n(group_->r.data() + static_cast<std::ptrdiff_t>(row_) * count, count, residuals);
    if (!jacobians) return true;
    const auto& sizes = parameter_block_sizes();
    if (plain_) {
      const auto width = static_cast<std::ptrdiff_t>(sizes.size());
      const double* from = group_->jacobian[static_cast<std::size_t>(input_)].data() + row_ * count * width;
      for (std::ptrdiff_t b = 0; b < width; ++b)
        if (jacobians[b])
          for (int i = 0; i < count; ++i) jacobians[b][i] = from[i * width + b];
      return true;
    }
    for (std::size_t b = 0; b < sizes.size(); ++b)
      if (jacobians[b]) std::fill_n(jacobians[b], count * sizes[b], 0.0);
    for (const Column& c : columns_) {
      double* to = jacobians[c.block];
      if (!to) continue;
      const int width = group_->inputs[static_cast<std::size_t>(c.input)].columns;
      const double* from = group_->jacobian[static_cast<std::size_t>(c.input)].data() +
                           static_cast<std::ptrdiff_t>(row_) * count * width + c.column;
      const int size = sizes[static_cast<std::size_t>(c.block)];
      for (int i = 0; i < count; ++i) to[i * size + c.offset] += from[i * width];
    }
    return true;
  }

 private:
  static std::size_t only_input(const GroupAt& group) {
    std::size_t found = kMaxInputs;
    for (std::size_t k = 0; k < group.inputs.size(); ++k)
      if (group.inputs[k].slice) found = found == kMaxInputs ? k : kMaxInputs + 1;
    return found;
  }
  const GroupAt* group_;
  std::vector<Column> columns_;
  int row_ = 0, input_ = 0;
  bool plain_ = true;
};

}  // namespace EBM_PRECISION
}  // namespace ebm
