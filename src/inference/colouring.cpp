#include "colouring.hpp"

namespace ebm {
inline namespace EBM_PRECISION {

Colouring::Colouring(const DiscreteView& view, const Readers& readers) {
  const auto n = static_cast<std::size_t>(view.variables());
  std::vector<std::uint32_t> colour(n, 0), taken;  // taken[c] = v + 1: by a neighbour of v
  first.assign(1, 0);
  for (std::size_t v = 0; v < n; ++v) {
    for (const Readers::Reader& r : readers.of(static_cast<int>(v)))
      for (const int u : view.groups[r.group].scope(r.instance))
        if (static_cast<std::size_t>(u) < v)
          taken[colour[static_cast<std::size_t>(u)]] = static_cast<std::uint32_t>(v) + 1;
    std::uint32_t c = 0;
    while (c < taken.size() && taken[c] == v + 1) ++c;
    if (c == taken.size()) taken.push_back(0), first.push_back(0);
    colour[v] = c;
    ++first[c + 1];
  }
  for (std::size_t c = 1; c < first.size(); ++c) first[c] += first[c - 1];
  variables.resize(n);
  position.resize(n);
  std::vector<std::uint32_t> next(first.begin(), first.end() - 1);
  for (std::size_t v = 0; v < n; ++v) {
    position[v] = next[colour[v]]++;
    variables[position[v]] = static_cast<int>(v);
  }
}

}  // namespace EBM_PRECISION
}  // namespace ebm
