#pragma once
// How the residuals of a batch are read: for every structure its groups on the reals, and what each reads.

#include <span>
#include <string_view>
#include <vector>

#include "ebm/inference/least_squares.hpp"
#include "real_domain.hpp"

namespace ebm {
inline namespace EBM_PRECISION {

class ResidualPlan {
 public:
  struct Input {
    int feature = 0;
    const int* slice = nullptr;  // [rows, columns] coordinates; null: data
    int rows = 0, columns = 0;   // rows of the slice
    // Coordinate that column c of an instance reads.
    const int* of_instance(int instance) const {
      return slice + (rows == 1 ? 0 : static_cast<std::ptrdiff_t>(instance) * columns);
    }
  };
  struct Group {
    int index = 0;  // in the structure
    int function = 0;
    const Factor* factor = nullptr;
    std::string_view name;
    Robust robust;
    int instances = 0, residuals = 0;  // residuals of one instance
    int first_input = 0, inputs = 0, real_columns = 0;
  };
  struct OfStructure {
    const Structure* structure = nullptr;
    int first_group = 0, groups = 0;
    bool constants = false;  // there are groups off the reals
  };

  // Whether every factor on the reals shows residuals and reads coordinates as they are, and there is one.
  static bool covers(const Schema& schema, const Structure& s);
  // \throws GraphError naming the factor that shows no residuals, or a graph or query that is not covered.
  void assign(Batch& b, const Query& q, std::string_view engine);
  const OfStructure& of(const Batch& b, int sample) const;
  std::span<const Group> groups(const OfStructure& s) const {
    return std::span(groups_).subspan(static_cast<std::size_t>(s.first_group),
                                      static_cast<std::size_t>(s.groups));
  }
  std::span<const Input> inputs(const Group& g) const {
    return std::span(inputs_).subspan(static_cast<std::size_t>(g.first_input),
                                      static_cast<std::size_t>(g.inputs));
  }
  std::span<const int> widths(const Group& g) const {
    return std::span(widths_).subspan(static_cast<std::size_t>(g.first_input),
                                      static_cast<std::size_t>(g.inputs));
  }
  // The numbers of a data input, one row an instance, into [instances, columns].
  static void read_data(const Batch& b, int sample, const Input& input, int instances, double* to);
  int dims() const { return dims_; }
  // Per sample the energy of the groups off the reals; forgets the points of the batch.
  void constants(Batch& b, std::span<double> energy);

 private:
  void add(const Batch& b, const Structure& s, std::string_view engine);
  std::vector<OfStructure> structures_;
  std::vector<Group> groups_;
  std::vector<Input> inputs_;
  std::vector<int> widths_;
  Points points_;
  int dims_ = 0;
};

// What is common to the queries of these engines. \throws GraphError for others and free energies.
void check_least_squares_query(const Query& q, std::string_view engine);

[[noreturn]] void refuse_non_finite(std::string_view engine, std::string_view factor, int sample);

}  // namespace EBM_PRECISION
}  // namespace ebm
