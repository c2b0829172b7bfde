#include <csignal>

#include "command_test.hpp"
#include "ebm/io/image.hpp"

namespace ebm::app {
namespace {

TEST(FacesGenerate, MakesPicturesAndTheirLabels) {
  io::Folder folder;
  const json value = done({"faces", "generate", "--count", "6", "--out", folder / "faces", "--seed", "5",
                           "--sheet", folder / "sheet.png", "--json"})
                         .value();
  EXPECT_EQ(value.at("count"), 6);
  EXPECT_EQ(value.at("faces"), 6);
  const json labels = json::parse(text_of(folder / "faces" / "labels.json"));
  ASSERT_EQ(labels.at("images").size(), 6u);
  const io::Image sheet = io::read_image(folder / "sheet.png");
  EXPECT_EQ(sheet.width, 6 * 32);
  int left = 0;
  for (const json& row : labels.at("images")) {
    const io::Image image = io::read_image(folder / "faces" / row.at("file").get<std::string>());
    EXPECT_EQ(image.width, 32);
    EXPECT_EQ(image.height, 32);
    for (int x = 0; x < 32; x += 5) EXPECT_EQ(image.at(x, 9), sheet.at(left + x, 9));
    left += 32;
    const json& face = row.at("faces").at(0);
    EXPECT_NEAR(face.at("x").get<double>(), 16, 2);
    EXPECT_NEAR(face.at("size").get<double>(), 32, 7);
    EXPECT_LE(std::abs(face.at("yaw").get<double>()), 90);
    EXPECT_LE(std::abs(face.at("roll").get<double>()), 45);
  }
}

TEST(FacesGenerate, OfOneSeed_AreTheSameForAnyCountAndThreads) {
  io::Folder folder;
  done({"faces", "generate", "--count", "5", "--out", folder / "a", "--quiet"});
  done({"faces", "generate", "--count", "2", "--threads", "1", "--out", folder / "b", "--quiet"});
  done({"faces", "generate", "--count", "2", "--seed", "2", "--out", folder / "c", "--quiet"});
  EXPECT_EQ(text_of(folder / "a" / "face_000001.png"), text_of(folder / "b" / "face_000001.png"));
  EXPECT_NE(text_of(folder / "a" / "face_000001.png"), text_of(folder / "c" / "face_000001.png"));
}

TEST(FacesGenerate, Scenes_StandBeforeTheBackgroundsGiven) {
  io::Folder folder;
  std::filesystem::create_directory(folder / "photographs");
  io::write_png(folder / "photographs" / "white.png", {40, 40, std::vector<std::uint8_t>(1600, 255)});
  const json value =
      done({"faces", "generate", "--scenes", "--size", "96", "--count", "3", "--faces", "2", "--yaw", "30",
            "--backgrounds", folder / "photographs", "--out", folder / "s", "--json"})
          .value();
  EXPECT_LE(value.at("faces").get<int>(), 6);
  const json labels = json::parse(text_of(folder / "s" / "labels.json"));
  EXPECT_EQ(labels.at("width"), 96);
  std::size_t faces = 0;
  for (const json& row : labels.at("images"))
    for (const json& face : row.at("faces")) {
      ++faces;
      EXPECT_LE(std::abs(face.at("yaw").get<double>()), 30);
      EXPECT_GE(face.at("x").get<double>(), 16);
      EXPECT_LE(face.at("x").get<double>(), 80);
    }
  EXPECT_EQ(value.at("faces"), faces);
  EXPECT_EQ(io::read_image(folder / "s" / "scene_000000.png").width, 96);
}

TEST(FacesGenerate, IntoAFolderWithOtherFiles_IsRefusedAndIntoItsOwnIsNot) {
  io::Folder folder;
  const Words generate{"faces", "generate", "--count", "1", "--quiet", "--out", folder / "out"};
  done(generate);
  done(generate);
  io::write_file(folder / "out" / "thesis.txt", "years of work");
  const Outcome refused = run(generate);
  EXPECT_EQ(refused.code, 3);
  EXPECT_HAS(refused.err, "thesis.txt");
  EXPECT_EQ(text_of(folder / "out" / "thesis.txt"), "years of work");
}

TEST(FacesGenerate, OverALargerSet_LeavesNothingOfIt) {
  io::Folder folder;
  done({"faces", "generate", "--count", "7", "--seed", "3", "--out", folder / "f", "--quiet"});
  done({"faces", "generate", "--count", "2", "--seed", "5", "--out", folder / "f", "--quiet"});
  done({"faces", "generate", "--count", "2", "--seed", "5", "--out", folder / "fresh", "--quiet"});
  EXPECT_EQ(contents(folder / "f"), contents(folder / "fresh"));
  done({"faces", "generate", "--scenes", "--size", "96", "--count", "1", "--out", folder / "f", "--quiet"});
  EXPECT_EQ(contents(folder / "f").size(), 2u) << "a scene and the labels, no face";
}

TEST(FacesGenerate, OverAPictureThatOnlySoundsGenerated_IsRefused) {
  io::Folder folder;
  std::filesystem::create_directory(folder / "f");
  io::write_file(folder / "f" / "face_anna.png", "mine");
  EXPECT_EQ(run({"faces", "generate", "--count", "1", "--out", folder / "f", "--quiet"}).code, 3);
  EXPECT_EQ(contents(folder / "f").size(), 1u);
}

TEST(FacesGenerate, Stopped_LeavesTheEarlierSetAsItWas) {
  for (const int signal : {SIGINT, SIGKILL})
    for (const char* name : {"old", "new"}) {
      io::Folder folder;
      const Words small{"faces", "generate", "--count", "3", "--quiet", "--out"};
      const auto with = [](Words words, const std::string& out) {
        words.push_back(out);
        return words;
      };
      done(with(small, folder / "old"));
      const auto before = contents(folder / "old");
      const std::filesystem::path out = folder / name, part = out / ".faces.part";
      const Running running({"faces", "generate", "--count", "200000", "--out", out, "--quiet"});
      for (int tries = 0; tries < 5000 && !std::filesystem::exists(part / "face_000004.png"); ++tries)
        std::this_thread::sleep_for(std::chrono::milliseconds(1));
      running.signal(signal);
      const Outcome outcome = running.wait();
      if (signal == SIGKILL) {
        EXPECT_FALSE(std::filesystem::exists(folder / "new" / "labels.json"));
        done(with(small, out));  // clears what was left
        EXPECT_EQ(contents(out), before);
      } else {
        EXPECT_EQ(outcome.code, 130) << outcome.err;
        EXPECT_HAS(outcome.err, "as it was");
        EXPECT_EQ(contents(folder / "old"), before);
        EXPECT_FALSE(std::filesystem::exists(folder / "new"));
      }
    }
}

TEST(FacesGenerate, WithWhatCannotBe_IsRefused) {
  io::Folder folder;
  EXPECT_EQ(run({"faces", "generate", "--out", folder / "a", "--yaw", "120"}).code, 2);
  EXPECT_EQ(run({"faces", "generate"}).code, 2);
  EXPECT_EQ(run({"faces", "generate", "--out", folder / "a", "--scenes", "--size", "40"}).code, 3);
  const Outcome nowhere =
      run({"faces", "generate", "--out", folder / "a", "--backgrounds", folder / "nowhere"});
  EXPECT_EQ(nowhere.code, 3);
  EXPECT_HAS(nowhere.err, "nowhere");
  EXPECT_FALSE(std::filesystem::exists(folder / "a"));
}

}  // namespace
}  // namespace ebm::app
