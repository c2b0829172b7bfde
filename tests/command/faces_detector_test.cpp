#include <sys/stat.h>

#include "command_test.hpp"
#include "ebm/io/image.hpp"

namespace ebm::app {
namespace {

Words train(const std::string& out) {
  return {"faces", "train", "--count", "40", "--passes", "1", "--scenes", "2", "--quiet", "--out", out};
}

TEST(FacesTrain, ThenDetectAndEval_SayWhatTheyFoundInJson) {
  io::Folder folder;
  const std::string model = folder / "m.safetensors";
  Words words = train(model);
  words.push_back("--json");
  const json trained = done(words).value();
  EXPECT_EQ(trained.at("parameters"), 63493);
  EXPECT_EQ(trained.at("mined"), 20);
  EXPECT_FALSE(std::filesystem::exists(model + ".ckpt"));

  done({"faces", "generate", "--scenes", "--size", "96", "--count", "2", "--out", folder / "s", "--quiet"});
  const std::string second = folder / "s" / "scene_000001.png", first = folder / "s" / "scene_000000.png";
  const json found = done({"faces", "detect", "--model", model, "--threshold", "100", "--json", "--out",
                           folder / "seen", "--report", folder / "seen.html", second, first})
                         .value();
  ASSERT_EQ(found.size(), 2u);
  EXPECT_EQ(found[0].at("image"), second);
  EXPECT_EQ(found[1].at("image"), first);
  ASSERT_FALSE(found[0].at("faces").empty());
  double last = 0;
  for (const json& face : found[0].at("faces")) {
    for (const char* key : {"x", "y"}) {
      EXPECT_GE(face.at(key).get<double>(), 11);
      EXPECT_LE(face.at(key).get<double>(), 85);
    }
    EXPECT_GE(face.at("size").get<double>(), 31.9);
    EXPECT_LE(std::abs(face.at("yaw").get<double>()), 90);
    EXPECT_LE(std::abs(face.at("roll").get<double>()), 45);
    EXPECT_GE(face.at("energy").get<double>(), last);
    last = face.at("energy");
  }
  EXPECT_EQ(io::read_image(folder / "seen" / "0000_scene_000001.png").width, 96);
  EXPECT_HAS(text_of(folder / "seen.html"), "Faces and their poses");

  const json judged = done({"faces", "eval", "--model", model, "--count", "30", "--scenes", "3", "--images",
                            folder / "s", "--report", folder / "e.html", "--json", "--quiet"})
                          .value();
  EXPECT_GE(judged.at("equal_error").get<double>(), 0);
  EXPECT_EQ(judged.at("detection").size(), 4u);
  EXPECT_EQ(judged.at("images").at("count"), 2);
  EXPECT_HAS(text_of(folder / "e.html"), "Equal error");
}

TEST(FacesDetect, OfAPictureThatIsTooSmallOrNone_SearchesTheOthers) {
  io::Folder folder;
  const std::string model = folder / "m.safetensors";
  done(train(model));
  io::write_png(folder / "tiny.png", {20, 40, std::vector<std::uint8_t>(800, 128)});
  io::write_png(folder / "grey.png", {64, 64, std::vector<std::uint8_t>(4096, 128)});
  io::write_file(folder / "text.png", "no picture");
  const Outcome out = run({"faces", "detect", "--model", model, "--json", folder / "tiny.png",
                           folder / "text.png", folder / "grey.png"});
  EXPECT_EQ(out.code, 3);
  EXPECT_HAS(out.err, "20 x 40 is smaller than the smallest window");
  const json found = out.value();
  ASSERT_EQ(found.size(), 3u);
  EXPECT_TRUE(found[0].contains("reason") && found[1].contains("reason"));
  EXPECT_FALSE(found[2].contains("reason"));
}

TEST(FacesDetect, OfAPipeAsModelOrPicture_IsRefusedAtOnce) {
  io::Folder folder;
  const std::string model = folder / "m.safetensors", pipe = folder / "pipe";
  done(train(model));
  ASSERT_EQ(::mkfifo(pipe.c_str(), 0600), 0);
  for (const Words& words :
       {Words{"faces", "detect", "--model", pipe, pipe}, Words{"faces", "detect", "--model", model, pipe},
        Words{"faces", "detect", "--model", model, "/dev/zero"}}) {
    const Outcome outcome = run(words);
    EXPECT_EQ(outcome.code, 3);
    EXPECT_HAS(outcome.err, words.back() + " is a pipe or a device; give a file");
  }
}

TEST(FacesTrain, OfTheVariants_TrainsEachAndRefusesOthers) {
  io::Folder folder;
  for (const char* variant : {"detection", "pose"}) {
    Words words = train(folder / variant);
    words.insert(words.end(), {"--variant", variant});
    done(words);
    const json judged = done({"faces", "eval", "--model", folder / variant, "--count", "20", "--scenes", "1",
                              "--json", "--quiet"})
                            .value();
    EXPECT_TRUE(judged.contains("yaw_within_15"));
  }
  Words words = train(folder / "m");
  words.insert(words.end(), {"--variant", "both"});
  EXPECT_EQ(run(words).code, 2);
  EXPECT_EQ(run({"faces", "detect", "--model", folder / "nowhere", folder / "a.png"}).code, 3);
}

}  // namespace
}  // namespace ebm::app
