// Chapter: Y = X^2 under every loss and two architectures

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <map>

#include "ebm/core/pool.hpp"
#include "ebm/models/parabola.hpp"
#include "ebm/report/format.hpp"
#include "teach.hpp"

namespace ebm::app {
namespace {

using models::ParabolaOptions;
using models::ParabolaRecord;
using Architecture = ParabolaOptions::Architecture;

// The losses of LeCun et al. 2006.
constexpr std::array<std::string_view, 10> kLosses{
    "energy",        "perceptron",         "hinge", "log", "lvq2", "mce",
    "square-square", "square-exponential", "nll",   "mee"};
constexpr int kSide = 48;
constexpr int kFlatPasses = 100;  // at most, from the flat start: then all is decided

struct Planned {
  std::string_view set;  // "reference", or "small": weights divided by 4 at the start, a constant step
  ParabolaOptions options;
  int passes;
};

bool runs_loss(const Lesson& lesson, std::string_view loss) {
  return lesson.loss.empty() || loss == lesson.loss;
}

std::vector<Planned> plan(const Lesson& lesson) {
  std::vector<Planned> out;
  for (const Architecture a : {Architecture::regression, Architecture::implicit})
    for (const std::string_view loss : kLosses) {
      if (!runs_loss(lesson, loss)) continue;
      ParabolaOptions o;
      o.architecture = a;
      o.loss = loss;
      o.seed = lesson.seed;
      out.push_back({"reference", o, lesson.passes});
    }
  for (const std::string_view loss :
       {"energy", "perceptron", "hinge", "square-square", "square-exponential", "nll"}) {
    if (!runs_loss(lesson, loss)) continue;
    ParabolaOptions o;
    o.loss = loss;
    o.seed = lesson.seed;
    o.divisor = 4;
    o.points = 201;  // with a step that stays, 20 leave the valley rough
    o.slow_after = 0;
    o.rate = 0.005;
    out.push_back({"small", o, std::min(lesson.passes, kFlatPasses)});
  }
  return out;
}

// Close together where much happens.
std::vector<int> looks(int passes) {
  std::vector<int> out;
  for (const int p : {1, 2, 3, 4, 6, 8, 10, 13, 17, 22, 28, 36, 46, 58, 72, 90, 110, 130})
    if (p < passes) out.push_back(p);
  return out;
}

std::string_view word(Architecture a) { return a == Architecture::regression ? "regression" : "implicit"; }

nlohmann::json as_json(const Planned& planned, const ParabolaRecord& r) {
  std::map<std::string, std::vector<double>> curves{
      {"loss", {}}, {"gap", {}}, {"truth", {}}, {"offending", {}}};
  for (const EpochReport& p : r.passes) {
    curves["loss"].push_back(p.loss);
    curves["gap"].push_back(p.gap);
    curves["truth"].push_back(p.truth);
    curves["offending"].push_back(p.offending);
  }
  nlohmann::json passes = nlohmann::json::object(), pictures = nlohmann::json::array();
  for (const auto& [name, values] : curves) passes[name] = rounded(values, 4);
  for (const models::ParabolaPicture& p : r.pictures) {
    const auto [low, high] = std::ranges::minmax(p.surface);
    pictures.push_back({{"pass", p.pass},
                        {"rmse", rounded(p.measure.rmse, 4)},
                        {"truth", rounded(p.measure.truth, 4)},
                        {"offending", rounded(p.measure.offending, 4)},
                        {"range", rounded(p.measure.range, 4)},
                        {"low", rounded(low)},
                        {"high", rounded(high)},
                        {"surface", quantised(p.surface, low, high)},
                        {"answers", quantised(p.answers, -1, 1)}});
  }
  return {{"set", planned.set},
          {"architecture", word(planned.options.architecture)},
          {"loss", planned.options.loss},
          {"rate", planned.options.rate > 0
                       ? planned.options.rate
                       : models::parabola_rate(planned.options.architecture, planned.options.loss)},
          {"verdict", models::to_string(r.verdict.kind)},
          {"why", r.verdict.why},
          {"seconds", rounded(r.seconds, 3)},
          {"passes", passes},
          {"pictures", pictures}};
}

void add_table(report::Page& page, const nlohmann::json& runs, std::string_view set,
               std::string_view caption) {
  report::Table table(
      {"architecture", "loss", "step", "verdict", "RMSE", "E of truth", "E of offender", "range"});
  for (const auto& run : runs) {
    if (run["set"] != set) continue;
    const auto& end = run["pictures"].back();
    table.row({run["architecture"], run["loss"], fmt::format("{:g}", run["rate"].get<double>()),
               run["verdict"], report::fixed(end["rmse"], 3), report::fixed(end["truth"], 2),
               report::fixed(end["offending"], 2), report::fixed(end["range"], 2)});
  }
  page.table(table, caption);
}

struct Remark {
  std::vector<std::string_view> losses;
  std::string_view text;  // {} are those of them that run
};

std::string spoken(std::string_view loss) {
  for (const auto& [key, name] : {std::pair{"lvq2", "LVQ2"}, {"mce", "MCE"}, {"nll", "NLL"}, {"mee", "MEE"}})
    if (loss == key) return name;
  return std::string(loss);
}

// What is to be said of the losses that run, and of no other.
std::string remarks(const Lesson& lesson, std::string text, std::span<const Remark> all) {
  for (const Remark& remark : all) {
    std::vector<std::string> running;
    for (const std::string_view loss : remark.losses)
      if (runs_loss(lesson, loss)) running.push_back(spoken(loss));
    if (running.empty()) continue;
    text += ' ' + fmt::format(fmt::runtime(remark.text), fmt::join(running, ", "));
  }
  return text;
}

std::string what_to_look_for(const Lesson& lesson) {
  static const std::vector<Remark> kRemarks{
      {{"energy"},
       "Energy loss (section 2.2.1, eq. 6): safe in the regression, sinking in the implicit architecture, "
       "for "
       "it pushes nothing up."},
      {{"perceptron"},
       "Perceptron (2.2.2, eq. 7): no margin, so it stops as soon as the truth is the lowest, by however "
       "little."},
      {{"hinge", "log", "lvq2", "mce", "square-square", "square-exponential"},
       "Margin losses ({}; 2.2.3): the most offending incorrect answer is pushed up (eq. 8 and 9), the "
       "lowest Y "
       "further than 0.1 from the truth."},
      {{"square-square", "square-exponential"},
       "Distances ({}): the truth is pulled to 0 and the offender pushed up, each for itself, so the "
       "energies "
       "can be read."},
      {{"nll", "mee"},
       "Sums ({}): all Y are pushed up, here 20 even points; 20 energies a step instead of 2, and deeper."},
      {{"hinge", "log", "mce", "nll"},
       "Losses of the gap alone ({}): look at how high E of the truth stays, and never read it as a "
       "confidence."}};
  return remarks(lesson, "What to look for.", kRemarks);
}

std::string flat_start(const Lesson& lesson) {
  static const std::vector<Remark> kRemarks{
      {{"energy"}, "Now the energy loss collapses without mercy."},
      {{"perceptron", "hinge", "square-square", "square-exponential"},
       "A flat start is a trap where a single point is pushed up ({}): the offending answer has the energy "
       "of "
       "the truth, and what is pushed up next door is pulled down here."},
      {{"square-square"}, "Square-square can rest at E = m/2 everywhere."},
      {{"nll"}, "NLL pushes on all answers at once and gets away."}};
  return remarks(lesson, "The same with all weights divided by 4 at the start and a step that never shrinks.",
                 kRemarks);
}

nlohmann::json run(const Lesson& lesson, report::Page& page, report::Progress& bar) {
  const std::vector<Planned> planned = plan(lesson);
  std::vector<ParabolaRecord> records(planned.size());
  parallel_for(planned.size(), [&](std::size_t i) {
    records[i] = models::record_parabola(planned[i].options, planned[i].passes, looks(planned[i].passes),
                                         kSide, [&] { bar.advance(); });
  });
  nlohmann::json runs = nlohmann::json::array();
  bool small = false;
  for (std::size_t i = 0; i < planned.size(); ++i) {
    runs.push_back(as_json(planned[i], records[i]));
    small = small || planned[i].set == "small";
  }

  page.paragraph(
      "A machine is to learn Y = X\u00b2 from 200 points, X between \u22121 and 1. It is given "
      "an energy, "
      "not a formula for Y: for an X it answers with the Y of least energy (eq. 1).");
  page.paragraph(
      "Regression: E = |G(X) \u2212 Y|, one net. Whatever the net does, the energy over Y is a V with its "
      "point at "
      "G(X); pulling the truth down moves the V onto it. Implicit regression: E = |G\u2081(X) \u2212 "
      "G\u2082(Y)|\u2081, "
      "two nets that must agree. It can say that several Y are right, or none; but if both nets become the "
      "same "
      "constant, E is 0 everywhere and says nothing. That is the collapse.");
  page.paragraph(
      "Move the slider: all surfaces below are shown after so many passes over the data. X runs to the "
      "right, Y "
      "upwards; dark is low energy. White dashes are Y = X\u00b2, orange dots the answers. A tap on a "
      "surface "
      "enlarges it and shows its curves.");
  page.figure(
      widget("surfaces", "parabola:reference"),
      "Every surface is drawn with one scale from its lowest point to the larger of its range now and half "
      "its range at the start, so that a surface that goes flat also looks flat.");
  page.paragraph(what_to_look_for(lesson));
  add_table(
      page, runs, "reference",
      "After the last pass. RMSE of the answer; mean energy of the truth and of the most offending incorrect "
      "answer; mean range of E over Y.");
  if (small) {
    page.paragraph(flat_start(lesson));
    page.figure(widget("surfaces", "parabola:small"),
                fmt::format("Weights divided by 4, step 0.005, {} passes.", planned.back().passes));
    add_table(page, runs, "small", "Weights divided by 4: after the last pass.");
  }
  std::vector<double> parabola;
  for (int c = 0; c < kSide; ++c) {
    const double x = -1 + 2.0 * c / (kSide - 1);
    parabola.push_back(x * x);
  }
  return {{"side", kSide},
          {"curves", nlohmann::json::array({rounded(parabola)})},
          {"groups",
           {{"regression", "Regression: E = |G(X) \u2212 Y|"},
            {"implicit", "Implicit regression: E = |G\u2081(X) \u2212 G\u2082(Y)|\u2081"}}},
          {"runs", runs}};
}

}  // namespace

Chapter parabola_chapter() {
  return {"parabola",
          "Y = X\u00b2: which loss collapses where",
          {kLosses.begin(), kLosses.end()},
          [](const Lesson& lesson) {
            std::size_t steps = 0;
            for (const Planned& p : plan(lesson)) steps += static_cast<std::size_t>(p.passes);
            return steps;
          },
          run};
}

}  // namespace ebm::app
