#include "ebm/report/progress.hpp"

#include <gtest/gtest.h>

#include <sstream>
#include <thread>
#include <vector>

#include "report_test.hpp"

namespace ebm::report {
namespace {

/// A bar whose clock is turned by hand.
struct Bench {
  std::ostringstream out;
  double now = 100;
  Progress::Options options(bool terminal) {
    Progress::Options o;
    o.out = &out;
    o.terminal = terminal;
    o.columns = 60;
    o.clock = [this] { return now; };
    return o;
  }
};

TEST(Progress, Quiet_PrintsNothing) {
  Bench b;
  auto options = b.options(true);
  options.quiet = true;
  {
    Progress p("work", 10, options);
    for (int i = 0; i < 10; ++i) b.now += 20, p.advance();
    p.line("a warning");
  }
  EXPECT_EQ(b.out.str(), "");
}

TEST(Progress, ShortWork_ShowsNothing) {
  for (const bool terminal : {false, true}) {
    Bench b;
    {
      Progress p("work", 10, b.options(terminal));
      for (int i = 0; i < 10; ++i) b.now += 0.09, p.advance();
    }
    EXPECT_EQ(b.out.str(), "");
  }
}

TEST(Progress, OnATerminal_ShowsTheTimeLeftAndWipesItself) {
  Bench b;
  {
    Progress p("epoch 3", 100, b.options(true));
    p.note("loss 0.5");
    b.now += 10;
    p.advance(25);
  }
  EXPECT_EQ(b.out.str(),
            "\r\x1b[K"
            "epoch 3  [=====                ]  25 %  0:30 left  loss 0.5"
            "\r\x1b[K");
}

TEST(Progress, OnATerminal_IsRedrawnRarelyAndFitsTheLine) {
  Bench b;
  auto options = b.options(true);
  options.columns = 30;
  Progress p("a rather long title \u00e9\u00e9", 1000, options);
  b.now += 2;
  for (int i = 0; i < 1000; ++i) b.now += 0.001, p.advance();
  const std::string text = b.out.str();
  EXPECT_GE(count(text, "\r"), 9u);
  EXPECT_LE(count(text, "\r"), 11u);
  EXPECT_EQ(count(text, "\n"), 0u);
  for (std::size_t at = text.find('K'); at != text.npos; at = text.find('K', at + 1)) {
    std::size_t wide = 0;
    for (std::size_t i = at + 1; i < text.size() && text[i] != '\r'; ++i) wide += (text[i] & 0xC0) != 0x80;
    EXPECT_LT(wide, 30u);
  }
}

TEST(Progress, InALog_IsALineEveryTenSeconds) {
  Bench b;
  {
    Progress p("train", 100, b.options(false));
    for (int i = 0; i < 50; ++i) b.now += 0.5, p.advance();
  }
  EXPECT_EQ(b.out.str(), "train: 20 of 100,  20 %  0:40 left\ntrain: 40 of 100,  40 %  0:30 left\n");
}

TEST(Progress, AfterAResume_JudgesThePaceByItsOwnSteps) {
  Bench b;
  auto options = b.options(false);
  options.before = 60;
  {
    Progress p("train", 100, options);
    b.now += 10;
    p.set(60);
    b.now += 10;
    p.set(80);
  }
  EXPECT_EQ(b.out.str(), "train: 60 of 100,  60 %  \ntrain: 80 of 100,  80 %  0:20 left\n");
}

TEST(Progress, UnknownTotal_ShowsWhatIsDone) {
  Bench b;
  Progress p("generate", 0, b.options(false));
  b.now += 61;
  p.advance(7);
  EXPECT_EQ(b.out.str(), "generate  7 done, 1:01\n");
}

TEST(Progress, Lines_StandAboveTheBar) {
  Bench b;
  Progress p("work", 10, b.options(true));
  b.now += 5;
  p.advance();
  p.line("careful");
  EXPECT_TRUE(
      b.out.str().ends_with("\r\x1b[K"
                            "careful\n"))
      << b.out.str();
}

TEST(Progress, ManyThreads_CountEveryStep) {
  Bench b;
  auto options = b.options(false);
  Progress p("work", 4000, options);
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t)
    threads.emplace_back([&] {
      for (int i = 0; i < 999; ++i) p.advance();
    });
  for (auto& t : threads) t.join();
  b.now += 20;
  p.advance(4);
  EXPECT_EQ(b.out.str(), "work: 4000 of 4000, 100 %  0:00 left\n");
}

}  // namespace
}  // namespace ebm::report
