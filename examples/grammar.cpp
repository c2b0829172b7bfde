// Lattices alone: a reader is unsure of every character of a clock time; a grammar knows which times there
// are.
#include <ebm/ebm.hpp>
#include <iostream>
using namespace ebm;

int main() {
  // What was seen: for each place the characters it may be and their energies. States are places, so it is
  // acyclic.
  std::vector<Arc> seen;
  const auto may_be = [&](int place, char c, double energy) {
    seen.push_back({place, place + 1, c, c, energy});
  };
  may_be(0, '7', 0.2), may_be(0, '1', 0.9);
  may_be(1, '4', 0.1), may_be(1, '9', 0.4);
  may_be(2, ':', 0.0);
  may_be(3, '8', 0.3), may_be(3, '3', 0.6), may_be(3, '0', 1.1);
  may_be(4, '5', 0.1), may_be(4, '6', 1.5);
  const Lattice reading = lattice::make_lattice(seen, std::vector<Final>{{5, 0}});

  // What there may be: 00:00 to 23:59. An automaton may have cycles; this one only has alternatives.
  const auto one_of = [](char first, char last) {
    std::vector<Automaton> any;
    for (char c = first; c <= last; ++c) any.push_back(lattice::acceptor(std::string_view(&c, 1)));
    return lattice::unite(any);
  };
  const std::vector<Automaton> early{one_of('0', '1'), one_of('0', '9')},
      late{one_of('2', '2'), one_of('0', '3')};
  const std::vector<Automaton> hours{lattice::concat(early), lattice::concat(late)};
  const std::vector<Automaton> time{lattice::unite(hours), one_of(':', ':'), one_of('0', '5'),
                                    one_of('0', '9')};
  const Lattice times = lattice::compose(reading, lattice::concat(time)).lattice;

  Workspace ws;
  const auto best = [&](const Lattice& l) {
    std::vector<Path> paths = lattice::n_best(l, l.energy(), 3, ws);
    for (const Path& path : paths)
      std::cout << "  " << std::string(path.labels.begin(), path.labels.end()) << "  E = " << path.energy
                << '\n';
    return std::string(paths.at(0).labels.begin(), paths.at(0).labels.end());
  };
  std::cout << "as seen, before the grammar:\n";
  const std::string seen_best = best(reading);
  std::cout << "times of day:\n";
  const std::string time_best = best(times);
  lattice::Symbols names;
  for (const char c : std::string_view("0123456789:")) names.name[c] = c;
  std::cout << "what was seen, for Graphviz:\n" << lattice::to_dot(reading, {.in = &names, .out = &names});
  return seen_best == "74:85" && time_best == "14:35" ? 0 : 1;
}
