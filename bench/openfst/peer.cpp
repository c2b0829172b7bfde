#include "peer.hpp"

#include <fst/fstlib.h>

namespace peer {
namespace {

template <class A>
fst::VectorFst<A> to_fst(const Machine& m) {
  fst::VectorFst<A> out;
  for (int s = 0; s < m.states; ++s) out.AddState();
  out.SetStart(m.start);
  for (const Arc& a : m.arcs) out.AddArc(a.source, A(a.in, a.out, static_cast<float>(a.energy), a.target));
  for (const Final& f : m.finals) out.SetFinal(f.state, static_cast<float>(f.energy));
  return out;
}

double energy_of(const fst::VectorFst<fst::StdArc>& path) {
  double sum = 0;
  for (int s = path.Start(); s != fst::kNoStateId;) {
    fst::ArcIterator<fst::VectorFst<fst::StdArc>> arc(path, s);
    sum += arc.Done() ? path.Final(s).Value() : arc.Value().weight.Value();
    s = arc.Done() ? fst::kNoStateId : arc.Value().nextstate;
  }
  return sum;
}

}  // namespace

Times openfst(const Machine& lattice, const Machine& grammar,
              const std::function<double(const std::function<void()>&)>& time) {
  Times out;
  auto l = to_fst<fst::StdArc>(lattice), g = to_fst<fst::StdArc>(grammar);
  auto ll = to_fst<fst::LogArc>(lattice), lg = to_fst<fst::LogArc>(grammar);
  fst::ArcSort(&l, fst::OLabelCompare<fst::StdArc>());
  fst::ArcSort(&g, fst::ILabelCompare<fst::StdArc>());
  fst::ArcSort(&ll, fst::OLabelCompare<fst::LogArc>());
  fst::ArcSort(&lg, fst::ILabelCompare<fst::LogArc>());
  fst::VectorFst<fst::StdArc> composed, best;
  out.compose = time([&] { fst::Compose(l, g, &composed, fst::ComposeOptions(false)); });
  out.best = time([&] { fst::ShortestPath(composed, &best); });
  out.best_energy = energy_of(best);
  fst::VectorFst<fst::LogArc> log_composed;
  fst::Compose(ll, lg, &log_composed, fst::ComposeOptions(false));
  out.forward_backward = time([&] {
    std::vector<fst::LogWeight> forward, backward;
    fst::ShortestDistance(log_composed, &forward, false);
    fst::ShortestDistance(log_composed, &backward, true);
    out.free_energy = backward[static_cast<std::size_t>(log_composed.Start())].Value();
  });
  return out;
}

}  // namespace peer
