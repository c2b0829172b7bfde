#include "ebm/io/idx.hpp"

#include <algorithm>

#include "ebm/io/gzip.hpp"
#include "io_test.hpp"

namespace ebm::io {
namespace {

IdxImages two() { return {2, 2, 3, {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12}}; }

Bytes header(std::initializer_list<int> values) {
  Bytes out;
  for (const int v : values) out.push_back(static_cast<std::byte>(v));
  return out;
}

const auto kImages = [](const Bytes& b) { decode_idx_images(b, "FILE"); };
const auto kLabels = [](const Bytes& b) { decode_idx_labels(b, "FILE"); };

TEST(Idx, RoundTrip_PlainAndGzipped) {
  for (const Bytes& bytes : {encode_idx(two()), gzip(encode_idx(two()))}) {
    const IdxImages read = decode_idx_images(bytes, "FILE");
    EXPECT_EQ(read.count, 2);
    EXPECT_EQ(read.height, 2);
    EXPECT_EQ(read.width, 3);
    EXPECT_EQ(read.pixels, two().pixels);
    EXPECT_EQ(read.image(1)[0], 7);
  }
  const std::vector<std::uint8_t> labels{3, 1, 4};
  EXPECT_EQ(decode_idx_labels(encode_idx(labels), "FILE"), labels);
}

TEST(Idx, Truncated_IsRefusedAtEveryLength) {
  expect_refused_at_every_length(encode_idx(two()), kImages);
  expect_refused_at_every_length(gzip(encode_idx(two())), kImages);
  expect_refused_at_every_length(encode_idx(std::vector<std::uint8_t>{1, 2}), kLabels);
}

TEST(Idx, AnyByteChanged_IsReadOrRefused) {
  expect_safe_with_any_byte_changed(encode_idx(two()), kImages);
  expect_safe_with_any_byte_changed(gzip(encode_idx(two())), kImages);
}

TEST(Idx, LyingHeaders_AreRefusedWithTheirOffset) {
  EXPECT_HAS(
      error_of([] {
        kImages(header({0, 0, 8, 3, 0x7f, 255, 255, 255, 0x7f, 255, 255, 255, 0x7f, 255, 255, 255, 1}));
      }),
      "FILE: offset 4: the IDX sizes ask for more than the 1 bytes");
  EXPECT_HAS(error_of([] {
               kImages(header({0, 0, 8, 3, 255, 255, 255, 255, 0, 0, 0, 1, 0, 0, 0, 1}));
             }),
             "too large");
  // 2^16 x 2^16 x 2^32 would wrap to nothing.
  EXPECT_HAS(error_of([] {
               kImages(header({0, 0, 8, 3, 0, 1, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0}));
             }),
             "ask for more");
  EXPECT_HAS(error_of([] {
               kImages(header({0, 0, 0x0d, 3, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 1, 5}));
             }),
             "offset 2: the IDX type is 13");
  EXPECT_HAS(error_of([] { kImages(header({0, 0, 8, 1, 0, 0, 0, 1, 5})); }), "offset 3: the IDX rank is 1");
  EXPECT_HAS(error_of([] { kLabels(header({0, 0, 8, 1, 0, 0, 0, 1, 5, 6})); }), "ask for 1 bytes, 2 follow");
  EXPECT_HAS(error_of([] { kLabels(header({1, 0, 8, 1, 0, 0, 0, 1, 5})); }), "no IDX file");
}

TEST(Idx, EmptySet_IsRead) {
  EXPECT_EQ(decode_idx_images(header({0, 0, 8, 3, 0, 0, 0, 0, 0, 0, 0, 28, 0, 0, 0, 28}), "FILE").count, 0);
  EXPECT_TRUE(decode_idx_labels(header({0, 0, 8, 1, 0, 0, 0, 0}), "FILE").empty());
}

TEST(Mnist, PairOfFiles_IsCheckedForEachOther) {
  const Folder folder;
  EXPECT_HAS(error_of<DataError>([&] { read_mnist(folder.path(), MnistPart::test); }),
             "t10k-images-idx3-ubyte");
  write_file(folder / "t10k-images-idx3-ubyte.gz", gzip(encode_idx(two())));
  write_file(folder / "t10k-labels-idx1-ubyte", encode_idx(std::vector<std::uint8_t>{7, 9}));
  const Mnist mnist = read_mnist(folder.path(), MnistPart::test);
  EXPECT_EQ(mnist.images.count, 2);
  EXPECT_EQ(mnist.labels, (std::vector<std::uint8_t>{7, 9}));
  write_file(folder / "t10k-labels-idx1-ubyte", encode_idx(std::vector<std::uint8_t>{7}));
  EXPECT_HAS(error_of<DataError>([&] { read_mnist(folder.path(), MnistPart::test); }), "2 images");
  write_file(folder / "t10k-labels-idx1-ubyte", encode_idx(std::vector<std::uint8_t>{7, 10}));
  EXPECT_HAS(error_of<DataError>([&] { read_mnist(folder.path(), MnistPart::test); }), "label 1 is 10");
}

TEST(Mnist, RealSet_HasItsPublishedCounts) {
  const auto folder = real_data("mnist");
  if (folder.empty()) GTEST_SKIP() << "no MNIST: set EBM_DATA to the folder that holds 'mnist'";
  const Mnist train = read_mnist(folder, MnistPart::train), test = read_mnist(folder, MnistPart::test);
  EXPECT_EQ(train.images.count, 60000);
  EXPECT_EQ(test.images.count, 10000);
  EXPECT_EQ(train.images.width, 28);
  EXPECT_EQ(std::ranges::count(train.labels, 1), 6742);
  EXPECT_EQ(std::ranges::count(test.labels, 1), 1135);
  EXPECT_EQ(test.labels[0], 7);
}

}  // namespace
}  // namespace ebm::io
