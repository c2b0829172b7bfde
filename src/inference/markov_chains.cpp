#include "ebm/inference/markov_chains.hpp"

#include <cmath>

#include "ebm/core/error.hpp"

namespace ebm {
inline namespace EBM_PRECISION {
namespace {

// A whole number as four of 16 bits, each of which a float holds.
void put(std::vector<Real>& out, std::uint64_t number) {
  for (int k = 0; k < 4; ++k, number >>= 16) out.push_back(static_cast<Real>(number & 0xffff));
}

// Takes numbers off the front.
struct Reader {
  std::span<const Real> left;
  std::span<const Real> take(std::size_t count) {
    if (count > left.size()) throw DataError("[markov_chains] the chains of this checkpoint are cut short");
    const auto out = left.first(count);
    left = left.subspan(count);
    return out;
  }
  std::uint64_t number() {
    std::uint64_t out = 0;
    const auto pieces = take(4);
    for (std::size_t k = 4; k-- > 0;) {
      if (!(pieces[k] >= 0 && pieces[k] < 65536) || pieces[k] != std::floor(pieces[k]))
        throw DataError("[markov_chains] the chains of this checkpoint are damaged");
      out = out << 16 | static_cast<std::uint64_t>(pieces[k]);
    }
    return out;
  }
};

}  // namespace

MarkovChains::MarkovChains(int shared) : shared_(shared) {
  if (shared < 0) throw GraphError(message("[markov_chains] ", shared, " shared chains; 0 is one a sample"));
}

void MarkovChains::begin(int samples) {
  if (shared_ > 0 && samples > shared_)
    throw GraphError(message("[markov_chains] a batch of ", samples, " samples needs as many chains, and ",
                             shared_, " are shared"));
  if (shared_ == 0 && !keys.empty() && keys.size() != static_cast<std::size_t>(samples))
    throw GraphError(message("[markov_chains] ", keys.size(), " keys for a batch of ", samples, " samples"));
  if (shared_ > 0) first_ = (first_ + static_cast<std::uint64_t>(samples_)) % static_cast<unsigned>(shared_);
  samples_ = samples;
  ++turn_;
}

std::uint64_t MarkovChains::key(int sample) const {
  const auto i = static_cast<std::uint64_t>(sample);
  if (shared_ > 0) return (first_ + i) % static_cast<std::uint64_t>(shared_);
  return keys.empty() ? i : keys[i];
}

std::vector<Real> MarkovChains::encode() const {
  std::vector<Real> out;
  if (turn_ == 0) return out;
  for (const std::uint64_t n : {static_cast<std::uint64_t>(shared_), static_cast<std::uint64_t>(samples_),
                                turn_, first_, static_cast<std::uint64_t>(states_.size())})
    put(out, n);
  for (const auto& [key, state] : states_) {
    put(out, key);
    put(out, state.size());
    out.insert(out.end(), state.begin(), state.end());
  }
  return out;
}

MarkovChains MarkovChains::decode(std::span<const Real> numbers) {
  Reader in{numbers};
  MarkovChains out;
  if (numbers.empty()) return out;
  out.shared_ = static_cast<int>(in.number());
  out.samples_ = static_cast<int>(in.number());
  out.turn_ = in.number();
  out.first_ = in.number();
  for (std::uint64_t count = in.number(); count > 0; --count) {
    const std::uint64_t key = in.number();
    const auto state = in.take(in.number());
    out.states_[key].assign(state.begin(), state.end());
  }
  if (!in.left.empty() || out.shared_ < 0 || out.samples_ < 0)
    throw DataError("[markov_chains] the chains of this checkpoint are damaged");
  return out;
}

}  // namespace EBM_PRECISION
}  // namespace ebm
