#include "ebm/losses/catalogue.hpp"

namespace ebm::loss {
namespace {

// A loss of given settings. Every option is a field of the same name.
template <class L>
AnyLoss make(const LossSettings& s) {
  L loss;
  const auto refuse = [](std::string_view option) {
    throw LossError(message("[loss] ", L::kKey, " has no ", option, "; leave it out"));
  };
  if (s.beta) {
    if constexpr (requires { loss.beta; })
      loss.beta = *s.beta;
    else
      refuse("beta");
  }
  if (s.margin) {
    if constexpr (requires { loss.margin; })
      loss.margin = *s.margin;
    else
      refuse("margin");
  }
  if (s.gamma) {
    if constexpr (requires { loss.gamma; })
      loss.gamma = *s.gamma;
    else
      refuse("gamma");
  }
  if (s.delta) {
    if constexpr (requires { loss.delta; })
      loss.delta = *s.delta;
    else
      refuse("delta");
  }
  if (s.q) {
    if constexpr (requires { loss.q; })
      loss.q = *s.q;
    else
      refuse("q");
  }
  if (s.steps) {
    if constexpr (requires { loss.steps; })
      loss.steps = *s.steps;
    else
      refuse("steps");
  }
  if (s.rescaling) {
    if constexpr (requires { loss.rescaling; })
      loss.rescaling = *s.rescaling;
    else
      refuse("margin between answers");
  }
  return loss;
}

template <class L>
std::vector<Option> options() {
  const L loss;
  std::vector<Option> out;
  if constexpr (requires { loss.beta; }) out.push_back({"beta", loss.beta});
  if constexpr (requires { loss.margin; }) out.push_back({"margin", loss.margin});
  if constexpr (requires { loss.gamma; }) out.push_back({"gamma", loss.gamma});
  if constexpr (requires { loss.delta; }) out.push_back({"delta", loss.delta});
  if constexpr (requires { loss.q; }) out.push_back({"q", loss.q});
  if constexpr (requires { loss.steps; }) out.push_back({"steps", static_cast<double>(loss.steps)});
  return out;
}

// What a loss says in words.
struct Words {
  std::string_view name, equation, truth_slope, contrast_slope, margin, contrast, energies, source;
};

template <class L>
Row row(const Words& w) {
  return {.key = L::kKey,
          .name = w.name,
          .equation = w.equation,
          .truth_slope = w.truth_slope,
          .contrast_slope = w.contrast_slope,
          .margin = w.margin,
          .contrast = w.contrast,
          .energies = w.energies,
          .source = w.source,
          .needs = L::kNeeds,
          .contrasts = L::kContrasts,
          .can_collapse = L::kCanCollapse,
          .options = options<L>(),
          .rescales = requires(L loss){loss.rescaling;
}
, .make = make<L>
};  // namespace
}  // namespace ebm::loss

constexpr std::string_view kOffending = "most offending answer", kLeast = "least of all answers",
                           kAll = "all answers, summed", kImpostor = "impostor, or offending answer",
                           kAny = "any", kDistance = "at least 0", kSome = "above 0";

}  // namespace

std::span<const Row> catalogue() {
  static const std::vector<Row> rows{
      row<Energy>({.name = "energy",
                   .equation = "e",
                   .truth_slope = "1",
                   .contrast_slope = "0",
                   .margin = "none",
                   .contrast = "nothing",
                   .energies = kAny,
                   .source = "LeCun et al. 2006, 2.2.1"}),
      row<Perceptron>({.name = "perceptron",
                       .equation = "e - min_y E(y)",
                       .truth_slope = "1 - [y* = truth]",
                       .contrast_slope = "-1 at y*",
                       .margin = "0",
                       .contrast = kLeast,
                       .energies = kAny,
                       .source = "LeCun et al. 2006, 2.2.2; Collins 2002"}),
      row<Hinge>({.name = "hinge",
                  .equation = "[m + e - o]+",
                  .truth_slope = "1 or 0",
                  .contrast_slope = "-1 or 0",
                  .margin = "m",
                  .contrast = kOffending,
                  .energies = kAny,
                  .source = "LeCun et al. 2006, 2.2.3; Altun, Tsochantaridis, Hofmann 2003"}),
      row<Log>({.name = "log",
                .equation = "log(1 + exp(e - o))",
                .truth_slope = "s(e - o)",
                .contrast_slope = "-s(e - o)",
                .margin = kSome,
                .contrast = kOffending,
                .energies = kAny,
                .source = "LeCun et al. 2006, 2.2.3"}),
      row<Lvq2>({.name = "learning vector quantisation 2",
                 .equation = "min(1, [(e - o) / (delta o)]+)",
                 .truth_slope = "1 / (delta o) or 0",
                 .contrast_slope = "-e / (delta o^2) or 0",
                 .margin = "0",
                 .contrast = kOffending,
                 .energies = "at least 0, o above 0",
                 .source = "Kohonen, Barna, Chrisley 1988; LeCun et al. 2006, 2.2.3 (text)"}),
      row<Mce>({.name = "minimum classification error",
                .equation = "s(e - o)",
                .truth_slope = "s (1 - s)",
                .contrast_slope = "-s (1 - s)",
                .margin = kSome,
                .contrast = kOffending,
                .energies = kAny,
                .source = "Juang, Hou, Lee 1997; LeCun et al. 2006, 2.2.3"}),
      row<SquareSquare>({.name = "square-square",
                         .equation = "e^2 + ([m - o]+)^2",
                         .truth_slope = "2 e",
                         .contrast_slope = "-2 [m - o]+",
                         .margin = "m",
                         .contrast = kOffending,
                         .energies = kDistance,
                         .source = "LeCun, Huang 2005; LeCun et al. 2006, 2.2.3 (sign mended)"}),
      row<SquareExponential>({.name = "square-exponential",
                              .equation = "e^2 + gamma exp(-o)",
                              .truth_slope = "2 e",
                              .contrast_slope = "-gamma exp(-o)",
                              .margin = kSome,
                              .contrast = kOffending,
                              .energies = kDistance,
                              .source = "LeCun, Huang 2005; LeCun et al. 2006, 2.2.3"}),
      row<NegativeLogLikelihood>({.name = "negative log-likelihood, maximum mutual information",
                                  .equation = "e - F(all)",
                                  .truth_slope = "1 - P(truth)",
                                  .contrast_slope = "-P(y) on every y",
                                  .margin = kSome,
                                  .contrast = kAll,
                                  .energies = kAny,
                                  .source = "Bahl et al. 1986; LeCun et al. 2006"}),
      row<MinimumEmpiricalError>({.name = "minimum empirical error",
                                  .equation = "1 - P(truth)",
                                  .truth_slope = "beta P (1 - P)",
                                  .contrast_slope = "-beta P P(y) on every y",
                                  .margin = kSome,
                                  .contrast = kAll,
                                  .energies = kAny,
                                  .source = "Ljolje, Ephraim, Rabiner 1990; LeCun et al. 2006"}),
      row<ContrastiveExponential>({.name = "contrastive, exponential",
                                   .equation = "(2/q) e^2 + 2 q exp(-2.77 o / q)",
                                   .truth_slope = "4 e / q",
                                   .contrast_slope = "-5.54 exp(-2.77 o / q)",
                                   .margin = kSome,
                                   .contrast = kImpostor,
                                   .energies = kDistance,
                                   .source = "Chopra, Hadsell, LeCun 2005"}),
      row<ContrastiveMargin>({.name = "contrastive, margin",
                              .equation = "1/2 e^2 + gamma/2 ([m - o]+)^2",
                              .truth_slope = "e",
                              .contrast_slope = "-gamma [m - o]+",
                              .margin = "m",
                              .contrast = kImpostor,
                              .energies = kDistance,
                              .source = "Hadsell, Chopra, LeCun 2006, eq. 4"}),
      row<ContrastiveDivergence>({.name = "contrastive divergence",
                                  .equation = "e - E(sample)",
                                  .truth_slope = "1",
                                  .contrast_slope = "-1 at the sample",
                                  .margin = "as nll",
                                  .contrast = "sample, steps from the truth",
                                  .energies = kAny,
                                  .source = "Hinton 2002"}),
      row<PersistentContrastiveDivergence>({.name = "persistent contrastive divergence",
                                            .equation = "e - E(sample)",
                                            .truth_slope = "1",
                                            .contrast_slope = "-1 at the sample",
                                            .margin = "as nll",
                                            .contrast = "sample, steps from the last",
                                            .energies = kAny,
                                            .source = "Tieleman 2008"}),
  };
  return rows;
}

}  // namespace ebm::loss
