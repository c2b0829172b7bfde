#include "dlib_join_tree.hpp"

#include <dlib/bayes_utils.h>
#include <dlib/directed_graph.h>
#include <dlib/graph.h>
#include <dlib/graph_utils.h>

#include <sstream>
#include <vector>

double join_tree_marginals(const std::string& uai, const std::string& evidence) {
  using namespace dlib;
  using namespace dlib::bayes_node_utils;
  std::istringstream in(uai), seen(evidence);
  std::string kind;
  unsigned long n = 0, m = 0;
  in >> kind >> n;
  std::vector<unsigned long> counts(n);
  for (auto& k : counts) in >> k;
  in >> m;
  std::vector<std::vector<unsigned long>> scopes(m);
  for (auto& s : scopes) {
    std::size_t arity = 0;
    in >> arity;
    s.resize(arity);
    for (auto& v : s) in >> v;
  }
  directed_graph<bayes_node>::kernel_1a network;
  network.set_number_of_nodes(n);
  for (unsigned long v = 0; v < n; ++v) set_node_num_values(network, v, counts[v]);
  for (const auto& s : scopes)
    for (std::size_t a = 0; a + 1 < s.size(); ++a) network.add_edge(s[a], s.back());
  for (const auto& s : scopes) {
    std::size_t entries = 0;
    in >> entries;
    std::vector<unsigned long> y(s.size(), 0);
    for (std::size_t e = 0; e < entries; ++e) {
      double p = 0;
      in >> p;
      std::size_t rest = e;
      for (std::size_t a = s.size(); a-- > 0;) y[a] = rest % counts[s[a]], rest /= counts[s[a]];
      assignment parents;
      for (std::size_t a = 0; a + 1 < s.size(); ++a) parents.add(s[a], y[a]);
      set_node_probability(network, s.back(), y.back(), parents, p);
    }
  }
  int observed = 0;
  seen >> observed;
  for (int i = 0; i < observed; ++i) {
    unsigned long v = 0, y = 0;
    seen >> v >> y;
    set_node_value(network, v, y);
    set_node_as_evidence(network, v);
  }
  using Set = dlib::set<unsigned long>::compare_1b;
  dlib::graph<Set, Set>::kernel_1a tree;
  create_moral_graph(network, tree);
  create_join_tree(tree, tree);
  bayesian_network_join_tree solution(network, tree);
  double squares = 0;
  for (unsigned long v = 0; v < n; ++v) {
    const auto p = solution.probability(v);
    for (long k = 0; k < p.size(); ++k) squares += p(k) * p(k);
  }
  return squares;
}
