#pragma once
/// \file
/// gzip (RFC 1952), in memory, and its checksum.

#include <cstdint>

#include "ebm/io/file.hpp"

namespace ebm::io {

/// Whether the bytes begin as a gzip file does.
bool is_gzip(std::span<const std::byte> bytes);

/// The content of a gzip file of one or more members. Memory grows with what is really there, whatever the
/// file says of its size. \param name for messages. \throws FormatError with the offset in the compressed
/// file when it is damaged, truncated, followed by something else, or holds more than `limit` bytes.
Bytes gunzip(std::span<const std::byte> bytes, std::string_view name,
             std::size_t limit = std::size_t{1} << 32);

/// One gzip member, without time stamp: the same bytes for the same content.
Bytes gzip(std::span<const std::byte> bytes);

/// CRC-32 of RFC 1952: any one changed byte, and any burst of up to 32 bits, changes it.
std::uint32_t crc32(std::span<const std::byte> bytes);

}  // namespace ebm::io
