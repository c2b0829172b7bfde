// The formats of discrete graphs: whatever is read has energies, and what is written is read again.
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "ebm/core/error.hpp"
#include "ebm/graph/formats.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace ebm;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  for (const auto parse : {discrete::parse_uai, discrete::parse_lg, discrete::parse_fg, discrete::parse_wcsp,
                           discrete::parse_cfn, discrete::parse_json})
    try {
      const DiscreteGraph g = parse(text, "input").graph;
      const std::vector<int> zeros(static_cast<std::size_t>(g.variables()), 0);
      const double e = g.energy(zeros);
      if (std::isnan(e)) std::abort();
      const auto evidence = [&]() -> std::vector<int> {
        try {
          return discrete::parse_evidence(text, "input", g);
        } catch (const Error&) {
          return zeros;
        }
      }();
      (void)clamp(g, evidence);
      if (g.factors() > 1000) continue;
      const auto same = [&](const DiscreteGraph& again) {
        const double other = again.energy(zeros);
        if (e != other && !(std::abs(e - other) <= 1e-9 * (1 + std::abs(e)))) std::abort();
      };
      same(discrete::parse_json(discrete::to_json(g), "written").graph);
      same(discrete::parse_lg(discrete::to_lg(g), "written").graph);
      same(discrete::parse_uai(discrete::to_uai(g), "written").graph);
    } catch (const Error&) {
    }
  return 0;
}
