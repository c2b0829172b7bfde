// The good files that fuzzing starts from are good: every one is read.

#include <algorithm>
#include <functional>
#include <map>

#include "ebm/io/idx.hpp"
#include "ebm/io/json.hpp"
#include "ebm/io/labels.hpp"
#include "ebm/io/safetensors.hpp"
#include "io_test.hpp"

namespace ebm::io {
namespace {

namespace fs = std::filesystem;
const fs::path kFuzz = fs::path(EBM_SOURCE_DIR) / "fuzz";

TEST(FuzzCorpus, OfEveryReaderOfThisRoom_IsRead) {
  const std::map<std::string, std::function<void(const Bytes&, const std::string&)>> readers{
      {"idx",
       [](const Bytes& b, const std::string& name) {
         if (name.find("labels") == std::string::npos)
           decode_idx_images(b, name);
         else
           decode_idx_labels(b, name);
       }},
      {"jpeg", [](const Bytes& b, const std::string& name) { decode_jpeg(b, name); }},
      {"json", [](const Bytes& b, const std::string& name) { JsonObject(as_text(b), name).only({"a"}); }},
      {"labels", [](const Bytes& b, const std::string& name) { parse_labels(as_text(b), name); }},
      {"pgm", [](const Bytes& b, const std::string& name) { decode_pgm(b, name); }},
      {"png", [](const Bytes& b, const std::string& name) { decode_png(b, name); }},
      {"safetensors", [](const Bytes& b, const std::string& name) { decode_safetensors(b, name); }}};
  for (const auto& [kind, reader] : readers) {
    int files = 0;
    for (const auto& entry : fs::directory_iterator(kFuzz / "corpus" / kind)) {
      EXPECT_LT(entry.file_size(), 1000u) << entry.path();
      EXPECT_NO_THROW(reader(read_file(entry.path()), entry.path().string())) << entry.path();
      ++files;
    }
    EXPECT_GE(files, 3) << kind;
  }
}

TEST(FuzzCorpus, IsThereForEveryTarget) {
  for (const auto& entry : fs::directory_iterator(kFuzz))
    if (entry.path().extension() == ".cpp") {
      EXPECT_TRUE(fs::is_directory(kFuzz / "corpus" / entry.path().stem())) << entry.path();
    }
}

}  // namespace
}  // namespace ebm::io
