#include "check_history.hpp"

#include <fmt/format.h>

#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>

#include "ebm/report/format.hpp"
#include "ebm/report/plot.hpp"

namespace ebm::app {
namespace {

using nlohmann::json;

json passes(const std::vector<EpochReport>& reports) {
  json out = json::array();
  for (const EpochReport& r : reports)
    out.push_back({{"epoch", r.epoch},
                   {"loss", r.loss},
                   {"error", r.error},
                   {"gap", r.gap},
                   {"truth", r.truth},
                   {"offending", r.offending},
                   {"collapsed", r.collapsed}});
  return out;
}

json stage(const History& h) {
  return {{"train", passes(h.train)}, {"validation", passes(h.validation)}, {"best", h.best}};
}

// JSON has no NaN and no infinity: they were written as null.
double number(const json& value) {
  return value.is_number() ? value.get<double>() : std::numeric_limits<double>::quiet_NaN();
}

report::Series series(const json& passes, const char* name, const char* what) {
  report::Series out;
  out.name = name;
  out.points = passes.size() < 60;
  for (const json& pass : passes) {
    out.x.push_back(number(pass.at("epoch")));
    out.y.push_back(number(pass.at(what)));
  }
  return out;
}

std::string chart(const json& stage, const char* what, const report::Axis& y) {
  report::Chart c;
  c.label = y.title + " by pass, on the fields trained on and on the fields kept back";
  c.x.title = "pass";
  c.x.whole = true;
  c.y = y;
  c.series.push_back(series(stage.at("train"), "trained on", what));
  if (!stage.at("validation").empty()) c.series.push_back(series(stage.at("validation"), "kept back", what));
  if (const int best = stage.at("best"); best > 0)
    c.marks.push_back({static_cast<double>(best), "kept", true});
  return report::line_chart(c);
}

std::string gap(const json& stage) {
  return chart(stage, "gap",
               {.title = "energy gap, nats", .log = false, .percent = false, .low = {}, .high = {}});
}
std::string loss(const json& stage) {
  return chart(stage, "loss",
               {.title = "loss, nats", .log = false, .percent = false, .low = 0.0, .high = {}});
}
std::string error(const json& stage) {
  return chart(stage, "error", {.title = "wrong", .log = false, .percent = true, .low = 0.0, .high = {}});
}

bool has_passes(const json& note, const char* name) {
  return note.contains(name) && !note.at(name).at("train").empty();
}

bool collapsed(const json& stage) {
  for (const json& pass : stage.at("train"))
    if (pass.at("collapsed").get<bool>()) return true;
  return false;
}

}  // namespace

std::string history_note(const models::CheckTrainingReport& t) {
  return json{{"fields", t.fields},
              {"validation_fields", t.validation_fields},
              {"skipped", t.refused.size()},
              {"characters", stage(t.characters)},
              {"global", stage(t.global)}}
      .dump();
}

void add_history(report::Page& page, std::string_view text) {
  try {
    const json note = json::parse(text);
    const bool characters = has_passes(note, "characters"), global = has_passes(note, "global");
    if (!characters && !global) return;
    page.section("How it was trained",
                 "The energy gap is how far the most tempting wrong answer lies above the right one. "
                 "Training should push it "
                 "above zero and let it grow. Where the curve of the fields kept back turns down while the "
                 "other still rises, "
                 "the reader learns its training fields by heart.");
    if (global) {
      const json& s = note.at("global");
      page.paragraph(fmt::format(
          "The whole reader at once, from {} pictures and their amounts alone; {} more were kept back to "
          "choose the best pass and the reject threshold.",
          report::grouped(note.at("fields")), report::grouped(note.at("validation_fields"))));
      page.figure(
          gap(s),
          "Energy gap by pass: E(most offending amount) - E(label), mean over the fields. Higher is better.");
      page.figure(loss(s), "Loss by pass, mean over the fields. Lower is better.");
      if (collapsed(s))
        page.paragraph("In some pass the energies collapsed: they no longer told answers apart.");
    }
    if (characters) {
      const json& s = note.at("characters");
      page.paragraph("Before that, the recogniser alone, on single characters cut from made fields.");
      page.figure(gap(s), "Energy gap by pass, mean over the characters.");
      page.figure(error(s), "Characters told wrong by the recogniser alone, by pass.");
    }
  } catch (const json::exception&) {  // a note is for people: a strange one spoils no report
    page.section("How it was trained")
        .paragraph("The model carries a note on its training that this program cannot read.");
  }
}

}  // namespace ebm::app
