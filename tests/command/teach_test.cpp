#include <cstdio>
#include <cstdlib>
#include <set>

#include "browser_test.hpp"
#include "command_test.hpp"
#include "report/report_test.hpp"

namespace ebm::app {
namespace {

using report::count;

json data_of(const std::filesystem::path& page) {
  return json::parse(text_of(std::filesystem::path(page).replace_extension(".json")));
}

TEST(Teach, OneLossOfTheParabola_ShowsItInBothArchitectures) {
  io::Folder folder;
  const json summary = done({"teach", "--chapter", "parabola", "--loss", "square-square", "--epochs", "6",
                             "--out", folder / "t.html", "--json", "--quiet"})
                           .value();
  EXPECT_EQ(summary.at("parabola").size(), 3u) << "regression, implicit, and implicit from small weights";
  std::set<std::string> architectures;
  const json runs = data_of(folder / "t.html").at("parabola").at("runs");
  for (const json& run : runs) {
    architectures.insert(run.at("architecture"));
    EXPECT_EQ(run.at("loss"), "square-square");
    EXPECT_EQ(run.at("passes").at("loss").size(), 6u);
    EXPECT_EQ(run.at("pictures").front().at("pass"), 0);
    EXPECT_EQ(run.at("pictures").back().at("pass"), 6);
    EXPECT_FALSE(run.at("why").get<std::string>().empty());
    EXPECT_NE(run.at("pictures").front().at("surface"), run.at("pictures").back().at("surface"));
  }
  EXPECT_EQ(architectures, (std::set<std::string>{"regression", "implicit"}));
  const std::string html = text_of(folder / "t.html");
  EXPECT_EQ(count(html, "://"), 0u) << "nothing is fetched";
  EXPECT_EQ(count(html, "<h2>"), 2u) << "the chapter, and how it was made";
}

TEST(Teach, EveryChapter_IsInOnePage_OfTheSameBytesTwice) {
  io::Folder folder;
  for (const std::string threads : {"1", "2"}) {
    std::filesystem::create_directory(folder / threads);
    done({"teach", "--epochs", "2", "--out", folder / threads / "a.html", "--quiet", "--threads", threads});
  }
  for (const char* file : {"a.html", "a.json"})
    EXPECT_TRUE(text_of(folder / "1" / file) == text_of(folder / "2" / file)) << file;
  const json data = data_of(folder / "1" / "a.html");
  for (const char* chapter : {"parabola", "classifiers", "arrows", "beta", "latent", "descent"})
    EXPECT_TRUE(data.contains(chapter)) << chapter;
  EXPECT_LT(text_of(folder / "1" / "a.html").size(), 6'000'000u);
}

TEST(Teach, Classifiers_AreTheTextbooks) {
  io::Folder folder;
  done({"teach", "--chapter", "classifiers", "--out", folder / "t.html", "--quiet"});
  const json tasks = data_of(folder / "t.html").at("classifiers").at("tasks");
  ASSERT_EQ(tasks.size(), 2u);
  for (const json& task : tasks) {
    EXPECT_EQ(task.at("runs").size(), 3u);
    for (const json& run : task.at("runs")) {
      EXPECT_LT(run.at("apart").get<double>(), 1e-4) << run.at("becomes");
      EXPECT_LT(run.at("off").get<double>(), 1e-5) << run.at("becomes");
      EXPECT_LT(run.at("errors").back().get<double>(), 0.15) << run.at("becomes");
    }
  }
}

TEST(Teach, Arrows_HaveTheSlopesOfTheCatalogue) {
  io::Folder folder;
  done({"teach", "--chapter", "arrows", "--out", folder / "t.html", "--quiet"});
  const json arrows = data_of(folder / "t.html").at("arrows");
  const std::size_t truth = arrows.at("truth");
  std::set<std::string> seen;
  for (const json& run : arrows.at("runs")) {
    const std::string loss = run.at("loss");
    seen.insert(loss);
    const std::vector<double> slope = run.at("steps")[0].at("slope"),
                              energy = run.at("steps")[0].at("energy");
    EXPECT_GE(slope[truth], 0) << loss;
    double sum = 0;
    for (std::size_t k = 0; k < slope.size(); ++k) {
      if (k != truth) {
        EXPECT_LE(slope[k], 0) << loss << " answer " << k;
      }
      sum += slope[k];
    }
    // Functions of the gap move nothing on the whole.
    if (std::set<std::string>{"perceptron", "hinge", "log", "mce", "nll", "mee"}.contains(loss)) {
      EXPECT_NEAR(sum, 0, 2e-2) << loss;
    }
    if (loss == "square-square") {
      EXPECT_NEAR(slope[truth], 2 * energy[truth], 2e-2);
    }
  }
  EXPECT_EQ(seen.size(), 12u);
}

TEST(Teach, Beta_EndsAtThePerceptron) {
  io::Folder folder;
  done({"teach", "--chapter", "beta", "--out", folder / "t.html", "--quiet"});
  const json beta = data_of(folder / "t.html").at("beta"), first = beta.at("steps").front(),
             last = beta.at("steps").back();
  EXPECT_NEAR(last.at("value").get<double>(), beta.at("perceptron").at("value").get<double>(), 1e-2);
  for (std::size_t k = 0; k < beta.at("energy").size(); ++k) {
    EXPECT_NEAR(last.at("slope")[k].get<double>(), beta.at("perceptron").at("slope")[k].get<double>(), 1e-3);
    if (k != beta.at("truth").get<std::size_t>()) {
      EXPECT_NEAR(first.at("slope")[k].get<double>(), -1.0 / 9, 0.01) << "all alike";
    }
  }
}

TEST(Teach, Latent_FreeEnergyKeepsItsBounds_AndFetchesTheFarCurve) {
  io::Folder folder;
  done({"teach", "--chapter", "latent", "--out", folder / "t.html", "--quiet"});
  const json latent = data_of(folder / "t.html").at("latent"), &slice = latent.at("slice");
  for (const json& step : slice.at("steps"))
    for (std::size_t i = 0; i < slice.at("minimum").size(); ++i) {
      const double low = slice.at("minimum")[i], f = step.at("free")[i], bound = step.at("bound");
      EXPECT_LE(f, low + 1e-3);
      EXPECT_GE(f, low - bound - 1e-3);
    }
  ASSERT_EQ(latent.at("runs").size(), 3u);
  EXPECT_EQ(latent.at("runs")[1].at("verdict"), "not learned");
  EXPECT_EQ(latent.at("runs")[2].at("verdict"), "learned");
}

TEST(Teach, Descent_EndsInAValleyFromEveryStart) {
  io::Folder folder;
  done({"teach", "--chapter", "descent", "--out", folder / "t.html", "--quiet"});
  for (const json& path : data_of(folder / "t.html").at("descent").at("paths")) {
    EXPECT_LT(path.at("losses").back().get<double>(), 1e-3);
    const double a = path.at("weights").back()[0], b = path.at("weights").back()[1];
    EXPECT_NEAR(b * std::tanh(0.5 * a), 0.5, 0.03);
  }
}

TEST(Teach, OfOneLoss_DescribesThatAlone) {
  io::Folder folder;
  done({"teach", "--loss", "nll", "--epochs", "2", "--out", folder / "t.html", "--quiet"});
  std::string html = text_of(folder / "t.html");
  html.resize(html.find("<script"));
  EXPECT_HAS(html, "Sums (NLL)");
  for (const char* other : {"MEE", "LVQ2", "hinge", "Perceptron", "Square-square", "Energy loss"})
    EXPECT_EQ(count(html, other), 0u) << other;
}

TEST(Teach, OfALossThatOnlyTheArrowsRun_ShowsThem) {
  io::Folder folder;
  done({"teach", "--loss", "contrastive-margin", "--out", folder / "t.html", "--quiet"});
  const json data = data_of(folder / "t.html");
  EXPECT_FALSE(data.contains("parabola"));
  ASSERT_EQ(data.at("arrows").at("runs").size(), 1u);
  EXPECT_EQ(data.at("arrows").at("runs")[0].at("loss"), "contrastive-margin");
  const auto refused = [&](const Words& more) {
    Words words{"teach", "--out", folder / "u.html"};
    words.insert(words.end(), more.begin(), more.end());
    const Outcome outcome = run(words);
    EXPECT_EQ(outcome.code, 2);
    return outcome.err;
  };
  EXPECT_HAS(refused({"--chapter", "parabola", "--loss", "contrastive-margin"}),
             "chapter 'parabola' runs no contrastive-margin; chapter 'arrows' does; there are energy");
  EXPECT_HAS(refused({"--loss", "cd"}), "no chapter runs cd; there are energy");
  EXPECT_HAS(refused({"--chapter", "beta", "--loss", "nll"}), "chapter 'beta' runs no single loss");
}

TEST(Teach, NamesThatAreNone_AreUsageErrorsThatListThem) {
  io::Folder folder;
  const Outcome chapter = run({"teach", "--chapter", "zoology", "--out", folder / "t.html"});
  EXPECT_EQ(chapter.code, 2);
  EXPECT_NE(chapter.err.find("parabola"), std::string::npos) << chapter.err;
  const Outcome loss = run({"teach", "--loss", "zero-one", "--out", folder / "t.html"});
  EXPECT_EQ(loss.code, 2);
  EXPECT_NE(loss.err.find("square-exponential"), std::string::npos) << loss.err;
  EXPECT_EQ(run({"teach", "--chapter", "beta", "--loss", "nll", "--out", folder / "t.html"}).code, 2);
  EXPECT_EQ(run({"teach", "--epochs", "0", "--out", folder / "t.html"}).code, 2);
  EXPECT_EQ(run({"teach", "--out", folder / "nowhere" / "t.html"}).code, 3);
  EXPECT_EQ(run({"teach", "--chapter", "beta", "--out", folder / "t.json"}).code, 3);
  EXPECT_FALSE(std::filesystem::exists(folder / "t.html"));
}

TEST(Teach, WhoseDataCannotBeWritten_LeavesTheOldPage) {
  io::Folder folder;
  io::write_file(folder / "t.html", std::string_view("old"));
  std::filesystem::create_directory(folder / "t.json");
  const Outcome outcome = run({"teach", "--chapter", "beta", "--out", folder / "t.html"});
  EXPECT_EQ(outcome.code, 3);
  EXPECT_HAS(outcome.err, "t.json");
  EXPECT_EQ(text_of(folder / "t.html"), "old");
}

// A script for the page's end, which works every slider and writes down what changed.
constexpr const char* kProbe = R"js(<script>
const report = {errors: window.faults, ready: document.body.dataset.ready, widgets: 0, changed: 0, blank: 0,
                wide: document.documentElement.scrollWidth - window.innerWidth, width: window.innerWidth};
const seen = box => [...box.querySelectorAll('canvas')].map(c => c.toDataURL()).join() + [...box.querySelectorAll('svg')].map(s => s.outerHTML).join();
for (const box of document.querySelectorAll('[data-widget]')) {
  ++report.widgets;
  const input = box.querySelector('input[type=range]'), before = seen(box);
  if (before.length < 500) ++report.blank;
  input.value = +input.value === 0 ? 1 : 0;
  input.dispatchEvent(new Event('input'));
  if (seen(box) !== before) ++report.changed;
  const select = box.querySelector('select');
  if (select) { select.value = select.options.length - 1; select.dispatchEvent(new Event('change')); }
  const thumb = box.querySelector('.thumb');
  if (thumb) thumb.click();
}
report.errors = window.faults;
document.body.innerHTML = '<pre>REPORT' + JSON.stringify(report) + 'END</pre>';
</script>)js";

TEST(Teach, InABrowser_MovesWithItsSliders_FitsAPhone_AndHasNoError) {
  if (browser().empty()) GTEST_SKIP() << kNoBrowser;
  io::Folder folder;
  done({"teach", "--epochs", "3", "--out", folder / "t.html", "--quiet"});
  for (const char* size : {"390,900", "1200,900"}) {
    const json report = seen_in_browser(folder / "t.html", kProbe, size);
    ASSERT_FALSE(report.is_null());
    EXPECT_EQ(report.at("errors"), json::array());
    EXPECT_EQ(report.at("ready"), "yes");
    EXPECT_EQ(report.at("widgets"), 9);
    EXPECT_EQ(report.at("changed"), report.at("widgets")) << "a slider that changes nothing";
    EXPECT_EQ(report.at("blank"), 0);
    EXPECT_LE(report.at("wide"), 0) << "the page must not scroll sideways at " << report.at("width");
  }
}

}  // namespace
}  // namespace ebm::app
