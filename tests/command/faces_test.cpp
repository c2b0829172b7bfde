#include "command_test.hpp"
#include "ebm/io/image.hpp"

namespace ebm::app {
namespace {

TEST(FacesGenerate, MakesPicturesAndTheirLabels) {
  io::Folder folder;
  const json value =
      done({"faces", "generate", "--count", "6", "--out", folder / "faces", "--seed", "5", "--json"}).value();
  EXPECT_EQ(value.at("count"), 6);
  EXPECT_EQ(value.at("faces"), 6);
  const json labels = json::parse(text_of(folder / "faces" / "labels.json"));
  ASSERT_EQ(labels.at("images").size(), 6u);
  for (const json& row : labels.at("images")) {
    const io::Image image = io::read_image(folder / "faces" / row.at("file").get<std::string>());
    EXPECT_EQ(image.width, 32);
    EXPECT_EQ(image.height, 32);
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
