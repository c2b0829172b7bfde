// The structure decides the engine.

#include "answering.hpp"
#include "closed_form.hpp"

namespace ebm {
inline namespace EBM_PRECISION {

void infer::Automatic::answer(Batch& b, const Query& q, Answer& out) const {
  bool paths = true, single = true, chains = true, reals = false, none = true;
  for (int i = 0; i < b.samples(); ++i) {
    const Structure& s = *b.sample(i).structure;
    paths &= s.has_path && s.label_variables == 0;
    single &= !s.has_path && s.label_variables <= 1;
    chains &= !s.has_path && s.chain != nullptr;
    reals |= s.real_dims > 0;
    none &= !s.has_path && s.label_variables == 0 && s.real_dims == 0;
  }
  const bool closed = reals && has_closed_form(b, q);
  if (reals && !closed)
    throw GraphError(message("[automatic] '", b.sample(0).structure->real_name,
                             "' is a real variable: choose infer::Grid and its range"));
  Why why = Why::asked;
  if (closed) {
    why = Why::closed_form;
    ClosedForm{}.answer(b, q, out);
  } else if (paths) {
    why = Why::path_variable;
    ForwardBackward{}.answer(b, q, out);
  } else if (single) {
    why = none ? Why::no_variable : Why::single_variable;
    Exhaustive{}.answer(b, q, out);
  } else if (chains) {
    why = Why::chain_structure;
    SumProduct{}.answer(b, q, out);
  } else {
    why = Why::small_graph;
    Exhaustive{}.answer(b, q, out);  // refuses by name what is too large
  }
  out.report.asked = Method::automatic;
  out.report.why = why;
}

}  // namespace EBM_PRECISION
}  // namespace ebm
