// What a model file says of itself is believed only within its range, and a fault is told with file and
// field.

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "ebm/io/model_file.hpp"
#include "ebm/models/check_reader.hpp"
#include "ebm/models/digit_reader.hpp"
#include "ebm/models/face_detector.hpp"
#include "ebm/models/face_verifier.hpp"
#include "io/io_test.hpp"

namespace ebm::models {
namespace {

using nlohmann::json;

struct Fault {
  const char* key;
  json value;
};

// Saves a model, then loads it with one field of its configuration changed at a time.
template <class M>
void expect_refusals(const M& model, const Params& params, const std::vector<Fault>& faults) {
  const io::Folder folder;
  model.save(folder / "m");
  const io::ModelFile file = io::read_model(folder / "m");
  EXPECT_NO_THROW(M::load(folder / "m"));
  for (const Fault& fault : faults) {
    json config = json::parse(file.info.config);
    config[fault.key] = fault.value;
    io::ModelInfo info = file.info;
    info.config = config.dump();
    io::save_model(folder / "bad", info, params);
    const std::string says = io::error_of<FormatError>([&] { M::load(folder / "bad"); });
    EXPECT_HAS(says, message((folder / "bad").string(), ": field '", fault.key, "' ")) << fault.value;
  }
}

TEST(ModelFiles, OfAFaceDetectorOutOfRange_AreRefusedByField) {
  const FaceDetector d;
  expect_refusals(d, d.params(),
                  {{"pose_dims", 3},
                   {"pose_dims", -1},
                   {"radius", -1},
                   {"radius", 2000000000},
                   {"radius", 1.5},
                   {"floor", 0},
                   {"floor", "none"},
                   {"threshold", -1},
                   {"threshold", 1e300},
                   {"threshold", nullptr},
                   {"seed", -3},
                   {"seed", 1e30},
                   {"colour", "grey"}});
}

TEST(ModelFiles, OfAFaceVerifierOutOfRange_AreRefusedByField) {
  const FaceVerifier v;
  expect_refusals(v, v.params(), {{"seed", -3}, {"seed", 1e30}, {"people", "ann"}, {"people", {1, 2}}});
}

TEST(ModelFiles, OfACheckReaderOutOfRange_AreRefusedByField) {
  const CheckReader r{CheckReaderConfig{}};
  expect_refusals(r, r.params(),
                  {{"recogniser", "eyes"},
                   {"characters", ""},
                   {"characters", "0123456788"},
                   {"characters", "012345678\n"},
                   {"ink", "red"},
                   {"seed", -1},
                   {"grammar", 7},
                   {"judged", "all"},
                   {"judged", {{0.5}}},
                   {"judged", {{1.5, true}}}});
}

TEST(ModelFiles, OfADigitReader_SayNothingMore) {
  const DigitReader r;
  expect_refusals(r, r.params(), {{"seed", 1}});
}

TEST(ModelFiles, WithASeedOf64Bits_KeepIt) {
  const io::Folder folder;
  const std::uint64_t seed = 18446744073709551557ULL;
  FaceDetector({.seed = seed}).save(folder / "d");
  EXPECT_EQ(FaceDetector::load(folder / "d").config().seed, seed);
}

}  // namespace
}  // namespace ebm::models
