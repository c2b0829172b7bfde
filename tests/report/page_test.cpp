#include "ebm/report/page.hpp"

#include <filesystem>

#include "ebm/report/plot.hpp"
#include "ebm/report/svg.hpp"
#include "report_test.hpp"

namespace ebm::report {
namespace {

const std::string kEvil = "<script>alert(\"1\")</script> & 'more'";

TEST(Escape, Markup_BecomesEntities) {
  EXPECT_EQ(escape("a<b>&\"'"), "a&lt;b&gt;&amp;&quot;&#39;");
  EXPECT_EQ(escape("\u00e9 \u20ac \U0001F600"), "\u00e9 \u20ac \U0001F600");
}

TEST(Escape, WhatIsNoText_IsReplaced) {
  EXPECT_EQ(escape(std::string("a\0b\x1b", 4)),
            "a\uFFFD"
            "b\uFFFD");
  EXPECT_EQ(escape("\xff\xc3"), "\uFFFD\uFFFD");
  EXPECT_EQ(escape("\xc0\xbc"), "\uFFFD\uFFFD");            // an overlong '<'
  EXPECT_EQ(escape("\xed\xa0\x80"), "\uFFFD\uFFFD\uFFFD");  // a surrogate
}

TEST(DataUri, IsBase64) {
  const std::string uri = data_uri({1, 1, {7}});
  EXPECT_EQ(uri.rfind("data:image/png;base64,iVBORw0KGgo", 0), 0u);
  EXPECT_EQ((uri.size() - std::string("data:image/png;base64,").size()) % 4, 0u);
}

TEST(Svg, EveryElement_IsWellFormed) {
  Svg svg(100, 50, kEvil);
  svg.line(0, 0, 1, 1, {})
      .polyline({{0, 0}, {1, 1}}, {Colour::s2, 2, "4 2"})
      .circle(1, 2, 3, Colour::bad, kEvil);
  svg.rectangle(0, 0, 5, 5, Colour::good, 0.5, kEvil)
      .frame(1, 1, 3, 3, {Colour::s3, 1.5})
      .text(1, 1, kEvil, {});
  svg.image(0, 0, 10, 10, {2, 2, {0, 50, 100, 255}});
  EXPECT_EQ(fault(svg.str()), "");
  EXPECT_EQ(count(svg.str(), "<script>"), 0u);
}

std::string page() {
  Table table({"what", "n"});
  table.row({kEvil, "1,234"}).row({"b", "2"});
  Chart chart;
  chart.series = {{"a", {1, 2}, {3, 4}}};
  Page page(kEvil, kEvil);
  page.tiles({{"right", "81.2 %", kEvil}}).section(kEvil, kEvil).paragraph(kEvil).table(table, kEvil);
  page.figure(line_chart(chart), kEvil).figure(io::Image{2, 2, {1, 2, 3, 4}}, kEvil, 8);
  page.section("Fields").gallery({{line_chart(chart), kEvil, {kEvil, "x"}, Card::Tone::bad}}).listing(kEvil);
  return page.html();
}

TEST(Page, IsWellFormedAndEscapesEverything) {
  EXPECT_EQ(fault(page()), "");
  EXPECT_EQ(count(page(), "<script"), 0u);
  EXPECT_EQ(count(page(), "<section>"), 2u);
  EXPECT_EQ(count(page(), "<td class=\"number\">1,234</td>"), 1u);
}

TEST(Page, FetchesNothing) {
  for (const char* what : {"http:", "https:", "//", "@import", "url(", "<link", "<iframe", "src=\"/"})
    EXPECT_EQ(count(page(), what), 0u) << what;
  EXPECT_EQ(count(page(), "src=\""), count(page(), "src=\"data:image/png"));
}

TEST(Page, EmptyAndUnfinished_AreWellFormed) {
  EXPECT_EQ(fault(Page("x").html()), "");
  EXPECT_EQ(fault(Page("x").section("s").figure("<svg></svg>").html()), "");
}

TEST(Page, File_IsThePage) {
  const auto path = std::filesystem::temp_directory_path() / "ebm-report-page-test.html";
  Page page("x");
  page.save(path);
  EXPECT_EQ(io::as_text(io::read_file(path)), page.html());
  std::filesystem::remove(path);
}

}  // namespace
}  // namespace ebm::report
