#pragma once
/// \file
/// Which entry of its row a factor reads at the labels of its scope. A table of joint labels grows with the
/// product of the label counts; a factor on many variables that reads less of them has a shorter row, and is
/// trained, answered and written like any other.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

namespace ebm {

enum class Index : std::uint8_t {
  joint,      ///< every joint label has its own entry, the last variable fastest
  count,      ///< entry c: c variables of the scope have label 1; the last one for that many and more. Two
              ///< labels each. Or, at most one, exactly one and cardinality (Gupta, Diwan, Sarawagi 2007)
  agreement,  ///< entry k: all have label k; the last one, of label count + 1, where they differ. The P^n
              ///< Potts model (Kohli, Kumar, Torr 2007)
};

/// \param scope the variables, of `sizes` labels each; \param entries of the row.
inline std::size_t entry_of(Index index, std::span<const int> sizes, const int* scope, std::size_t entries,
                            std::span<const int> labels) {
  const auto label = [&](std::size_t a) {
    return static_cast<std::size_t>(labels[static_cast<std::size_t>(scope[a])]);
  };
  std::size_t entry = 0;
  if (index == Index::joint) {
    for (std::size_t a = 0; a < sizes.size(); ++a)
      entry = entry * static_cast<std::size_t>(sizes[a]) + label(a);
  } else if (index == Index::count) {
    for (std::size_t a = 0; a < sizes.size(); ++a) entry += label(a);
    entry = std::min(entry, entries - 1);
  } else {
    entry = label(0);
    for (std::size_t a = 1; a < sizes.size(); ++a)
      if (label(a) != entry) return entries - 1;
  }
  return entry;
}

/// Entries of a row that scopes of these label counts read; for a count the most that are read, any from 2 on
/// will do. 0 beyond 2^63.
std::size_t entries_of(Index index, std::span<const int> sizes);
/// Why a row of so many entries is not one, for messages; empty when it is.
std::string misfit(Index index, std::span<const int> sizes, std::size_t entries);

}  // namespace ebm
