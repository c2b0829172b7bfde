// ebm siamese on made people: bright blobs whose places are the person's own.

#include <algorithm>
#include <csignal>
#include <limits>

#include "command_test.hpp"
#include "ebm/core/rng.hpp"
#include "ebm/io/image.hpp"
#include "ebm/io/model_file.hpp"

namespace ebm::app {
namespace {

class SiameseCommand : public ::testing::Test {
 protected:
  SiameseCommand() { make_people(people_, 8, 5); }

  static void make_people(const std::filesystem::path& root, int people, int each) {
    for (int p = 0; p < people; ++p) {
      std::string name = std::to_string(p + 1);
      name.insert(0, 1, 'p');
      std::filesystem::create_directories(root / name);
      for (int i = 0; i < each; ++i) {
        Rng face(5, static_cast<std::uint64_t>(p)), here(6, static_cast<std::uint64_t>(p * each + i));
        io::Image image{46, 56, std::vector<std::uint8_t>(46 * 56)};
        for (int blob = 0; blob < 4; ++blob) {
          const double x = face.uniform(6, 40) + here.uniform(-1, 1),
                       y = face.uniform(6, 50) + here.uniform(-1, 1);
          for (int r = 0; r < 56; ++r)
            for (int c = 0; c < 46; ++c)
              if ((c - x) * (c - x) + (r - y) * (r - y) < 30)
                image.pixels[static_cast<std::size_t>(r * 46 + c)] =
                    static_cast<std::uint8_t>(200 + here.below(40));
        }
        io::write_pgm(root / name / (std::to_string(i + 1) + ".pgm"), image);
      }
    }
  }
  Words training(const std::string& out) const {
    return {"siamese",  "train", "--data",  people_, "--hold-out", "p7,p8", "--out",  folder_ / out,
            "--passes", "2",     "--steps", "1",     "--people",   "0",     "--quiet"};
  }
  Words with(Words words, const Words& more) const {
    words.insert(words.end(), more.begin(), more.end());
    return words;
  }
  Words reading(const std::string& what) const {
    return {"siamese", what, "--model", folder_ / "m", "--data", people_};
  }
  io::Folder folder_;
  const std::filesystem::path people_ = folder_ / "people";
};

TEST_F(SiameseCommand, TrainVerifyEmbedAndMap_PrintTheirContracts) {
  const json trained = done(with(training("m"), {"--json"})).value();
  EXPECT_EQ(trained.at("people"), 6);
  EXPECT_EQ(trained.at("genuine"), 60);
  EXPECT_EQ(trained.at("impostor"), 375);
  EXPECT_FALSE(std::filesystem::exists(folder_ / "m.ckpt"));

  const json all =
      done(with(reading("verify"), {"--json", "--quiet", "--report", folder_ / "r.html"})).value();
  for (const char* key : {"equal_error", "false_accepts_at_10", "false_accepts_at_7_5", "false_accepts_at_5",
                          "one_shot_accuracy"}) {
    EXPECT_GE(all.at(key).get<double>(), 0) << key;
    EXPECT_LE(all.at(key).get<double>(), 1) << key;
  }
  EXPECT_EQ(all.at("people"), 8);
  EXPECT_EQ(all.at("images"), 40);
  EXPECT_EQ(all.at("genuine"), 80);
  EXPECT_EQ(all.at("impostor"), 700);
  EXPECT_EQ(all.at("in_training").size(), 6u);
  const std::string page = text_of(folder_ / "r.html");
  EXPECT_HAS(page, "6 of them in the training");
  EXPECT_HAS(page, "Two people, yet close");

  const json held = done(with(reading("verify"), {"--only", "held-out", "--json", "--quiet"})).value();
  EXPECT_EQ(held.at("people"), 2);
  EXPECT_EQ(held.at("in_training").size(), 0u);
  EXPECT_TRUE(held.at("equal_error_interval_95").is_null()) << "every draw of two people is alike";
  EXPECT_EQ(all.at("equal_error_interval_95").size(), 2u);
  const Outcome two = done(with(reading("verify"), {"--only", "held-out"}));
  EXPECT_HAS(two.err, "2 people are too few for an interval");
  EXPECT_HAS(two.out, "no interval");
  EXPECT_EQ(done(with(reading("verify"), {"--only", "p1,p7", "--json", "--quiet"})).value().at("images"), 10);

  const json rows = done(with(reading("embed"), {"--json", "--quiet"})).value();
  ASSERT_EQ(rows.size(), 40u);
  EXPECT_EQ(rows[0].at("file"), "p1/1.pgm");
  EXPECT_EQ(rows[0].at("embedding").size(), 50u);
  const std::string csv = done(with(reading("embed"), {"--quiet"})).out;
  EXPECT_EQ(std::ranges::count(csv, '\n'), 41);
  EXPECT_EQ(csv.substr(0, 15), "file,person,g1,");

  done(with(reading("map"), {"--out", folder_ / "map.html", "--quiet"}));
  EXPECT_HAS(text_of(folder_ / "map.html"), "p8/5.pgm");
}

TEST_F(SiameseCommand, KilledAndResumed_EndsWithTheSameModel) {
  Words words = training("whole");
  std::ranges::replace(words, std::string("2"), std::string("12"));
  done(words);
  std::ranges::replace(words, (folder_ / "whole").string(), (folder_ / "stopped").string());
  {
    const Running running(words);
    const auto checkpoint = folder_ / "stopped.ckpt";
    for (int tries = 0; tries < 30000 && !std::filesystem::exists(checkpoint); ++tries)
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    running.signal(SIGKILL);
    ASSERT_EQ(running.wait().code, -SIGKILL);
  }
  done(with(words, {"--resume", folder_ / "stopped.ckpt"}));
  EXPECT_TRUE(text_of(folder_ / "stopped") == text_of(folder_ / "whole"));
}

TEST_F(SiameseCommand, OnDataOfNoUse_SaysWhyWithExitCodeThree) {
  make_people(folder_ / "one", 1, 4);
  make_people(folder_ / "singles", 4, 1);
  std::filesystem::create_directories(folder_ / "nothing");
  for (const auto& [data, says] : std::vector<std::pair<std::string, std::string>>{
           {"one", "4 pictures of 1 people make 6 genuine and 0 impostor pairs"},
           {"singles", "4 pictures of 4 people make 0 genuine and 6 impostor pairs"},
           {"nothing", "holds no folder and 0 .tar.gz archives"},
           {"none", "there is no folder or archive"}}) {
    const Outcome outcome = run({"siamese", "train", "--data", folder_ / data, "--out", folder_ / "x"});
    EXPECT_EQ(outcome.code, 3) << data;
    EXPECT_HAS(outcome.err, says);
  }
  const Outcome stranger =
      run({"siamese", "train", "--data", people_, "--hold-out", "nobody", "--out", folder_ / "x"});
  EXPECT_EQ(stranger.code, 3);
  EXPECT_HAS(stranger.err, "there is no person 'nobody' among p1, p2, p3, p4, p5 and 3 more");
}

TEST_F(SiameseCommand, OnAFileOfPairs_TrainsOnThemOrNamesTheLine) {
  io::write_file(folder_ / "pairs", "p1/1.pgm p1/2.pgm 1\np1/1.pgm p2/1.pgm 0\n");
  const Words words = with(training("m"), {"--json", "--pairs", folder_ / "pairs"});
  EXPECT_EQ(done(words).value().at("genuine"), 1);
  io::write_file(folder_ / "pairs", "p1/1.pgm p1/2.pgm 1\np1/1.pgm p2/9.pgm 0\n");
  const Outcome refused = run(words);
  EXPECT_EQ(refused.code, 3);
  EXPECT_HAS(refused.err, "pairs:2: there is no image 'p2/9.pgm'");
}

TEST_F(SiameseCommand, OnAFileOfPairs_RecordsOnlyThosePeopleAsTrained) {
  io::write_file(folder_ / "pairs", "p1/1.pgm p1/2.pgm 1\np1/1.pgm p2/1.pgm 0\n");
  const json trained = done(with(training("m"), {"--json", "--pairs", folder_ / "pairs"})).value();
  EXPECT_EQ(trained.at("people"), 2);
  EXPECT_EQ(trained.at("images"), 3);
  const json held = done(with(reading("verify"), {"--only", "held-out", "--json", "--quiet"})).value();
  EXPECT_EQ(held.at("people"), 6);
  EXPECT_EQ(done(with(reading("verify"), {"--json", "--quiet"})).value().at("in_training"),
            (json{"p1", "p2"}));

  io::write_file(folder_ / "pairs", "p1/1.pgm p1/2.pgm 1\n");
  const Outcome refused = run(with(training("m"), {"--pairs", folder_ / "pairs"}));
  EXPECT_EQ(refused.code, 3);
  EXPECT_HAS(refused.err, (folder_ / "pairs").string() + ": it names 1 genuine and 0 impostor pairs");
}

TEST_F(SiameseCommand, OfWeightsThatOverflow_NamesModelAndPictureInsteadOfFigures) {
  done(training("m"));
  const io::ModelFile file = io::read_model(folder_ / "m");
  Params huge;
  for (const auto& [name, block] : file.blocks) {
    const Param p = huge.add(name, block.shape());
    // Of both signs, so that a sum is inf - inf.
    Real sign = 1;
    for (Real& w : huge.view(p).span()) w = sign * std::numeric_limits<Real>::max(), sign = -sign;
  }
  io::save_model(folder_ / "m", file.info, huge);
  for (const Words& words : {reading("embed"), with(reading("embed"), {"--json"}), reading("verify"),
                             with(reading("map"), {"--out", folder_ / "map.html"})}) {
    const Outcome outcome = run(words);
    EXPECT_EQ(outcome.code, 3);
    EXPECT_EQ(outcome.out, "");
    EXPECT_HAS(outcome.err, (folder_ / "m").string() + ": the embedding of p1/1.pgm is not finite");
  }
}

TEST_F(SiameseCommand, WithFilesThatCannotBeRead_CountsAndListsThem) {
  io::write_file(people_ / "p1" / "bad.png", "no picture");
  Words words = with(training("m"), {"--json"});
  std::erase(words, "--quiet");
  const Outcome outcome = done(words);
  EXPECT_EQ(outcome.value().at("skipped"), 1);
  EXPECT_HAS(outcome.err, "p1/bad.png");
}

TEST_F(SiameseCommand, Generate_MakesAFolderAPerson_InANewFolderAlone) {
  const std::string made = folder_ / "made";
  const Words words{"siamese", "generate", "--people", "3", "--pictures", "2", "--out", made, "--json"};
  const json told = done(words).value();
  EXPECT_EQ(told.at("images"), 6);
  for (const char* person : {"p1", "p2", "p3"})
    for (const char* picture : {"1.png", "2.png"}) {
      const io::Image image = io::read_image(std::filesystem::path(made) / person / picture);
      EXPECT_EQ(image.width, 92);
      EXPECT_EQ(image.height, 112);
    }
  const Outcome again = run(words);
  EXPECT_EQ(again.code, 3);
  EXPECT_HAS(again.err, "is not empty");
}

TEST_F(SiameseCommand, Folds_LeaveEverybodyOutOnce) {
  const json folds = done({"siamese", "folds", "--data", people_, "--folds", "2", "--passes", "1", "--steps",
                           "1", "--people", "2", "--start-passes", "1", "--quiet", "--json"})
                         .value();
  ASSERT_EQ(folds.at("folds").size(), 2u);
  EXPECT_EQ(folds.at("folds")[0].at("left_out"), (json{"p1", "p2", "p3", "p4"}));
  EXPECT_EQ(folds.at("folds")[1].at("left_out"), (json{"p5", "p6", "p7", "p8"}));
  EXPECT_NEAR(folds.at("equal_error").get<double>(),
              (folds.at("folds")[0].at("equal_error").get<double>() +
               folds.at("folds")[1].at("equal_error").get<double>()) /
                  2,
              1e-12);
}

}  // namespace
}  // namespace ebm::app
