#pragma once
// Every net of a batch, run once over all its rows: data of all samples, or the points of the real variable.

#include <memory>
#include <span>
#include <utility>
#include <vector>

#include "ebm/graph/batch.hpp"

namespace ebm {
inline namespace EBM_PRECISION {

// Rows of one feature, as one item sees them.
struct FeatureAt {
  const Real* data = nullptr;
  int rows = 0, columns = 0;
};

class FeatureBank {
 public:
  explicit FeatureBank(const Schema& schema) : schema_(&schema) {}
  void forward(std::span<const Sample* const> samples, const Points* points, Net::Mode mode);
  FeatureAt at(int item, int sample, int feature) const;
  Real* slopes(int item, int sample, int feature);
  void clear_slopes();
  void backward(std::span<Real> gradient);
  // Sets the slopes aside, so that curvatures can take their place.
  void keep_slopes();
  void curvature(std::span<Real> h);
  void set_step(std::uint64_t seed, std::uint64_t step) { seed_ = seed, step_ = step; }

 private:
  // Consecutive rows of one input shape: one call of the net.
  struct Run {
    Shape in;  // one row
    Shape out;
    int rows = 0;
    const Real* input = nullptr;
    std::size_t gathered = 0;  // where its rows lie in Use::input, when more than one piece was gathered
    bool direct = true;
    std::size_t output = 0;
  };
  // One net over the batch.
  struct Use {
    std::vector<Run> runs;
    std::size_t run_count = 0;
    std::vector<std::unique_ptr<Net::State>> states;
    std::vector<Real> input, output, doutput, kept;
    std::vector<std::vector<Real>> partial;       // gradients of groups of runs, added in order
    std::vector<std::pair<Shape, Shape>> shapes;  // of one row in and out, as met so far
    bool used() const { return run_count > 0; }
  };
  struct Place {
    int net = 0;
    std::size_t offset = 0;  // into the use's output
    int rows = 0, columns = 0;
    bool per_point = false;
  };
  const Shape& output_of(Use& use, int net, const Shape& in) const;
  void append(int net, const Real* data, int rows, const Shape& in, Place& place);
  void run(int net, Net::Mode mode);

  const Schema* schema_;
  std::vector<Use> uses_;
  std::vector<int> first_;     // [samples + 1] into places_
  std::vector<Place> places_;  // per (sample, feature)
  std::uint64_t seed_ = 0, step_ = 0;
};

}  // namespace EBM_PRECISION
}  // namespace ebm
