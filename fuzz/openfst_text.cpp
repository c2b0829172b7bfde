// The text form of automata: whatever is read is written and read again; small acyclic machines are asked
// questions.
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "ebm/core/error.hpp"
#include "ebm/lattice/compose.hpp"
#include "ebm/lattice/joined.hpp"
#include "ebm/lattice/openfst_text.hpp"

namespace {

void ask(const ebm::Automaton& a) {
  using namespace ebm;
  const Lattice l = lattice::to_lattice(a);
  Workspace ws;
  const double v = lattice::best_path(l, l.energy(), ws).energy,
               f = lattice::free_energy(l, l.energy(), 1, {}, ws);
  if (std::isnan(v) || std::isnan(f)) std::abort();
  (void)lattice::n_best(l, l.energy(), 3, ws);
  const Lattice c = lattice::compose(l, a).lattice;
  const double joined = lattice::best_path(l, a, l.energy(), ws).energy;
  const double written = lattice::best_path(c, c.energy(), ws).energy;
  if (joined != written && std::abs(joined - written) > 1e-6 * (1 + std::abs(written))) std::abort();
  (void)lattice::free_energy(l, a, l.energy(), 1, {}, ws);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace ebm;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  for (const bool acceptor : {false, true}) try {
      const lattice::TextOptions options{.acceptor = acceptor};
      const Automaton a = lattice::parse_openfst(text, "input", options);
      const Automaton again = lattice::parse_openfst(lattice::to_openfst(a), "written");
      if (again.arcs().size() != a.arcs().size()) std::abort();
      (void)lattice::to_dot(a);
      if (a.arcs().size() <= 64) ask(a);
    } catch (const Error&) {
    }
  return 0;
}
