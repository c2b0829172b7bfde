// ebm teach: energy-based learning as one page of small experiments, each run here and now

#include "teach.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cmath>
#include <filesystem>

#include "command.hpp"
#include "ebm/core/error.hpp"
#include "ebm/io/file.hpp"
#include "ebm/report/format.hpp"

namespace ebm::app {
namespace {

struct Options {
  Common common;
  std::string out = "teach.html", chapter, loss;
  int epochs = 150;
};

std::vector<Chapter> chapters() {
  return {parabola_chapter(), classifiers_chapter(), arrows_chapter(),
          beta_chapter(),     latent_chapter(),      descent_chapter()};
}

std::vector<std::string> names(const std::vector<Chapter>& all) {
  std::vector<std::string> out;
  for (const Chapter& c : all) out.emplace_back(c.name);
  return out;
}

bool runs(const Chapter& c, std::string_view loss) {
  return std::ranges::find(c.losses, loss) != c.losses.end();
}

// Refuses a loss that no chosen chapter runs, in one sentence that says what there is.
void check_loss(const Options& o) {
  if (o.loss.empty()) return;
  std::vector<std::string_view> there;  // of the chosen chapters, each once
  std::string elsewhere;
  for (const Chapter& c : chapters()) {
    if (runs(c, o.loss)) elsewhere = c.name;
    if (!o.chapter.empty() && c.name != o.chapter) continue;
    if (runs(c, o.loss)) return;
    for (const std::string_view loss : c.losses)
      if (std::ranges::find(there, loss) == there.end()) there.push_back(loss);
  }
  const std::string who = o.chapter.empty() ? "no chapter" : "chapter '" + o.chapter + "'";
  throw CLI::ValidationError(
      "--loss", fmt::format("{} runs {}{}{}", who,
                            o.chapter.empty() ? o.loss
                            : there.empty()   ? "no single loss"
                                              : "no " + o.loss,
                            elsewhere.empty() ? "" : "; chapter '" + elsewhere + "' does",
                            there.empty() ? "" : fmt::format("; there are {}", fmt::join(there, ", "))));
}

int teach(const Options& o) {
  apply(o.common);
  const std::filesystem::path page_at(o.out),
      data_at = std::filesystem::path(page_at).replace_extension(".json");
  if (page_at == data_at)
    throw DataError(o.out + ": the data go beside the page as .json; give it another name");
  check_outputs(o.common, {{"--out", o.out}, {"--out", data_at}}, {});
  const auto start = std::chrono::steady_clock::now();
  const Lesson lesson{.seed = o.common.seed, .passes = o.epochs, .loss = o.loss};
  std::vector<Chapter> todo = chapters();
  std::erase_if(todo, [&](const Chapter& c) {
    return (!o.chapter.empty() && c.name != o.chapter) || (!o.loss.empty() && !runs(c, o.loss));
  });
  std::size_t steps = 0;
  for (const Chapter& c : todo) steps += c.steps(lesson);
  report::Progress::Options shown;
  shown.quiet = o.common.quiet;
  report::Progress bar("teach", steps, shown);
  report::Page page(
      "Energy-based learning, seen",
      "Every picture below was computed when this page was made. An energy E(W, X, Y) says how badly "
      "an answer Y fits an observation X: lower is better. Inference looks for the Y of least energy; "
      "learning shapes the surface so that the right answer is it. Equations and sections are those "
      "of LeCun, Chopra, Hadsell, Ranzato, Huang, A Tutorial on Energy-Based Learning, 2006.");
  nlohmann::json data{{"seed", o.common.seed}}, times = nlohmann::json::object();
  for (const Chapter& c : todo) {
    const auto began = std::chrono::steady_clock::now();
    bar.note(std::string(c.name));
    page.section(c.title);
    data[std::string(c.name)] = c.run(lesson, page, bar);
    times[std::string(c.name)] =
        rounded(std::chrono::duration<double>(std::chrono::steady_clock::now() - began).count(), 3);
  }
  bar.finish();
  page.section("How this page was made");
  page.listing(fmt::format("ebm teach --out {}{}{} --epochs {} --seed {}", page_at.filename().string(),
                           o.chapter.empty() ? "" : " --chapter " + o.chapter,
                           o.loss.empty() ? "" : " --loss " + o.loss, o.epochs, o.common.seed));
  page.paragraph("The numbers behind the pictures are in the JSON file beside this page.");
  nlohmann::json verdicts = nlohmann::json::array();
  if (data.contains("parabola"))
    for (auto& run : data["parabola"]["runs"]) {
      nlohmann::json row;
      for (const char* key : {"set", "architecture", "loss", "verdict", "why", "seconds"})
        row[key] = run[key];
      for (const char* key : {"rmse", "truth", "offending", "range"}) row[key] = run["pictures"].back()[key];
      verdicts.push_back(row);
      run.erase("seconds");  // told, but not written: one seed gives one file, byte for byte
    }
  const std::string html = with_script(page.html(), data), numbers = data.dump() + "\n";
  const std::array<io::NewFile, 2> files{{{page_at, io::as_bytes(html)}, {data_at, io::as_bytes(numbers)}}};
  io::write_files(files);
  const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  if (o.common.json) {
    print({{"page", o.out},
           {"data", data_at.string()},
           {"seconds", rounded(seconds, 3)},
           {"chapters", times},
           {"parabola", verdicts}});
  } else {
    for (const auto& v : verdicts)
      fmt::print("{:10} {:9} {:18} {:11} rmse {:.4f}, range {:.2f}: {}\n",
                 v["architecture"].get<std::string>(), v["set"].get<std::string>(),
                 v["loss"].get<std::string>(), v["verdict"].get<std::string>(), v["rmse"].get<double>(),
                 v["range"].get<double>(), v["why"].get<std::string>());
    fmt::print("{} and {}, {}\n", o.out, data_at.string(), report::duration(seconds));
  }
  return kOk;
}

}  // namespace

double rounded(double value, int digits) {
  if (!std::isfinite(value) || value == 0) return value;
  const double unit = std::pow(10, digits - 1 - static_cast<int>(std::floor(std::log10(std::abs(value)))));
  return std::round(value * unit) / unit;
}

nlohmann::json rounded(std::span<const double> values, int digits) {
  nlohmann::json out = nlohmann::json::array();
  for (const double v : values)
    out.push_back(std::isfinite(v) ? nlohmann::json(rounded(v, digits)) : nullptr);
  return out;
}

void add_teach(CLI::App& ebm) {
  auto o = std::make_shared<Options>();
  auto* command = ebm.add_subcommand("teach", "A page of experiments: how losses shape an energy surface");
  add_common(*command, o->common);
  command->add_option("--out", o->out, "The page to write; its data go beside it as .json")
      ->capture_default_str();
  command->add_option("--chapter", o->chapter, "Only this chapter")->check(CLI::IsMember(names(chapters())));
  command->add_option("--loss", o->loss, "Only this loss, in the chapters that run it: parabola, arrows");
  command
      ->add_option("--epochs", o->epochs,
                   "Passes of the parabola over its data; from the flat start 100 at the most")
      ->check(CLI::Range(1, 1000))
      ->capture_default_str();
  command->footer(
      "Example:\n  ebm teach --out teach.html\n"
      "  ebm teach --chapter parabola --loss square-square --epochs 40");
  add_run(*command, [o] {
    check_loss(*o);
    return teach(*o);
  });
}

}  // namespace ebm::app
