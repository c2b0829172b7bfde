#pragma once
// Every net of a batch, run once over all its rows: data of all samples, or the points of the real variable.
// Data that several samples view (an image in several pairs) are one row, not several.
// What data alone decide is computed once, however many times the points change. Features without a net are
// the numbers themselves.

#include <cstdint>
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
  void forward_data(std::span<const Sample* const> samples, Net::Mode mode, std::uint64_t& rows);
  // After forward_data, for the same samples. `rows` counts the rows that nets saw.
  void forward_points(std::span<const Sample* const> samples, const Points& points, Net::Mode mode,
                      std::uint64_t& rows);
  FeatureAt at(int item, int sample, int feature) const;
  Real* slopes(int item, int sample, int feature);  // null for data, which has none
  void clear_slopes();
  // Either may be null: slopes of W, or of the points [points, dims], which are written over.
  void backward(std::span<const Sample* const> samples, const Points* points, Real* gradient,
                std::size_t size, Real* at_points);
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
    bool points = false;
  };
  // One net over the batch.
  struct Use {
    std::vector<Run> runs;
    std::size_t run_count = 0, data_runs = 0;  // the points' run comes last
    std::vector<std::unique_ptr<Net::State>> states;
    std::vector<Real> input, output, doutput, kept, dpoints;
    std::vector<std::vector<Real>> partial;       // gradients of groups of runs, added in order
    std::vector<std::pair<Shape, Shape>> shapes;  // of one row in and out, as met so far
    bool used() const { return run_count > 0; }
  };
  struct Place {
    int net = 0;
    std::size_t offset = 0;  // into the use's output, or into slices_
    int rows = 0, columns = 0;
    bool per_point = false;
    int first_item = 0;          // of the sample, for what is per point
    const Real* data = nullptr;  // data without a net
  };
  // Data that a net has met in this round: an open-addressed table, so that a steady loop allocates nothing.
  struct Met {
    std::uint64_t round = 0;
    const Real* data = nullptr;
    Shape shape;
    int place = 0;
  };
  const Shape& output_of(Use& use, int net, const Shape& in) const;
  void append(int net, const Real* data, int rows, const Shape& in, bool points, Place& place);
  bool shared(int net, const ConstView& x, Place& place);
  void run(int net, std::size_t first, Net::Mode mode, std::uint64_t& rows);
  void take_slices(std::span<const Sample* const> samples, const Points& points);

  const Schema* schema_;
  std::vector<Use> uses_;
  std::vector<int> first_;     // [samples + 1] into places_
  std::vector<Place> places_;  // per (sample, feature)
  std::vector<Met> met_;
  std::uint64_t round_ = 0;
  std::vector<Real> slices_, dslices_;
  std::uint64_t seed_ = 0, step_ = 0;
};

}  // namespace EBM_PRECISION
}  // namespace ebm
