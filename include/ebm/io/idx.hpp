#pragma once
/// \file
/// IDX, the format of MNIST (LeCun, Cortes, Burges 1998): big-endian magic 0 0 type rank, sizes, then the
/// entries. Unsigned bytes only: labels have rank 1, images rank 3. Plain or gzipped, told apart by content.

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "ebm/io/file.hpp"
#include "ebm/io/image.hpp"

namespace ebm::io {

struct IdxImages {
  int count = 0, height = 0, width = 0;
  std::vector<std::uint8_t> pixels;  ///< [count, height, width], as stored (MNIST's ink is light)

  std::size_t image_size() const {
    return static_cast<std::size_t>(height) * static_cast<std::size_t>(width);
  }
  std::span<const std::uint8_t> image(int i) const {
    return std::span(pixels).subspan(static_cast<std::size_t>(i) * image_size(), image_size());
  }
};

/// \param name for messages. \throws FormatError with the offset when the header lies or bytes are missing or
/// left over.
IdxImages decode_idx_images(std::span<const std::byte> bytes, std::string_view name);
std::vector<std::uint8_t> decode_idx_labels(std::span<const std::byte> bytes, std::string_view name);

/// Reads `path`, or `path`.gz where only that is there.
IdxImages read_idx_images(const std::filesystem::path& path);
std::vector<std::uint8_t> read_idx_labels(const std::filesystem::path& path);

Bytes encode_idx(const IdxImages& images);
Bytes encode_idx(std::span<const std::uint8_t> labels);

enum class MnistPart { train, test };
struct Mnist {
  IdxImages images;
  std::vector<std::uint8_t> labels;  ///< [count], 0 to 9
};

/// The pair `train-images-idx3-ubyte` and `train-labels-idx1-ubyte` (or `t10k-...`) of a folder, gzipped or
/// not. \throws DataError when one is missing, the counts differ, or a label is above 9.
Mnist read_mnist(const std::filesystem::path& folder, MnistPart part);

/// Every file of a folder that read_mnist may read, both parts, whether it exists or not.
std::vector<std::filesystem::path> mnist_files(const std::filesystem::path& folder);

}  // namespace ebm::io
