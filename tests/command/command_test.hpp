#pragma once
/// \file
/// The command as a user calls it: words in; exit code, stdout and stderr out.

#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>

#include <chrono>
#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <thread>
#include <vector>

#include "io/io_test.hpp"

extern char** environ;

namespace ebm::app {

using nlohmann::json;
using Words = std::vector<std::string>;

struct Outcome {
  int code = -1;  ///< -signal when one ended it
  std::string out, err;

  /// What stdout says as exactly one JSON value.
  json value() const {
    json parsed = json::parse(out, nullptr, false);
    EXPECT_FALSE(parsed.is_discarded()) << "not one JSON value: " << out << err;
    return parsed;
  }
};

/// A running command.
class Running {
 public:
  explicit Running(Words words) {
    words.insert(words.begin(), EBM_COMMAND);
    std::vector<char*> argv;
    for (std::string& word : words) argv.push_back(word.data());
    argv.push_back(nullptr);
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    for (const auto& [stream, name] : {std::pair(1, "out"), std::pair(2, "err")})
      posix_spawn_file_actions_addopen(&actions, stream, (folder_ / name).c_str(),
                                       O_WRONLY | O_CREAT | O_TRUNC, 0600);
    const int failed = posix_spawn(&process_, EBM_COMMAND, &actions, nullptr, argv.data(), environ);
    posix_spawn_file_actions_destroy(&actions);
    if (failed != 0) throw Error("cannot start " EBM_COMMAND);
  }
  void signal(int number) const { ::kill(process_, number); }
  Outcome wait() const {
    int status = 0;
    ::waitpid(process_, &status, 0);
    return {WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status),
            std::string(io::as_text(io::read_file(folder_ / "out"))),
            std::string(io::as_text(io::read_file(folder_ / "err")))};
  }

 private:
  io::Folder folder_;
  pid_t process_ = 0;
};

inline Outcome run(Words words) { return Running(std::move(words)).wait(); }

/// A run that must succeed.
inline Outcome done(Words words) {
  Outcome outcome = run(std::move(words));
  EXPECT_EQ(outcome.code, 0) << outcome.err;
  return outcome;
}

inline std::string text_of(const std::filesystem::path& path) {
  return std::string(io::as_text(io::read_file(path)));
}

/// Name and text of every file of a folder.
inline std::map<std::string, std::string> contents(const std::filesystem::path& folder) {
  std::map<std::string, std::string> out;
  for (const auto& entry : std::filesystem::directory_iterator(folder))
    out[entry.path().filename()] = text_of(entry.path());
  return out;
}

/// Made fields, and a model of the right form that has learned next to nothing: what the forms of the command
/// need.
inline void make_fields(const std::filesystem::path& folder, int count, int seed = 1) {
  done({"generate", "amounts", "--count", std::to_string(count), "--seed", std::to_string(seed), "--out",
        folder, "--quiet"});
}
inline void make_model(const std::filesystem::path& model, const std::filesystem::path& fields,
                       const std::string& recogniser = "hos") {
  done({"check-reader", "train", "--data", fields, "--loss", "nll", "--recogniser", recogniser, "--out",
        model, "--epochs", "0", "--character-fields", "20", "--character-epochs", "1", "--validation", "0.5",
        "--quiet"});
}

}  // namespace ebm::app
