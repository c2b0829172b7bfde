#include "check_report.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cassert>
#include <map>

#include "ebm/core/pool.hpp"
#include "ebm/lattice/compose.hpp"
#include "ebm/models/confidence.hpp"
#include "ebm/report/format.hpp"
#include "ebm/report/page.hpp"
#include "ebm/report/plot.hpp"
#include "field_picture.hpp"

namespace ebm::app {
namespace {

using models::CheckResult;
using report::fixed;
using report::grouped;
using report::percent;

constexpr std::size_t kGallery = 24, kMistakes = 24, kUnread = kPictures - kGallery - kMistakes;
constexpr int kRanks = 20;  // how far down the list of readings a label is looked for

// What all parts of the page speak of.
struct Subject {
  const models::CheckReader& reader;
  std::span<const io::LabelledImage> fields;
  std::span<const models::Check> checks;
  std::span<const CheckResult> results;
  const models::Verdict& verdict;
  double target_error;
  std::vector<std::size_t> order;  // fields with a reading, the surest first
  std::vector<models::Judged> judged;

  bool accepts(const CheckResult& r) const {
    return !r.readings.empty() && r.confidence() >= verdict.threshold;
  }
  double fraction(int count) const { return static_cast<double>(count) / std::max(1, verdict.fields); }
};

std::string wanted(const Subject& s) { return percent(s.target_error, s.target_error < 0.01 ? 2 : 1); }

void add_figures_of_merit(report::Page& page, const Subject& s) {
  const models::Verdict& v = s.verdict;
  page.tiles({{"Amounts right", percent(v.string_accuracy),
               fmt::format("95 % interval {} to {}; {} of {}, none rejected", fixed(100 * v.low, 1),
                           percent(v.high), grouped(v.correct), grouped(v.fields))},
              {"Read", percent(s.fraction(v.read)),
               fmt::format("{} fields, for at most {} read and wrong", grouped(v.read), wanted(s))},
              {"Read and wrong", percent(s.fraction(v.wrong), 2),
               fmt::format("{} fields; {} were wanted at most", grouped(v.wrong), wanted(s))},
              {"Rejected", percent(s.fraction(v.rejected)),
               fmt::format("{} fields left to a person", grouped(v.rejected))},
              {"Characters wrong", percent(v.digit_error_rate, 2), "changes per character of the labels"},
              {"Fields", grouped(v.fields),
               s.order.size() == s.results.size()
                   ? "all have a reading"
                   : fmt::format("{} have no reading at all",
                                 grouped(v.fields - static_cast<long long>(s.order.size())))}});
}

std::string reject_chart(const Subject& s) {
  report::Chart c;
  c.label = "Fields read and wrong against fields rejected";
  c.x = {.title = "rejected, of all fields", .log = false, .percent = true, .low = 0.0, .high = 1.0};
  c.y = {.title = "read and wrong, of all fields", .log = false, .percent = true, .low = 0.0, .high = {}};
  report::Series curve{.name = "any threshold", .x = {}, .y = {}};
  for (const models::RejectPoint& p : models::reject_curve(s.judged, s.results.size())) {
    curve.x.push_back(p.rejected);
    curve.y.push_back(p.error);
  }
  c.series = {curve,
              {.name = "the one chosen",
               .x = {s.fraction(s.verdict.rejected)},
               .y = {s.fraction(s.verdict.wrong)},
               .line = false,
               .points = true}};
  c.marks = {{s.target_error, "wanted error", false}};
  if (s.verdict.threshold <= 1)
    c.marks.push_back(
        {s.fraction(s.verdict.rejected), "confidence " + report::general(s.verdict.threshold, 3), true});
  return report::line_chart(c);
}

std::string calibration_chart(const Subject& s) {
  report::Chart c;
  c.label = "Fraction right against confidence";
  c.x = {.title = "confidence", .log = false, .percent = true, .low = 0.0, .high = 1.0};
  c.y = {.title = "right", .log = false, .percent = true, .low = 0.0, .high = 1.0};
  report::Series measured{.name = "measured", .x = {}, .y = {}, .points = true};
  for (const models::ConfidenceBin& bin : models::calibration(s.judged)) {
    measured.x.push_back(bin.confidence);
    measured.y.push_back(bin.accuracy);
  }
  c.series = {measured, {.name = "as it should be", .x = {0, 1}, .y = {0, 1}, .dashed = true}};
  return report::line_chart(c);
}

std::string confidence_chart(const Subject& s) {
  report::Histogram h;
  h.label = "Confidences of right and of wrong readings";
  h.x = {.title = "confidence", .log = false, .percent = true, .low = 0.0, .high = 1.0};
  h.y.title = "fields";
  h.y.whole = true;
  h.bins = 20;
  h.samples = {{"right", {}}, {"wrong", {}}};
  for (const models::Judged& j : s.judged) h.samples[j.right ? 0 : 1].values.push_back(j.confidence);
  if (s.verdict.threshold <= 1) h.marks = {{s.verdict.threshold, "threshold", true}};
  return report::histogram(h);
}

std::string length_chart(const Subject& s) {
  struct Tally {
    double fields = 0, right = 0;
  };
  std::map<std::size_t, Tally> tallies;
  for (const CheckResult& r : s.results) {
    ++tallies[r.amount.size()].fields;
    tallies[r.amount.size()].right += r.right();
  }
  report::Series right{.name = "", .x = {}, .y = {}, .points = true};
  for (const auto& [length, tally] : tallies) {
    right.x.push_back(static_cast<double>(length));
    right.y.push_back(tally.right / tally.fields);
  }
  report::Chart c;
  c.label = "Fraction right by the number of characters of the label";
  c.x.title = "characters of the label";
  c.x.whole = true;
  c.y = {.title = "right", .log = false, .percent = true, .low = 0.0, .high = 1.0};
  c.series = {right};
  return report::line_chart(c);
}

void add_rejection(report::Page& page, const Subject& s) {
  page.section("Reading or rejecting",
               "A wrong amount costs more than one that a person has to type in, so fields that the reader "
               "is not sure of are "
               "rejected. Every path has a weight, the exponential of minus its energy; the confidence in an "
               "amount is the share of "
               "the weight that lies on paths that spell it.");
  const std::size_t known = s.reader.judged.size();
  if (known == 0)
    page.paragraph(
        "This model was trained without validation fields, so there is nothing to choose a threshold from "
        "and every field is rejected.");
  else if (s.verdict.threshold > 1)
    page.paragraph(
        fmt::format("On the {} validation fields of the training no threshold keeps the error at {}: every "
                    "field is rejected.",
                    grouped(static_cast<long long>(known)), wanted(s)));
  else
    page.paragraph(fmt::format(
        "Fields of confidence {} and more are read. That threshold was chosen on the {} validation fields of "
        "the training, for an error of {}; the fields of this page had no say in it, so their error may come "
        "out on either side of the wanted one.",
        report::general(s.verdict.threshold, 4), grouped(static_cast<long long>(known)), wanted(s)));
  page.figure(reject_chart(s),
              "Error against rejection: every point of the curve is one threshold. Further down and further "
              "left is better.");
  page.figure(calibration_chart(s),
              "Can the confidence be believed? Readings by confidence, in ten bins. Below the dashed line "
              "the reader is too sure of itself.");
  page.figure(
      confidence_chart(s),
      "Confidences of right and of wrong readings. The further apart, the fewer fields have to be rejected.");
  page.figure(length_chart(s), "Longer amounts have more characters to get wrong.");
}

// Whether the label was a near miss, or out of reach: another thing to mend each time.
std::string where_the_label_stands(const Subject& s, std::size_t i) {
  const CheckResult& r = s.results[i];
  if (!lattice::compose(s.reader.lattice(s.checks[i]), lattice::acceptor(r.amount)).lattice.has_path())
    return "The label cannot be reached: no path through these cuts and this grammar spells it.";
  const auto readings = s.reader.read(s.checks[i], kRanks);
  for (std::size_t k = 0; k < readings.size(); ++k)
    if (readings[k].amount == r.amount)
      return fmt::format("The label is reading {}, {} above.", k + 1,
                         fixed(readings[k].energy - readings[0].energy, 2));
  return fmt::format("The label is not among the {} best readings.", kRanks);
}

report::Card card(const Subject& s, std::size_t i) {
  const CheckResult& r = s.results[i];
  const bool any = !r.readings.empty();
  report::Card out;
  out.picture =
      field_picture(s.fields[i].image, s.checks[i], s.reader.config(), any ? &r.readings[0] : nullptr);
  if (!any) {
    out.title = "label " + r.amount;
    out.lines = {r.reason, r.file};
    return out;
  }
  const models::Reading& best = r.readings[0];
  out.tone = r.right() ? report::Card::Tone::good : report::Card::Tone::bad;
  out.title =
      r.right() ? best.amount + ", right" : fmt::format("{}, but the label is {}", best.amount, r.amount);
  out.lines.push_back(fmt::format("energy {}, confidence {}; {}", fixed(best.energy, 2),
                                  percent(best.confidence), s.accepts(r) ? "read" : "rejected"));
  if (r.readings.size() > 1) {
    const models::Reading& second = r.readings[1];
    out.lines.push_back(fmt::format("second: {} ({} above, {})", second.amount,
                                    fixed(second.energy - best.energy, 2), percent(second.confidence)));
  }
  out.lines.push_back("path: " + path_text(best, s.reader.config().recogniser));
  if (!r.right()) out.lines.push_back(where_the_label_stands(s, i));
  out.lines.push_back(r.file);
  return out;
}

std::vector<report::Card> cards(const Subject& s, std::span<const std::size_t> which) {
  std::vector<report::Card> out(which.size());
  parallel_for(which.size(), [&](std::size_t k) { out[k] = card(s, which[k]); });
  return out;
}

// At most `most` of them, evenly spread, the first and the last among them.
std::vector<std::size_t> spread(std::span<const std::size_t> all, std::size_t most) {
  if (all.size() <= most) return {all.begin(), all.end()};
  std::vector<std::size_t> out;
  for (std::size_t k = 0; k < most; ++k) out.push_back(all[k * (all.size() - 1) / (most - 1)]);
  return out;
}

void add_gallery(report::Page& page, const Subject& s) {
  if (s.order.empty()) return;
  const std::vector<std::size_t> shown = spread(s.order, kGallery);
  const bool hos = s.reader.config().recogniser == models::Recogniser::hos;
  page.section("Fields, from the surest to the least sure",
               fmt::format("{} of {} fields with a reading, spread evenly over their confidence. ",
                           shown.size(), grouped(static_cast<long long>(s.order.size()))) +
                   (hos ? "Thin blue lines are the cuts that were proposed, thick orange ones those of the "
                          "best path; below stands "
                          "what each piece was read as, and a cross where a piece was left out as rubbish. "
                        : "The net slides along the field; orange lines part the characters of the best "
                          "path, which stand below, and the columns between them are rubbish. ") +
                   "The path lists every character with its energy in nats: the lower, the surer. A green "
                   "edge is a right reading, a red edge a wrong one.");
  page.gallery(cards(s, shown));
}

void add_mistakes(report::Page& page, const Subject& s) {
  std::vector<std::size_t> wrong;
  std::ranges::copy_if(s.order, std::back_inserter(wrong),
                       [&](std::size_t i) { return !s.results[i].right(); });
  const std::size_t all = wrong.size();
  if (all > kMistakes) wrong.resize(kMistakes);
  page.section("The most confident mistakes",
               all == 0 ? "There is none: every reading is right."
                        : fmt::format("{} of {} wrong readings, the surest first. These are the ones that no "
                                      "threshold catches; some of the labels may be wrong too.",
                                      wrong.size(), grouped(static_cast<long long>(all))));
  if (all > 0) page.gallery(cards(s, wrong));
}

void add_unread(report::Page& page, const Subject& s) {
  std::vector<std::size_t> unread;
  for (std::size_t i = 0; i < s.results.size(); ++i)
    if (s.results[i].readings.empty()) unread.push_back(i);
  if (unread.empty()) return;
  const std::size_t all = unread.size();
  if (all > kUnread) unread.resize(kUnread);
  page.section("Fields with no reading", fmt::format("{} of {}, with the reason.", unread.size(),
                                                     grouped(static_cast<long long>(all))));
  page.gallery(cards(s, unread));
}

void add_model(report::Page& page, const Subject& s) {
  const models::CheckReaderConfig& c = s.reader.config();
  report::Table table({"", ""});
  table.row({"recogniser", c.recogniser == models::Recogniser::hos
                               ? "hos: pieces between cuts"
                               : "sdnn: a net that slides along the field"});
  table.row({"characters", c.alphabet.characters});
  table.row({"grammar", c.grammar_name});
  table.row({"ink", c.ink == models::InkColour::light ? "light" : "dark"});
  table.row({"trained weights", grouped(static_cast<long long>(s.reader.params().count()))});
  table.row({"seed", std::to_string(c.seed)});
  table.row({"validation fields", grouped(static_cast<long long>(s.reader.judged.size()))});
  page.section("The model").table(table);
}

}  // namespace

void write_check_report(const std::filesystem::path& path, const models::CheckReader& reader,
                        std::span<const io::LabelledImage> fields, std::span<const models::Check> checks,
                        std::span<const CheckResult> results, const models::Verdict& verdict,
                        double target_error) {
  assert(fields.size() == results.size() && checks.size() == results.size());
  Subject s{reader, fields, checks, results, verdict, target_error, {}, {}};
  for (std::size_t i = 0; i < results.size(); ++i)
    if (!results[i].readings.empty()) s.order.push_back(i);
  std::ranges::stable_sort(s.order, std::greater<>{}, [&](std::size_t i) { return results[i].confidence(); });
  for (const std::size_t i : s.order) s.judged.push_back({results[i].confidence(), results[i].right()});

  report::Page page(
      "Check reader: what it reads and what it rejects",
      "Every way to cut a field into characters and to read them is a path with an energy; the amount of the "
      "lowest path is the reading. Energies are in nats, and lower is better.");
  add_figures_of_merit(page, s);
  add_rejection(page, s);
  add_history(page, reader.notes);
  add_gallery(page, s);
  add_mistakes(page, s);
  add_unread(page, s);
  add_model(page, s);
  page.save(path);
}

}  // namespace ebm::app
