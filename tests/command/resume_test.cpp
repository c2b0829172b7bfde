// A training of the command that is killed or interrupted goes on from OUT.ckpt to the model of a run that
// nobody touched, byte for byte.

#include <csignal>

#include "command_test.hpp"
#include "ebm/io/safetensors.hpp"
#include "ebm/train/checkpoint.hpp"

namespace ebm::app {
namespace {

class ResumeCommand : public ::testing::TestWithParam<int> {
 protected:
  Words training(const std::string& out) const {
    return {"check-reader",
            "train",
            "--data",
            fields_,
            "--loss",
            "nll",
            "--out",
            folder_ / out,
            "--character-fields",
            "20",
            "--character-epochs",
            "3",
            "--epochs",
            "5",
            "--made",
            "12",
            "--validation",
            "0.2",
            "--quiet"};
  }
  std::filesystem::path checkpoint(const std::string& out) const { return folder_ / (out + ".ckpt"); }

  // Sends the signal once the checkpoint is one of the stage.
  Outcome stop_in(const std::string& stage, Words words, const std::string& out) const {
    const Running running(std::move(words));
    for (int tries = 0; tries < 30000 && stage_of(checkpoint(out)) != stage; ++tries)
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    running.signal(GetParam());
    return running.wait();
  }
  static std::string stage_of(const std::filesystem::path& path) {
    return std::filesystem::exists(path) ? checkpoint_stage(path) : "";
  }

  io::Folder folder_;
  const std::filesystem::path fields_ = folder_ / "fields";
};

TEST_P(ResumeCommand, StoppedInBothStages_EndsWithTheModelOfAnUntouchedRun) {
  make_fields(fields_, 60);
  done(training("whole"));
  Words words = training("stopped");
  for (const char* stage : {"characters", "global"}) {
    SCOPED_TRACE(stage);
    const Outcome stopped = stop_in(stage, words, "stopped");
    ASSERT_EQ(stopped.code, GetParam() == SIGKILL ? -SIGKILL : 130) << stopped.err;
    EXPECT_FALSE(std::filesystem::exists(folder_ / "stopped"));
    ASSERT_EQ(stage_of(checkpoint("stopped")), stage);
    words = training("stopped");
    words.insert(words.end(), {"--resume", checkpoint("stopped")});
  }
  done(words);
  EXPECT_FALSE(std::filesystem::exists(checkpoint("stopped")));
  EXPECT_TRUE(text_of(folder_ / "stopped") == text_of(folder_ / "whole"));
}

INSTANTIATE_TEST_SUITE_P(Signals, ResumeCommand, ::testing::Values(SIGKILL, SIGINT),
                         [](const auto& signal) { return signal.param == SIGKILL ? "Sigkill" : "Sigint"; });

// Samples of its pass that a checkpoint has seen: 0 at the end of one.
std::uint64_t position_of(const std::filesystem::path& checkpoint) {
  return json::parse(io::read_safetensors(checkpoint).metadata.at("progress")).at("position");
}

TEST(FacesTrain, StoppedWithinAPassOfEitherPhase_EndsWithTheModelOfAnUntouchedRun) {
  const io::Folder folder;
  const auto training = [&](const std::string& out) -> Words {
    return {"faces", "train",    "--count", "150",     "--passes", "3",         "--batch",
            "4",     "--scenes", "2",       "--quiet", "--out",    folder / out};
  };
  const std::filesystem::path checkpoint = folder / "stopped.ckpt";
  done(training("whole"));
  for (const std::string stage : {"faces", "false alarms"}) {
    SCOPED_TRACE(stage);
    // A signal that happens to come between two passes is sent again in another run.
    for (int attempt = 0; attempt < 20; ++attempt) {
      for (const char* name : {"stopped", "stopped.ckpt", "stopped.ckpt.mined"})
        std::filesystem::remove(folder / name);
      const Running running(training("stopped"));
      for (int tries = 0; tries < 60000; ++tries) {
        if (std::filesystem::exists(checkpoint) && checkpoint_stage(checkpoint) == stage) break;
        std::this_thread::sleep_for(std::chrono::milliseconds(1));
      }
      running.signal(SIGINT);
      running.wait();
      if (std::filesystem::exists(checkpoint) && position_of(checkpoint) > 0) break;
    }
    ASSERT_TRUE(std::filesystem::exists(checkpoint));
    ASSERT_GT(position_of(checkpoint), 0u);
    ASSERT_EQ(checkpoint_stage(checkpoint), stage);
    Words words = training("stopped");
    words.insert(words.end(), {"--resume", checkpoint});
    done(words);
    EXPECT_TRUE(text_of(folder / "stopped") == text_of(folder / "whole"));
  }
}

}  // namespace
}  // namespace ebm::app
