// Chapters on one slice of energies: what each loss does to it, and what beta does to NLL

#include <fmt/format.h>

#include <array>
#include <cmath>

#include "ebm/losses/catalogue.hpp"
#include "ebm/train/trainer.hpp"
#include "teach.hpp"

namespace ebm::app {
namespace {

// Energies of a few answers to one X, free to move: a table of W.
class Slice {
 public:
  Slice(std::span<const double> energies, int truth, const AnyLoss& loss, double rate)
      : rate_(rate),
        count_(static_cast<int>(energies.size())),
        param_(W_.table("energies", {count_})),
        model_(W_,
               [this, truth](FactorGraph& g, const int&) {
                 g.add(factor::table(W_, param_), g.output("y", Labels(count_), truth));
               }),
        ready_(model_.prepare(0)),
        train_(model_, loss, infer::Exhaustive{}, optim::Sgd{.rate = rate}) {
    for (std::size_t k = 0; k < energies.size(); ++k) W_.view(param_)[k] = static_cast<Real>(energies[k]);
  }
  Slice(const Slice&) = delete;
  Slice& operator=(const Slice&) = delete;

  std::vector<double> energies() const {
    const ConstView e = W_.view(param_);
    return {e.span().begin(), e.span().end()};
  }
  // One step down the loss; gives its value before, and the slope on every answer.
  double step(std::vector<double>& slope) {
    const std::vector<double> before = energies();
    const double value = train_.epoch(ready_).loss;
    slope = energies();
    for (std::size_t k = 0; k < slope.size(); ++k) slope[k] = (before[k] - slope[k]) / rate_;
    return value;
  }

