#include "counted_lattice.hpp"

#include <algorithm>
#include <cmath>

#include "ebm/core/pool.hpp"

namespace ebm {
inline namespace EBM_PRECISION {
namespace {

constexpr std::size_t kLeast = 64;      // variables
constexpr std::uint32_t kPiece = 8192;  // of one, for threads

// w of base + w [a != b], a row of labels x labels.
template <class T>
std::optional<double> potts_weight(const T* row, int labels) {
  const double base = static_cast<double>(row[0]), w = static_cast<double>(row[1]) - base;
  for (int a = 0; a < labels; ++a)
    for (int b = 0; b < labels; ++b, ++row)
      if (!(static_cast<double>(*row) == (a == b ? base : static_cast<double>(base + w)))) return {};
  if (!std::isfinite(w)) return {};
  return w;
}

// That of all pairs.
std::optional<double> common_weight(const DiscreteView& view, int labels) {
  std::optional<double> common;
  for (const DiscreteView::Group& g : view.groups) {
    if (g.arity < 2 || g.instances == 0) continue;
    if (g.arity > 2 || g.index != Index::joint) return {};
    std::optional<double> row;
    for (int i = 0; i < g.instances; ++i) {
      const std::size_t at = static_cast<std::size_t>(i) * g.stride;
      if (i == 0 || g.stride > 0)
        row = g.doubles ? potts_weight(g.doubles + at, labels) : potts_weight(g.floats + at, labels);
      if (!row) return {};
      const double w = *row * g.scale(i);
      if (common && *common != w) return {};
      common = w;
    }
  }
  return common;
}

}  // namespace

std::optional<CountedLattice> CountedLattice::of(const DiscreteView& view, const Readers& readers,
                                                 const Colouring& colouring) {
  const std::size_t n = view.labels.size();
  if (n < kLeast) return {};
  CountedLattice out;
  out.colouring_ = &colouring;
  out.labels_ = view.labels[0];
  if (out.labels_ < 2 || out.labels_ > kMostCounted) return {};
  if (std::ranges::any_of(view.labels, [&](int k) { return k != out.labels_; })) return {};
  const std::optional<double> weight = common_weight(view, out.labels_);
  if (!weight) return {};
  out.weight_ = *weight;

  const auto count = static_cast<std::size_t>(out.labels_);
  std::vector<double> single(n * count);
  read_singles(view, single);
  double widest = 0;
  bool uniform = true;
  for (std::size_t v = 0; v < n; ++v) {
    const auto of_v = std::span(single).subspan(v * count, count);
    const auto [low, high] = std::ranges::minmax(of_v);
    if (!std::isfinite(low) || !std::isfinite(high)) return {};
    widest = std::max(widest, high - low);
    for (double& e : of_v) e -= low;
    uniform = uniform && std::ranges::equal(of_v, std::span(single).first(count));
  }
  if (uniform && (widest == 0 || count == 2)) {
    if (widest > 0) out.uniform_.assign(single.begin(), single.begin() + static_cast<std::ptrdiff_t>(count));
  } else {
    out.single_.resize(n * count);
    for (std::size_t v = 0; v < n; ++v)
      for (std::size_t k = 0; k < count; ++k)
        out.single_[k * n + colouring.position[v]] = single[v * count + k];
  }

  std::vector<std::int32_t> around, last;
  for (std::size_t c = 0; c < colouring.colours(); ++c) {
    out.piece_of_.push_back(out.pieces_.size());
    for (std::uint32_t p = colouring.first[c]; p < colouring.first[c + 1]; ++p) {
      const int v = colouring.variables[p];
      around.clear();
      for (const Readers::Reader& r : readers.of(v)) {
        if (view.groups[r.group].arity != 2) continue;
        const int u = view.groups[r.group].scope(r.instance)[1 - r.place];
        if (u == v) return {};
        around.push_back(static_cast<std::int32_t>(colouring.position[static_cast<std::size_t>(u)]) -
                         static_cast<std::int32_t>(p));
      }
      if (around.size() > kMostNeighbours) return {};
      out.most_ = std::max(out.most_, around.size());
      std::ranges::sort(around);
      const bool opens = p == colouring.first[c] || out.pieces_.back().count == kPiece;
      if (opens) out.pieces_.push_back({p, 0, static_cast<std::uint32_t>(out.runs_.size()), 0});
      if (opens || around != last) {
        out.runs_.push_back({p, 0, static_cast<std::uint32_t>(out.deltas_.size()),
                             static_cast<std::uint32_t>(around.size())});
        out.deltas_.insert(out.deltas_.end(), around.begin(), around.end());
        ++out.pieces_.back().runs;
        last = around;
      }
      ++out.runs_.back().count;
      ++out.pieces_.back().count;
    }
  }
  out.piece_of_.push_back(out.pieces_.size());
  out.range_ = std::abs(out.weight_) * static_cast<double>(out.most_) + widest;
  return out;
}

void CountedLattice::pack(std::span<const int> labels, State& state) const {
  state.bytes.resize(labels.size());
  for (std::size_t p = 0; p < labels.size(); ++p)
    state.bytes[p] = static_cast<std::uint8_t>(labels[static_cast<std::size_t>(colouring_->variables[p])]);
}

void CountedLattice::unpack(const State& state, std::span<int> labels) const {
  for (std::size_t p = 0; p < labels.size(); ++p)
    labels[static_cast<std::size_t>(colouring_->variables[p])] = state.bytes[p];
}

void CountedLattice::sweep(State& state, double beta, const Rng& numbers) const {
  const GibbsKernels& kernels = gibbs_kernels();
  const bool binary = labels_ == 2 && single_.empty();
  std::uint32_t below[16 * (kMostNeighbours + 1)] = {};
  float weights[16] = {};
  if (binary) {
    const double field = uniform_.empty() ? 0 : uniform_[1] - uniform_[0];
    for (std::size_t d = 0; d <= most_; ++d)
      for (std::size_t ones = 0; ones <= d; ++ones) {
        const double rise =
            field + weight_ * (static_cast<double>(d - ones) - static_cast<double>(ones));  // E(1) - E(0)
        below[16 * d + ones] =
            static_cast<std::uint32_t>(std::min(0x1p32 - 1, 0x1p32 / (1 + std::exp(beta * rise))));
      }
  } else {
    for (std::size_t c = 0; c <= most_; ++c) {
      const auto others = static_cast<double>(weight_ > 0 ? most_ - c : c);
      weights[c] = static_cast<float>(std::exp(-beta * std::abs(weight_) * others));
    }
    if (!single_.empty() && (state.field.empty() || state.beta != beta)) {
      state.field.resize(single_.size());
      for (std::size_t i = 0; i < single_.size(); ++i)
        state.field[i] = static_cast<float>(std::exp(-beta * single_[i]));
      state.beta = beta;
    }
  }
  const std::uint64_t rest = numbers.fork(0).stream();
  const std::uint32_t per_block = binary ? 16 : 4;  // positions
  std::uint8_t* bytes = state.bytes.data();
  const float* field = single_.empty() || binary ? nullptr : state.field.data();
  for (std::size_t c = 0; c + 1 < piece_of_.size(); ++c)
    parallel_for(piece_of_[c + 1] - piece_of_[c], [&](std::size_t i) {
      const Piece& piece = pieces_[piece_of_[c] + i];
      const std::uint32_t first = piece.first / per_block,
                          blocks = (piece.first + piece.count - 1) / per_block - first + 1;
      Kept<std::vector<std::uint32_t>> kept;
      kept->resize(kPiece + 8 + kRandomSlack);
      std::uint32_t* words = kept->data();
      kernels.random(numbers.seed(), numbers.stream(), first, blocks, words);
      const NeighbourRun* runs = runs_.data() + piece.run;
      const std::uint32_t from = first * per_block;
      if (binary)
        kernels.binary(bytes, runs, piece.runs, deltas_.data(), reinterpret_cast<const std::uint8_t*>(words),
                       from, below, numbers.seed(), rest);
      else
        kernels.counted(bytes, runs, piece.runs, deltas_.data(), words, from, labels_, weights, field,
                        labels_ > 0 ? single_.size() / static_cast<std::size_t>(labels_) : 0);
    });
}

}  // namespace EBM_PRECISION
}  // namespace ebm
