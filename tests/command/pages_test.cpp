// The pages of siamese and of faces in a browser, as wide as a desk's and as a phone's.

#include "browser_test.hpp"

namespace ebm::app {
namespace {

// Besides faults and what sticks out: tables that must be scrolled, and texts of charts outside their figure.
constexpr const char* kProbe = R"js(<script>
const report = {errors: window.faults, wide: document.documentElement.scrollWidth - window.innerWidth,
                pictures: document.querySelectorAll('svg').length, scrolled: [], outside: []};
for (const box of document.querySelectorAll('.scroll'))
  if (box.scrollWidth > box.clientWidth + 1) report.scrolled.push(box.textContent.slice(0, 60));
for (const text of document.querySelectorAll('figure svg text')) {
  const t = text.getBoundingClientRect(), f = text.closest('figure').getBoundingClientRect();
  if (t.left < f.left - 1 || t.right > f.right + 1 || t.top < f.top - 1) report.outside.push(text.textContent);
}
document.body.innerHTML = '<pre>REPORT' + JSON.stringify(report) + 'END</pre>';
</script>)js";

void expect_fits(const std::filesystem::path& page) {
  for (const char* size : {"390,900", "1200,900"}) {
    SCOPED_TRACE(page.filename().string() + " at " + size);
    const json report = seen_in_browser(page, kProbe, size);
    ASSERT_FALSE(report.is_null());
    EXPECT_EQ(report.at("errors"), json::array());
    EXPECT_LE(report.at("wide"), 0) << "the page must not scroll sideways";
    EXPECT_GT(report.at("pictures"), 0);
    EXPECT_EQ(report.at("scrolled"), json::array());
    EXPECT_EQ(report.at("outside"), json::array());
  }
}

TEST(Pages, OfSiamese_FitADeskAndAPhone_AndHaveNoError) {
  if (browser().empty()) GTEST_SKIP() << kNoBrowser;
  const io::Folder folder;
  std::filesystem::create_directory(folder / "people");
  for (const char* person : {"1", "2", "3"})
    done({"faces", "generate", "--size", "64", "--count", "4", "--seed", person, "--out",
          folder / "people" / person, "--quiet"});
  const std::string model = folder / "m";
  done({"siamese", "train", "--data", folder / "people", "--out", model, "--passes", "1", "--steps", "1",
        "--people", "0", "--quiet"});
  done({"siamese", "verify", "--model", model, "--data", folder / "people", "--gallery", "2", "--report",
        folder / "verify.html", "--quiet"});
  done({"siamese", "map", "--model", model, "--data", folder / "people", "--out", folder / "map.html",
        "--quiet"});
  expect_fits(folder / "verify.html");
  expect_fits(folder / "map.html");
}

TEST(Pages, OfFaces_FitADeskAndAPhone_AndHaveNoError) {
  if (browser().empty()) GTEST_SKIP() << kNoBrowser;
  const io::Folder folder;
  const std::string model = folder / "m";
  done({"faces", "train", "--count", "40", "--passes", "1", "--scenes", "2", "--out", model, "--quiet"});
  done({"faces", "generate", "--scenes", "--size", "96", "--count", "2", "--out", folder / "s", "--quiet"});
  done({"faces", "detect", "--model", model, "--threshold", "100", "--report", folder / "detect.html",
        folder / "s" / "scene_000000.png", folder / "s" / "scene_000001.png", "--quiet"});
  done({"faces", "eval", "--model", model, "--count", "30", "--scenes", "3", "--report", folder / "eval.html",
        "--quiet"});
  expect_fits(folder / "detect.html");
  expect_fits(folder / "eval.html");
}

}  // namespace
}  // namespace ebm::app