 private:
  double rate_;
  int count_;
  Params W_;
  Param param_;
  Model<int> model_;
  Prepared ready_;
  Trainer<int> train_;
};

constexpr std::array<double, 9> kEnergies{2.2, 1.7, 1.1, 0.6, 0.9, 1.2, 0.8, 1.5, 2.1};
constexpr int kTruth = 5, kSteps = 30;

std::string_view note(std::string_view loss) {
  if (loss == "energy") return "Only the truth is pulled, and it falls without end.";
  if (loss == "perceptron") return "It rests once the truth is lowest: no gap is asked for.";
  if (loss == "hinge") return "It rests once the gap is the margin.";
  if (loss == "log") return "A soft hinge: the arrows shrink as the gap grows, and never vanish.";
  if (loss == "lvq2")
    return "The ratio of the energies counts; like the perceptron it rests at a gap of zero.";
  if (loss == "mce")
    return "A soft count of errors: strongest near the decision, weak where all is lost or won.";
  if (loss == "square-square")
    return "The truth is pulled towards 0, the offender up to the margin, each for itself.";
  if (loss == "square-exponential") return "As square-square, but the push up never ends, it only gets weak.";
  if (loss == "nll")
    return "Everybody is pushed up by his probability; the pushes add up to the pull on the truth.";
  if (loss == "mee") return "As NLL times P of the truth: little happens while the truth is improbable.";
  if (loss == "contrastive-exponential")
    return "For pairs: a genuine pair is the truth, an impostor is pushed up.";
  if (loss == "contrastive-margin") return "For pairs: half of square-square.";
  return "";
}

// Those that need no samples: a slice has no chain.
std::vector<std::string_view> losses_of_arrows() {
  std::vector<std::string_view> out;
  for (const loss::Row& row : loss::catalogue())
    if (!row.needs.samples) out.push_back(row.key);
  return out;
}

nlohmann::json run_arrows(const Lesson& lesson, report::Page& page, report::Progress& bar) {
  nlohmann::json runs = nlohmann::json::array();
  for (const loss::Row& row : loss::catalogue()) {
    if (row.needs.samples || (!lesson.loss.empty() && row.key != lesson.loss)) continue;
    Slice slice(kEnergies, kTruth, row.make({}), 0.1);
    nlohmann::json steps = nlohmann::json::array();
    for (int k = 0; k <= kSteps; ++k) {
      const std::vector<double> energy = slice.energies();
      std::vector<double> slope;
      const double value = slice.step(slope);
      steps.push_back(
          {{"energy", rounded(energy, 4)}, {"slope", rounded(slope, 3)}, {"value", rounded(value, 4)}});
    }
    runs.push_back(
        {{"loss", row.key}, {"equation", row.equation}, {"note", note(row.key)}, {"steps", steps}});
    bar.advance();
  }
  page.paragraph(
      "One X, nine answers, each with an energy that is free to move. Green is the truth, red the most "
      "offending "
      "incorrect answer (eq. 8). The arrows are minus the slopes of the loss: where a step of learning takes "
      "each "
      "energy. Choose a loss (section 2.2), then take steps.");
  page.figure(
      widget("arrows", ""),
      "Arrows are drawn relative to the strongest at the start. The slopes were taken from the trainer's own "
      "steps on a table of energies, step 0.1.");
  return {{"truth", kTruth}, {"runs", runs}};
}

nlohmann::json run_beta(const Lesson&, report::Page& page, report::Progress& bar) {
  nlohmann::json steps = nlohmann::json::array();
  const double lowest = *std::ranges::min_element(kEnergies);
  const auto at = static_cast<std::size_t>(std::ranges::min_element(kEnergies) - kEnergies.begin());
  std::vector<double> slope;
  const double perceptron = Slice(kEnergies, kTruth, loss::Perceptron{}, 1).step(slope);
  const nlohmann::json rest{{"value", perceptron}, {"slope", rounded(slope)}};
  for (int k = 0; k <= 48; ++k) {
    const double beta = std::pow(10, -1.5 + 4.5 * k / 48);
    const double value = Slice(kEnergies, kTruth, loss::NegativeLogLikelihood{.beta = beta}, 1).step(slope);
    double sum = 0;
    for (const double e : kEnergies) sum += std::exp(-beta * (e - lowest));
    steps.push_back({{"beta", rounded(beta, 3)},
                     {"value", rounded(value)},
                     {"slope", rounded(slope, 4)},
                     {"truth", rounded(std::exp(-beta * (kEnergies[kTruth] - lowest)) / sum, 3)},
                     {"lowest", rounded(-slope[at], 3)},
                     {"bound", rounded(std::log(static_cast<double>(kEnergies.size())) / beta, 3)}});
    bar.advance();
  }
  page.paragraph(
      "Gibbs turns energies into probabilities, P(Y) = exp(\u2212\u03b2 E(Y)) / \u2211 exp(\u2212\u03b2 E) "
      "(eq. 2), and "
      "maximum likelihood into the NLL loss: L = E(truth) + (1/\u03b2) log \u2211 exp(\u2212\u03b2 E(Y)). "
      "It pushes every answer up by its probability. The inverse temperature \u03b2 says how far that goes.");
  page.paragraph(
      "Small \u03b2: all answers look alike and are pushed alike, by 1/K each. Large \u03b2: only the lowest "
      "answer is "
      "left, the sum becomes a minimum, and NLL is the perceptron loss (grey arrows). Between, near "
      "competitors share "
      "the push, which is what makes a margin.");
  page.figure(widget("beta", ""), "Arrows: NLL at this \u03b2. Grey, behind: the perceptron loss.");
  return {{"energy", kEnergies}, {"truth", kTruth}, {"high", 2.6}, {"perceptron", rest}, {"steps", steps}};
}

}  // namespace

Chapter arrows_chapter() {
  return {"arrows", "Push down, pull up: what every loss does to a slice", losses_of_arrows(),
          [](const Lesson& lesson) { return lesson.loss.empty() ? losses_of_arrows().size() : 1; },
          run_arrows};
}

Chapter beta_chapter() {
  return {"beta",
          "From likelihood to the perceptron by one number",
          {},
          [](const Lesson&) { return std::size_t{49}; },
          run_beta};
}

}  // namespace ebm::app
