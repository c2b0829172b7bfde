#include "ebm/inference/verbs.hpp"

#include "answering.hpp"
#include "ebm/graph/at_labels.hpp"

namespace ebm {
inline namespace EBM_PRECISION {

Minimum minimize(Batch& b, const AnyEngine& engine) {
  Answer a;
  engine.answer(b, {.over = Over::all, .weights = false, .answers = true}, a);
  Minimum out;
  std::size_t at = 0;
  for (int i = 0; i < b.samples(); ++i) {
    const auto n = static_cast<std::size_t>(b.sample(i).structure->label_variables);
    if (at + n <= a.labels.size())
      out.labels.emplace_back(a.labels.begin() + static_cast<long>(at),
                              a.labels.begin() + static_cast<long>(at + n));
    at += n;
  }
  out.energy = std::move(a.energy);
  out.paths = std::move(a.paths);
  out.reals = std::move(a.reals);
  out.report = a.report;
  return out;
}

std::vector<double> free_energy(Batch& b, double beta, const AnyEngine& engine) {
  Answer a;
  engine.answer(b, {.over = Over::all, .beta = beta, .weights = false}, a);
  return std::move(a.energy);
}

double energy(Batch& b, int sample, std::span<const int> labels) {
  const Structure& s = *b.sample(sample).structure;
  if (s.has_path || s.real_dims > 0)
    throw GraphError("[energy] only graphs of label variables are read at labels");
  if (static_cast<int>(labels.size()) != s.label_variables)
    throw GraphError(message("[energy] ", labels.size(), " labels for ", s.label_variables, " variables"));
  for (int v = 0; v < s.label_variables; ++v)
    if (labels[static_cast<std::size_t>(v)] < 0 || labels[static_cast<std::size_t>(v)] >= s.labels_of(v))
      throw GraphError(message("[energy] ", s.variable_name(v), " has labels 0..", s.labels_of(v) - 1,
                               ", not ", labels[static_cast<std::size_t>(v)]));
  b.ensure();
  return energy_at(b, sample, labels);
}

double accuracy(const Batch& b, const Minimum& m) {
  std::size_t right = 0, known = 0;
  for (int i = 0; i < b.samples(); ++i)
    for (std::size_t v = 0; v < m.labels[static_cast<std::size_t>(i)].size(); ++v) {
      const int truth = truth_of(b.sample(i), static_cast<int>(v)).single();
      if (truth < 0) continue;
      ++known;
      right += m.labels[static_cast<std::size_t>(i)][v] == truth;
    }
  return known ? static_cast<double>(right) / static_cast<double>(known) : 0;
}

}  // namespace EBM_PRECISION
}  // namespace ebm
