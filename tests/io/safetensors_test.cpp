#include "ebm/io/safetensors.hpp"

#include <algorithm>
#include <cstring>

#include "io_test.hpp"

namespace ebm::io {
namespace {

/// A file with this header and data, its length as it is.
std::string file(const std::string& header, const std::string& data = "") {
  const std::uint64_t length = header.size();
  std::string out(8, '\0');
  std::memcpy(out.data(), &length, 8);
  return out + header + data;
}

Weights read(const std::string& text) { return decode_safetensors(as_bytes(text), "FILE"); }
std::string wrong(const std::string& text) {
  return error_of([&] { read(text); });
}

template <class Number>
std::string raw(std::initializer_list<Number> values) {
  std::string out;
  for (const Number v : values) out.append(reinterpret_cast<const char*>(&v), sizeof v);
  return out;
}

Bytes sample() {
  static const Tensor a(Shape{2, 3}, {1, 2, 3, 4, 5, 6}), b(Shape{1}, {Real(0.1)}), none(Shape{0, 4});
  return encode_safetensors(std::vector<NamedView>{{"b", b}, {"a\"\n", a}, {"none", none}},
                            {{"kind", "t\u00e9st"}, {"x", ""}});
}

TEST(Safetensors, RoundTrip_IsExact) {
  const Weights read = decode_safetensors(sample(), "FILE");
  EXPECT_EQ(read.metadata, (Metadata{{"kind", "t\u00e9st"}, {"x", ""}}));
  ASSERT_EQ(read.tensors.size(), 3u);
  EXPECT_EQ(read.tensors.at("a\"\n").shape(), (Shape{2, 3}));
  EXPECT_EQ(read.tensors.at("a\"\n")[5], Real(6));
  EXPECT_EQ(read.tensors.at("b")[0], Real(0.1));
  EXPECT_EQ(read.tensors.at("none").shape(), (Shape{0, 4}));
}

TEST(Safetensors, Numbers_AreAlignedInTheFile) {
  std::uint64_t length = 0;
  std::memcpy(&length, sample().data(), 8);
  EXPECT_EQ(length % 8, 0u);
}

TEST(Safetensors, BothPrecisions_AreRead) {
  const Weights w = read(file(R"({"d":{"dtype":"F64","shape":[2],"data_offsets":[0,16]},)"
                              R"("f":{"dtype":"F32","shape":[],"data_offsets":[16,20]}})",
                              raw<double>({0.5, -2}) + raw<float>({3})));
  EXPECT_EQ(w.tensors.at("d")[1], Real(-2));
  EXPECT_EQ(w.tensors.at("f").shape(), Shape{});
  EXPECT_EQ(w.tensors.at("f")[0], Real(3));
}

TEST(Safetensors, NothingInside_IsRead) {
  EXPECT_TRUE(decode_safetensors(encode_safetensors({}), "FILE").tensors.empty());
}

TEST(Safetensors, Truncated_IsRefusedAtEveryLength) {
  expect_refused_at_every_length(sample(), [](const Bytes& b) { decode_safetensors(b, "FILE"); });
}

TEST(Safetensors, AnyByteChanged_IsReadOrRefused) {
  expect_safe_with_any_byte_changed(sample(), [](const Bytes& b) { decode_safetensors(b, "FILE"); });
}

TEST(Safetensors, HeaderLengthThatLies_IsRefused) {
  std::string text = file("{}");
  text[7] = '\x7f';
  EXPECT_HAS(wrong(text), "FILE: offset 0: the safetensors header says");
  EXPECT_HAS(wrong("1234"), "begins with 8 bytes, 4 are there");
  EXPECT_HAS(wrong(file("[]")), "FILE: offset 8: the safetensors header must begin with '{'");
}

TEST(Safetensors, HeaderThatIsNoJson_IsRefusedWhereItBreaks) {
  const std::string what = wrong(file(R"({"a": nope})"));
  EXPECT_HAS(what, "no valid JSON");
  EXPECT_HAS(what, "FILE: offset 15");
  EXPECT_HAS(wrong(file("{} {}")), "no valid JSON");
}

TEST(Safetensors, RepeatedNames_AreRefused) {
  const std::string one = R"("a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]})";
  EXPECT_HAS(wrong(file("{" + one + "," + one + "}", "1234")), "'a' comes twice");
  const Tensor t(Shape{1});
  EXPECT_THROW(encode_safetensors(std::vector<NamedView>{{"a", t}, {"a", t}}), DataError);
  EXPECT_THROW(encode_safetensors(std::vector<NamedView>{{"__metadata__", t}}), DataError);
  EXPECT_THROW(encode_safetensors(std::vector<NamedView>{{"\xff", t}}), DataError);
}

