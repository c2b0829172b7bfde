#include "label_moves.hpp"

#include <algorithm>
#include <cmath>

#include "ebm/core/pool.hpp"

namespace ebm {
inline namespace EBM_PRECISION {

LabelMoves::LabelMoves(const DiscreteView& view, const Plans& plans, Moves moves, Workspace& ws)
    : view_(view), readers_(declared_readers(view, plans)) {
  if (moves == Moves::coloured) {
    colouring_ = &plans.get<Colouring>([&] { return Colouring(view, readers_); });
    lattice_ = CountedLattice::of(view, readers_, *colouring_);
  } else if (moves == Moves::blocked) {
    trees_ = &plans.get<TreeBlocks>([&] { return TreeBlocks(view, readers_); });
  } else if (moves == Moves::swendsen_wang) {
    for (const DiscreteView::Group& g : view.groups)
      if (g.instances > 0 && (g.arity > 2 || g.index != Index::joint))
        throw GraphError(message("[swendsen-wang] the factor on ", g.arity, " variables from ", g.scopes[0],
                                 " on is no pair; use blocked-gibbs"));
    pairs_ = pair_graph(view, ws);
    clusters_.emplace(pairs_);
  }
}

LabelMoves::Chain LabelMoves::start(std::uint64_t seed, std::uint64_t chain,
                                    std::span<const int> labels) const {
  Chain out;
  out.rng = Rng(seed, 0x6c6162656c73ULL).fork(chain);
  out.labels.resize(view_.labels.size());
  if (labels.empty()) {
    Rng first = out.rng.fork(~std::uint64_t{0});
    draw_uniformly(view_, first, out.labels);
    return out;
  }
  if (labels.size() != out.labels.size())
    throw GraphError(
        message("[chains] ", labels.size(), " labels to start from for ", out.labels.size(), " variables"));
  for (std::size_t v = 0; v < labels.size(); ++v)
    if (labels[v] < 0 || labels[v] >= view_.labels[v])
      throw GraphError(
          message("[chains] variable ", v, " cannot start at label ", labels[v], " of ", view_.labels[v]));
  std::ranges::copy(labels, out.labels.begin());
  return out;
}

std::span<const int> LabelMoves::labels(Chain& chain) const {
  if (chain.in_bytes) lattice_->unpack(chain.packed, chain.labels);
  return chain.labels;
}

void LabelMoves::sweep_variables(Chain& chain, double beta, const Rng& numbers,
                                 std::span<double> seen) const {
  const LocalEnergies local(view_, readers_);
  const std::size_t most = most_labels(view_);
  // A piece draws one number for each of its positions.
  const auto draw = [&](auto variable, std::size_t first, std::size_t last) {
    Kept<std::vector<double>> room;
    room->resize(most);
    Rng rng = numbers;
    rng.seek(first);
    for (std::size_t p = first; p < last; ++p) {
      const int v = variable(p);
      const auto prob =
          std::span(*room).first(static_cast<std::size_t>(view_.labels[static_cast<std::size_t>(v)]));
      redraw(local, v, beta, rng.uniform(), chain.labels, prob);
      if (seen.empty()) continue;
      double* to = seen.data() + view_.offset[static_cast<std::size_t>(v)];
      for (std::size_t k = 0; k < prob.size(); ++k) to[k] += prob[k];
    }
  };
  if (!colouring_) {
    draw([](std::size_t p) { return static_cast<int>(p); }, 0, chain.labels.size());
    return;
  }
  constexpr std::size_t kPiece = 1024;
  for (std::size_t c = 0; c < colouring_->colours(); ++c) {
    const std::size_t first = colouring_->first[c], last = colouring_->first[c + 1];
    parallel_for((last - first + kPiece - 1) / kPiece, [&](std::size_t i) {
      draw([&](std::size_t p) { return colouring_->variables[p]; }, first + i * kPiece,
           std::min(last, first + (i + 1) * kPiece));
    });
  }
}

void LabelMoves::sweep(Chain& chain, double beta, std::span<double> seen) const {
  const Rng numbers = chain.rng.fork(chain.turn++);
  const bool bytes = lattice_ && lattice_->covers(beta);
  if (bytes != chain.in_bytes) {
    if (bytes)
      lattice_->pack(chain.labels, chain.packed);
    else
      lattice_->unpack(chain.packed, chain.labels);
    chain.in_bytes = bytes;
  }
  if (bytes) {
    lattice_->sweep(chain.packed, beta, numbers);
  } else if (trees_) {
    const LocalEnergies local(view_, readers_);
    Rng rng = numbers;
    for (std::size_t b = 0; b < trees_->blocks(); ++b)
      trees_->draw(b, local, beta, rng, chain.labels, chain.trees);
  } else if (clusters_) {
    clusters_->sweep(beta, numbers, chain.labels, chain.clusters);
  } else {
    return sweep_variables(chain, beta, numbers, seen);
  }
  if (seen.empty()) return;
  const auto now = labels(chain);
  for (std::size_t v = 0; v < now.size(); ++v) ++seen[view_.offset[v] + static_cast<std::size_t>(now[v])];
}

}  // namespace EBM_PRECISION
}  // namespace ebm
