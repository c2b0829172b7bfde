#include "ebm/io/gzip.hpp"

#include <zlib.h>

#include <algorithm>
#include <limits>

#include "format_error.hpp"

namespace ebm::io {
namespace {

constexpr std::size_t kChunk = std::size_t{1} << 16;
constexpr int kGzipWindow = 15 + 16;  // zlib's way of saying: gzip, the largest window

struct Inflate {
  z_stream stream{};
  Inflate() {
    if (inflateInit2(&stream, kGzipWindow) != Z_OK) throw Error("[gzip] zlib cannot start");
  }
  ~Inflate() { inflateEnd(&stream); }
};

Bytef* zlib_input(std::span<const std::byte> bytes) {
  return const_cast<Bytef*>(reinterpret_cast<const Bytef*>(bytes.data()));
}

}  // namespace

bool is_gzip(std::span<const std::byte> bytes) {
  return bytes.size() >= 2 && bytes[0] == std::byte{0x1f} && bytes[1] == std::byte{0x8b};
}

Bytes gunzip(std::span<const std::byte> bytes, std::string_view name, std::size_t limit) {
  if (!is_gzip(bytes)) throw at_offset(name, 0, "this is no gzip file");
  Inflate inflater;
  z_stream& z = inflater.stream;
  Bytes out;
  std::size_t used = 0;   // of out
  std::size_t begin = 0;  // of the input that zlib has not seen
  for (;;) {
    if (z.avail_in == 0) {
      z.next_in = zlib_input(bytes.subspan(begin));
      z.avail_in =
          static_cast<uInt>(std::min<std::size_t>(bytes.size() - begin, std::numeric_limits<int>::max()));
      begin += z.avail_in;
    }
    if (used == out.size()) out.resize(used + std::clamp(used, kChunk, std::size_t{1} << 26));
    const std::size_t room = out.size() - used;
    z.next_out = reinterpret_cast<Bytef*>(out.data() + used);
    z.avail_out = static_cast<uInt>(room);
    const int state = inflate(&z, Z_NO_FLUSH);
    used += room - z.avail_out;
    const std::size_t offset = begin - z.avail_in;
    if (used > limit) throw at_offset(name, offset, "the gzip file holds more than ", limit, " bytes");
    if (state == Z_STREAM_END) {
      const auto rest = bytes.subspan(offset);
      if (is_gzip(rest)) {
        inflateReset(&z);
        continue;
      }
      // Tapes pad with zeros, and gzip itself lets that pass.
      if (!std::ranges::all_of(rest, [](std::byte b) { return b == std::byte{0}; }))
        throw at_offset(name, offset, "after the end of the gzip data comes something else");
      out.resize(used);
      return out;
    }
    if (state == Z_BUF_ERROR && z.avail_in == 0 && begin == bytes.size())
      throw at_offset(name, offset, "the gzip data ends too early: the file is truncated");
    if (state != Z_OK && state != Z_BUF_ERROR)
      throw at_offset(name, offset, "the gzip data is damaged", z.msg ? ": " : "", z.msg ? z.msg : "");
  }
}

Bytes gzip(std::span<const std::byte> bytes) {
  z_stream z{};
  if (deflateInit2(&z, Z_BEST_COMPRESSION, Z_DEFLATED, kGzipWindow, 9, Z_DEFAULT_STRATEGY) != Z_OK)
    throw Error("[gzip] zlib cannot start");
  Bytes out(deflateBound(&z, static_cast<uLong>(bytes.size())));
  z.next_out = reinterpret_cast<Bytef*>(out.data());
  std::size_t begin = 0, room = out.size();
  int state = Z_OK;
  while (state == Z_OK) {
    const auto piece = std::min<std::size_t>(bytes.size() - begin, std::size_t{1} << 30);
    const auto space = std::min<std::size_t>(room, std::size_t{1} << 30);
    z.next_in = zlib_input(bytes.subspan(begin));
    z.avail_in = static_cast<uInt>(piece);
    z.avail_out = static_cast<uInt>(space);
    state = deflate(&z, begin + piece == bytes.size() ? Z_FINISH : Z_NO_FLUSH);
    begin += piece - z.avail_in;
    room -= space - z.avail_out;
  }
  deflateEnd(&z);
  if (state != Z_STREAM_END) throw Error("[gzip] zlib cannot compress");
  out.resize(out.size() - room);
  return out;
}

std::uint32_t crc32(std::span<const std::byte> bytes) {
  return static_cast<std::uint32_t>(::crc32_z(0, reinterpret_cast<const Bytef*>(bytes.data()), bytes.size()));
}

}  // namespace ebm::io
