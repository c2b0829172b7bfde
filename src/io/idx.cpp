#include "ebm/io/idx.hpp"

#include <algorithm>
#include <array>
#include <limits>
#include <optional>
#include <string>

#include "ebm/io/gzip.hpp"
#include "format_error.hpp"

namespace ebm::io {
namespace {

constexpr std::byte kUnsignedByte{8};

struct IdxArray {
  std::vector<int> sizes;
  std::vector<std::uint8_t> values;
};

IdxArray decode_idx(std::span<const std::byte> bytes, std::string_view name, std::size_t rank) {
  std::optional<Bytes> unpacked;
  if (is_gzip(bytes)) bytes = unpacked.emplace(gunzip(bytes, name));
  const std::size_t header = 4 + 4 * rank;
  if (bytes.size() < 4 || bytes[0] != std::byte{0} || bytes[1] != std::byte{0})
    throw at_offset(name, 0, "this is no IDX file: it does not begin with two zero bytes, a type and a rank");
  if (bytes[2] != kUnsignedByte)
    throw at_offset(name, 2, "the IDX type is ", static_cast<int>(bytes[2]),
                    ", unsigned bytes (8) are needed");
  if (static_cast<std::size_t>(bytes[3]) != rank)
    throw at_offset(name, 3, "the IDX rank is ", static_cast<int>(bytes[3]), ", ", rank,
                    " is needed (images have 3, labels 1)");
  if (bytes.size() < header)
    throw at_offset(name, bytes.size(), "the IDX file ends inside its header of ", header, " bytes");

  IdxArray out;
  const std::size_t left = bytes.size() - header;
  std::size_t needed = 1;
  for (std::size_t axis = 0; axis < rank; ++axis) {
    std::size_t size = 0;
    for (const std::byte b : bytes.subspan(4 + 4 * axis, 4)) size = 256 * size + static_cast<std::size_t>(b);
    if (size > static_cast<std::size_t>(std::numeric_limits<int>::max()))
      throw at_offset(name, 4 + 4 * axis, "the IDX size ", size, " is too large");
    // No product can wrap: it stops at the first axis that asks for more than is there.
    if (size > 0 && needed > left / size)
      throw at_offset(name, 4 + 4 * axis, "the IDX sizes ask for more than the ", left, " bytes that follow");
    needed *= size;
    out.sizes.push_back(static_cast<int>(size));
  }
  if (needed != left)
    throw at_offset(name, header, "the IDX sizes ask for ", needed, " bytes, ", left, " follow");
  const auto* first = reinterpret_cast<const std::uint8_t*>(bytes.data() + header);
  out.values.assign(first, first + needed);
  return out;
}

Bytes encode(std::span<const int> sizes, std::span<const std::uint8_t> values) {
  Bytes out{std::byte{0}, std::byte{0}, kUnsignedByte, static_cast<std::byte>(sizes.size())};
  for (const int size : sizes)
    for (int shift = 24; shift >= 0; shift -= 8) out.push_back(static_cast<std::byte>(size >> shift));
  const auto bytes = std::as_bytes(values);
  out.insert(out.end(), bytes.begin(), bytes.end());
  return out;
}

std::filesystem::path plain_or_gz(const std::filesystem::path& path) {
  std::error_code ignored;
  if (std::filesystem::exists(path, ignored)) return path;
  auto packed = path;
  packed += ".gz";
  if (std::filesystem::exists(packed, ignored)) return packed;
  throw DataError(
      message("[idx] there is neither ", path.string(), " nor ", packed.filename().string(), " beside it"));
}

std::array<std::filesystem::path, 2> pair_of(const std::filesystem::path& folder, MnistPart part) {
  const std::string stem = part == MnistPart::train ? "train" : "t10k";
  return {folder / (stem + "-images-idx3-ubyte"), folder / (stem + "-labels-idx1-ubyte")};
}

}  // namespace

IdxImages decode_idx_images(std::span<const std::byte> bytes, std::string_view name) {
  IdxArray array = decode_idx(bytes, name, 3);
  return {array.sizes[0], array.sizes[1], array.sizes[2], std::move(array.values)};
}

std::vector<std::uint8_t> decode_idx_labels(std::span<const std::byte> bytes, std::string_view name) {
  return decode_idx(bytes, name, 1).values;
}

IdxImages read_idx_images(const std::filesystem::path& path) {
  const auto found = plain_or_gz(path);
  return decode_idx_images(read_file(found), found.string());
}

std::vector<std::uint8_t> read_idx_labels(const std::filesystem::path& path) {
  const auto found = plain_or_gz(path);
  return decode_idx_labels(read_file(found), found.string());
}

Bytes encode_idx(const IdxImages& images) {
  return encode(std::array{images.count, images.height, images.width}, images.pixels);
}

Bytes encode_idx(std::span<const std::uint8_t> labels) {
  return encode(std::array{static_cast<int>(labels.size())}, labels);
}

std::vector<std::filesystem::path> mnist_files(const std::filesystem::path& folder) {
  std::vector<std::filesystem::path> out;
  for (const MnistPart part : {MnistPart::train, MnistPart::test})
    for (const auto& path : pair_of(folder, part))
      for (const char* end : {"", ".gz"}) out.push_back(path.string() + end);
  return out;
}

Mnist read_mnist(const std::filesystem::path& folder, MnistPart part) {
  const auto [images, labels] = pair_of(folder, part);
  Mnist out{read_idx_images(images), read_idx_labels(labels)};
  if (out.labels.size() != static_cast<std::size_t>(out.images.count))
    throw DataError(message("[mnist] ", images.string(), " has ", out.images.count, " images, ",
                            labels.string(), " has ", out.labels.size(),
                            " labels; they belong to different sets"));
  const auto wrong = std::ranges::find_if(out.labels, [](int label) { return label > 9; });
  if (wrong != out.labels.end())
    throw DataError(message("[mnist] ", labels.string(), ": label ", wrong - out.labels.begin(), " is ",
                            static_cast<int>(*wrong), ", digits are 0 to 9"));
  return out;
}

}  // namespace ebm::io
