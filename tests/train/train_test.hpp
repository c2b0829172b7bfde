#pragma once
/// \file
/// Engines that misbehave on purpose, and a folder of a test's own.

#include <unistd.h>

#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "ebm/inference/engine.hpp"

namespace ebm::testing {

/// Answers as exhaustive search does, after calling `before` with the number of answers asked for so far: a
/// way into the middle of any pass.
struct Watched {
  static constexpr Powers kPowers = infer::Exhaustive::kPowers;
  std::function<void(int)> before;
  std::shared_ptr<int> count = std::make_shared<int>(0);
  void answer(Batch& batch, const Query& query, Answer& out) const {
    before((*count)++);
    infer::Exhaustive{}.answer(batch, query, out);
  }
};

struct Folder {
  std::filesystem::path path;
  Folder() {
    std::string name = (std::filesystem::temp_directory_path() / "ebm_train_XXXXXX").string();
    path = ::mkdtemp(name.data());
  }
  ~Folder() { std::filesystem::remove_all(path); }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;
  std::filesystem::path operator/(const char* name) const { return path / name; }
};

inline std::vector<Real> weights(const Params& W) { return {W.flat().begin(), W.flat().end()}; }

}  // namespace ebm::testing
