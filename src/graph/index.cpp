#include "ebm/graph/index.hpp"

#include "ebm/core/error.hpp"

namespace ebm {

std::size_t entries_of(Index index, std::span<const int> sizes) {
  if (index == Index::count) return sizes.size() + 1;
  if (index == Index::agreement) return static_cast<std::size_t>(sizes[0]) + 1;
  std::size_t entries = 1;
  for (const int k : sizes)
    if (__builtin_mul_overflow(entries, static_cast<std::size_t>(k), &entries) || entries >> 63) return 0;
  return entries;
}

std::string misfit(Index index, std::span<const int> sizes, std::size_t entries) {
  const std::size_t needed = entries_of(index, sizes);
  switch (index) {
    case Index::joint:
      if (needed == 0) return "joint labels that no table holds";
      if (entries != needed)
        return message("a table of ", entries, " energies for ", needed, " joint labels of its ",
                       sizes.size(), " variables");
      break;
    case Index::count:
      if (std::ranges::any_of(sizes, [](int k) { return k != 2; }))
        return "a count over variables that have not two labels";
      if (entries < 2) return message("a count with ", entries, " energies; give at least 2");
      break;
    case Index::agreement:
      if (sizes.size() < 2 || std::ranges::any_of(sizes, [&](int k) { return k != sizes[0]; }))
        return "an agreement of fewer than two variables or of different label counts";
      if (entries != needed)
        return message("an agreement with ", entries, " energies for ", sizes[0],
                       " labels; give one each and one for where they differ");
      break;
  }
  return {};
}

}  // namespace ebm
