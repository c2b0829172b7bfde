#pragma once
// What all samplers do around their transitions.

#include <string_view>

#include "answering.hpp"
#include "ebm/core/rng.hpp"
#include "ebm/inference/sampling.hpp"

namespace ebm {
inline namespace EBM_PRECISION {

// \throws GraphError naming the engine for a query that no sampler answers.
inline void check_sampling(const Batch& b, const Query& q, std::string_view engine) {
  check_beta(q);
  refuse_high(b, engine);
  refuse_rescaling(q, engine);
  if (q.steps < 0)
    throw GraphError(message("[query] steps is ", q.steps, "; a chain makes 1 transition or more"));
  if (q.over == Over::others)
    throw GraphError(
        message("[", engine, "] does not sample the incorrect answers; ask for all, or the truth"));
  if (q.steps > 0 && q.beta == kInf)
    throw GraphError(message("[", engine, "] samples at a temperature: beta must be finite"));
  if (q.persistent && !q.chains)
    throw GraphError(message("[", engine, "] persistent chains need Query::chains to be kept in"));
}

// The random numbers of a sample's chain in this query.
inline Rng chain_rng(std::uint64_t seed, const MarkovChains* chains, int sample) {
  const Rng all(seed, 0x436861696eULL);
  return all.fork(chains ? chains->key(sample) : static_cast<std::uint64_t>(sample))
      .fork(chains ? chains->turn() : 0);
}

}  // namespace EBM_PRECISION
}  // namespace ebm