std::string one(const std::string& entry, std::size_t bytes) {
  return file(R"({"a":)" + entry + "}", std::string(bytes, 'x'));
}

TEST(Safetensors, EntriesThatMakeNoSense_AreRefusedByName) {
  EXPECT_HAS(wrong(one(R"({"dtype":"BF16","shape":[2],"data_offsets":[0,4]})", 4)),
             "tensor 'a': the type is \"BF16\", F32 or F64");
  EXPECT_HAS(wrong(one(R"({"shape":[2],"data_offsets":[0,4]})", 4)), "exactly dtype, shape and data_offsets");
  EXPECT_HAS(wrong(one("7", 4)), "exactly");
  EXPECT_HAS(wrong(one(R"({"dtype":"F32","shape":[3],"data_offsets":[0,8]})", 8)),
             "asks for more than its 8 bytes");
  EXPECT_HAS(wrong(one(R"({"dtype":"F32","shape":[1],"data_offsets":[0,8]})", 8)),
             "asks for 4 bytes, the offsets give 8");
  EXPECT_HAS(wrong(one(R"({"dtype":"F32","shape":[1],"data_offsets":[0,5]})", 5)),
             "asks for 4 bytes, the offsets give 5");
  EXPECT_HAS(wrong(one(R"({"dtype":"F32","shape":[-1],"data_offsets":[0,4]})", 4)),
             "list of at most 5 sizes");
  EXPECT_HAS(wrong(one(R"({"dtype":"F32","shape":[1,1,1,1,1,1],"data_offsets":[0,4]})", 4)), "at most 5");
  EXPECT_HAS(wrong(one(R"({"dtype":"F32","shape":[1],"data_offsets":[4,0]})", 4)),
             "do not lie in the 4 bytes");
  EXPECT_HAS(wrong(one(R"({"dtype":"F32","shape":[2],"data_offsets":[0,8]})", 4)),
             "do not lie in the 4 bytes");
  EXPECT_HAS(wrong(one(R"({"dtype":"F32","shape":[1],"data_offsets":[0]})", 4)), "two offsets");
  EXPECT_HAS(wrong(file(R"({"__metadata__":{"a":1}})")), "'a' must be a text");
}

TEST(Safetensors, HugeShapes_NeitherWrapNorTakeMemory) {
  EXPECT_HAS(wrong(one(R"({"dtype":"F32","shape":[65536,65536,65536,65536],"data_offsets":[0,0]})", 0)),
             "asks for more");
  EXPECT_HAS(wrong(one(R"({"dtype":"F32","shape":[2147483647,2147483647],"data_offsets":[0,4]})", 4)),
             "asks for more");
  EXPECT_HAS(wrong(one(R"({"dtype":"F32","shape":[18446744073709551615],"data_offsets":[0,4]})", 4)),
             "too large");
}

std::string pair(const std::string& first, const std::string& second, std::size_t bytes) {
  const auto entry = [](const std::string& offsets) {
    return R"({"dtype":"F32","shape":[1],"data_offsets":)" + offsets + "}";
  };
  return file(R"({"a":)" + entry(first) + R"(,"b":)" + entry(second) + "}", std::string(bytes, 'x'));
}

TEST(Safetensors, OverlapsHolesAndRests_AreRefused) {
  EXPECT_EQ(read(pair("[4,8]", "[0,4]", 8)).tensors.size(), 2u);
  EXPECT_HAS(wrong(pair("[0,4]", "[0,4]", 4)), "overlaps");
  EXPECT_HAS(wrong(pair("[0,4]", "[8,12]", 12)), "tensor 'b' leaves a hole");
  EXPECT_HAS(wrong(pair("[0,4]", "[4,8]", 9)), "1 bytes belong to no tensor");
}

TEST(Safetensors, NumberTooLargeForAFloat_IsRefused) {
  const std::string text =
      file(R"({"a":{"dtype":"F64","shape":[1],"data_offsets":[0,8]}})", raw<double>({1e300}));
  if constexpr (sizeof(Real) == 4)
    EXPECT_HAS(wrong(text), "too large for a float");
  else
    EXPECT_EQ(read(text).tensors.at("a")[0], Real(1e300));
}

}  // namespace
}  // namespace ebm::io
