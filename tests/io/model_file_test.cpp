#include "ebm/io/model_file.hpp"

#include <algorithm>
#include <cmath>

#include "io_test.hpp"

namespace ebm::io {
namespace {

Params sample(std::uint64_t seed = 1) {
  Params params({.seed = seed});
  params.uniform("conv.weight", {2, 3}, 1);
  params.uniform("conv.bias", {2}, 1);
  return params;
}

const ModelInfo kInfo{"siamese", 2, R"({"size":7})", {{"confidence", "[0.5,1]"}}};

TEST(ModelFile, RoundTrip_KeepsEverything) {
  const Folder folder;
  save_model(folder / "m", kInfo, sample());
  const ModelFile file = load_model(folder / "m", "siamese", 2);
  EXPECT_EQ(file.info.config, R"({"size":7})");
  EXPECT_EQ(file.info.version, 2);
  EXPECT_EQ(file.info.notes, kInfo.notes);
  Params read = sample(9);
  EXPECT_FALSE(std::ranges::equal(read.flat(), sample().flat()));
  load_params(file, read);
  EXPECT_TRUE(std::ranges::equal(read.flat(), sample().flat()));
}

TEST(ModelFile, AnotherKind_IsRefusedByName) {
  const Folder folder;
  save_model(folder / "m", kInfo, sample());
  EXPECT_HAS(error_of<DataError>([&] { load_model(folder / "m", "check_reader", 9); }),
             "holds a 'siamese' model, a 'check_reader' is needed");
  EXPECT_HAS(error_of<DataError>([&] { load_model(folder / "m", "siamese", 1); }), "format version 2");
  EXPECT_EQ(read_model(folder / "m").info.kind, "siamese");
}

TEST(ModelFile, WeightsWithoutAKind_AreRefused) {
  const Folder folder;
  write_safetensors(folder / "w", {});
  EXPECT_HAS(error_of([&] { read_model(folder / "w"); }), "no 'kind'");
  write_safetensors(folder / "v", {}, {{"kind", "a"}, {"format_version", "two"}, {"config", "{}"}});
  EXPECT_HAS(error_of([&] { read_model(folder / "v"); }), "format_version is 'two'");
  EXPECT_THROW(save_model(folder / "n", {"a", 1, "{}", {{"kind", "b"}}}, sample()), DataError);
}

TEST(ModelFile, WeightsThatAreNotFinite_AreNamedAndChangeNothing) {
  for (const double bad : {std::nan(""), HUGE_VAL, -HUGE_VAL}) {
    const Folder folder;
    Params damaged = sample();
    damaged.view(damaged.find("conv.weight")).data[4] = static_cast<Real>(bad);
    save_model(folder / "m", kInfo, damaged);
    const ModelFile file = load_model(folder / "m", "siamese", 2);
    Params read = sample(9);
    const std::string text = error_of<DataError>([&] { load_params(file, read); });
    EXPECT_HAS(text, (folder / "m").string());
    EXPECT_HAS(text, "number 4 of the block 'conv.weight'");
    EXPECT_TRUE(std::ranges::equal(read.flat(), sample(9).flat()));
  }
}

TEST(ModelFile, BlocksThatDoNotFit_AreNamedAndChangeNothing) {
  const Folder folder;
  save_model(folder / "m", kInfo, sample());
  const ModelFile file = read_model(folder / "m");
  Params missing = sample(9);
  missing.add("more", {1});
  EXPECT_HAS(error_of<DataError>([&] { load_params(file, missing); }), "the block 'more' is missing");
  EXPECT_FALSE(std::ranges::equal(missing.view(Param{0}).span(), sample().view(Param{0}).span()));
  Params other;
  other.add("conv.weight", {3, 2});
  other.add("conv.bias", {2});
  EXPECT_HAS(error_of<DataError>([&] { load_params(file, other); }),
             "'conv.weight' is [2, 3], [3, 2] is needed");
  Params fewer;
  fewer.add("conv.weight", {2, 3});
  EXPECT_HAS(error_of<DataError>([&] { load_params(file, fewer); }), "'conv.bias' is unknown");
}

}  // namespace
}  // namespace ebm::io
