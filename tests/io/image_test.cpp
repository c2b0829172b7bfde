#include "ebm/io/image.hpp"

#include <numeric>

#include "io_test.hpp"

namespace ebm::io {
namespace {

Image read(std::string_view text) { return decode_image(as_bytes(text), "FILE"); }

Image ramp(int width, int height) {
  Image image{width, height, std::vector<std::uint8_t>(static_cast<std::size_t>(width * height))};
  for (std::size_t i = 0; i < image.pixels.size(); ++i) image.pixels[i] = static_cast<std::uint8_t>(37 * i);
  return image;
}

/// A PNG written chunk by chunk, by other means than the library's.
class PngText {
 public:
  PngText& chunk(const std::string& type, const std::string& content) {
    put(static_cast<std::uint32_t>(content.size()));
    text_ += type + content;
    put(crc(type + content));
    return *this;
  }
  /// IHDR, and the rows stored without compression.
  PngText& picture(std::uint32_t width, std::uint32_t height, int depth, int colour,
                   const std::string& rows) {
    return header(width, height, depth, colour).chunk("IDAT", stored(rows));
  }
  PngText& header(std::uint32_t width, std::uint32_t height, int depth, int colour) {
    return chunk("IHDR", four(width) + four(height) + char(depth) + char(colour) + std::string(3, '\0'));
  }
  std::string end() { return chunk("IEND", "").text_; }

  static std::string four(std::uint32_t v) {
    return {static_cast<char>(v >> 24), static_cast<char>(v >> 16), static_cast<char>(v >> 8),
            static_cast<char>(v)};
  }

  /// A zlib stream of one block without compression.
  static std::string stored(const std::string& rows) {
    const auto n = static_cast<std::uint16_t>(rows.size());
    std::uint32_t a = 1, b = 0;
    for (const unsigned char c : rows) a = (a + c) % 65521, b = (b + a) % 65521;
    return std::string("\x78\x01\x01", 3) + static_cast<char>(n) + static_cast<char>(n >> 8) +
           static_cast<char>(~n) + static_cast<char>(~n >> 8) + rows + four(b << 16 | a);
  }

 private:
  static std::uint32_t crc(const std::string& text) {
    std::uint32_t c = ~0u;
    for (const unsigned char byte : text) {
      c ^= byte;
      for (int k = 0; k < 8; ++k) c = c & 1 ? 0xEDB88320u ^ c >> 1 : c >> 1;
    }
    return ~c;
  }
  void put(std::uint32_t v) { text_ += four(v); }
  std::string text_ = "\x89PNG\r\n\x1a\n";
};

std::string bytes(std::initializer_list<int> values) {
  std::string out;
  for (const int v : values) out += static_cast<char>(v);
  return out;
}

TEST(Pgm, PlainAndBinary_SayTheSame) {
  const Image plain = read("P2 # a comment\n3 2\n# another\n255\n0 1 2\n253 254 255\n");
  EXPECT_EQ(plain, (Image{3, 2, {0, 1, 2, 253, 254, 255}}));
  EXPECT_EQ(read(std::string("P5\n#c\n3 2 255\n") + bytes({0, 1, 2, 253, 254, 255})), plain);
  EXPECT_EQ(plain.at(0, 1), 253);
}

TEST(Pgm, OfBits_IsBlackWhereOneStands) {
  const Image image = read(std::string("P4\n# masks\n10 2\n") + bytes({0x80, 0x40, 0x01, 0xbf}));
  std::vector<std::uint8_t> expected(20, 255);
  expected[0] = expected[9] = expected[17] = expected[18] = 0;  // the bits behind the tenth are nothing
  EXPECT_EQ(image.pixels, expected);
  expect_refused_at_every_length(bytes_of(std::string("P4 10 2\n") + bytes({0x80, 0x40, 0x01, 0xbf})),
                                 [](const Bytes& b) { decode_pgm(b, "FILE"); });
  EXPECT_HAS(error_of([] { read("P4 8000 8000\n1"); }), "needs 8000000 bytes here, 1 are there");
}

TEST(Pgm, OtherMaxvals_AreScaledTo255) {
  EXPECT_EQ(read("P2 3 1 2 0 1 2").pixels, (std::vector<std::uint8_t>{0, 128, 255}));
  EXPECT_EQ(read(std::string("P5 3 1 65535\n") + bytes({0, 0, 0x80, 0x80, 0xff, 0xff})).pixels,
            (std::vector<std::uint8_t>{0, 128, 255}));
}

TEST(Pgm, RoundTrip_IsExact) {
  const Image image = ramp(17, 5);
  EXPECT_EQ(decode_image(encode_pgm(image), "FILE"), image);
}

TEST(Pgm, Truncated_IsRefusedAtEveryLength) {
  expect_refused_at_every_length(encode_pgm(ramp(4, 3)), [](const Bytes& b) { decode_pgm(b, "FILE"); });
  // Digits may be cut from the last number, so that one ends with a mark.
  expect_refused_at_every_length(bytes_of("P2 3 2 9 1 2 3 4 5 6"),
                                 [](const Bytes& b) { decode_pgm(b, "FILE"); });
}

TEST(Pgm, LyingHeaders_AreRefusedWithTheirOffset) {
  EXPECT_HAS(error_of([] { read("P5 0 3 255\n"); }), "FILE: offset 3: the PGM file's width");
  EXPECT_HAS(error_of([] { read("P5 60000 60000 255\n"); }), "over the limit");
  EXPECT_HAS(error_of([] { read("P5 99999999999999999999999999 1 255\n"); }), "width must be from 1");
  EXPECT_HAS(error_of([] { read("P5 -3 3 255\n"); }), "offset 3: a number is expected");
  EXPECT_HAS(error_of([] { read("P5 8000 8000 255\n123"); }), "needs 64000000 bytes here, 3 are there");
  EXPECT_HAS(error_of([] { read("P2 8000 8000 255\n1 2 3"); }), "at least");
  EXPECT_HAS(error_of([] { read("P5 1 1 70000\nab"); }), "maxval must be from 1 to 65535");
  EXPECT_HAS(error_of([] { read("P5 1 1 9\n\x0a"); }), "offset 9: the pixel 10 is above the maxval 9");
  EXPECT_HAS(error_of([] { read("P2 1 1 9 10"); }), "offset 9: the PGM file's pixel must be from 0 to 9");
  EXPECT_HAS(error_of([] { read("P2 2 1 9 1x 2"); }), "offset 10");
  EXPECT_HAS(error_of([] { read("P5 1 1 255"); }), "ends after its header");
}

TEST(Image, AnythingElse_IsRefused) {
  EXPECT_HAS(error_of([] { read(""); }), "empty");
  EXPECT_HAS(error_of([] { read("P6 1 1 255 abc"); }), "neither a PGM");
  EXPECT_HAS(error_of([] { read("GIF89a"); }), "neither a PGM");
  EXPECT_HAS(error_of([] { read("\xff\xd8"); }), "neither a PGM");
}

TEST(Image, Files_AreToldApartByContentNotName) {
  const Folder folder;
  write_png(folder / "a.pgm", ramp(6, 4));
  write_pgm(folder / "b.png", ramp(6, 4));
  EXPECT_EQ(read_image(folder / "a.pgm"), ramp(6, 4));
  EXPECT_EQ(read_image(folder / "b.png"), ramp(6, 4));
  EXPECT_HAS(error_of<DataError>([&] { read_image(folder / "c.png"); }), "c.png");
}

TEST(Png, RoundTrip_IsExact) {
  Image all{16, 16, std::vector<std::uint8_t>(256)};
  std::iota(all.pixels.begin(), all.pixels.end(), 0);
  EXPECT_EQ(decode_image(encode_png(all), "FILE"), all);
  EXPECT_EQ(decode_image(encode_png(ramp(1, 1)), "FILE"), ramp(1, 1));
}

TEST(Png, EveryDepthAndColour_BecomesGrey) {
  EXPECT_EQ(read(PngText().picture(8, 1, 1, 0, bytes({0, 0b01010011})).end()).pixels,
            (std::vector<std::uint8_t>{0, 255, 0, 255, 0, 0, 255, 255}));
  EXPECT_EQ(read(PngText().picture(2, 1, 4, 0, bytes({0, 0x2f})).end()).pixels,
            (std::vector<std::uint8_t>{34, 255}));
  EXPECT_EQ(read(PngText().picture(2, 1, 16, 0, bytes({0, 0x80, 0x80, 0xff, 0xff})).end()).pixels,
            (std::vector<std::uint8_t>{128, 255}));
  EXPECT_EQ(read(PngText().picture(3, 1, 8, 2, bytes({0, 255, 0, 0, 0, 255, 0, 0, 0, 255})).end()).pixels,
            (std::vector<std::uint8_t>{76, 150, 29}));
  PngText palette;
  palette.header(2, 1, 8, 3).chunk("PLTE", bytes({10, 10, 10, 200, 200, 200}));
  EXPECT_EQ(read(palette.chunk("IDAT", PngText::stored(bytes({0, 1, 0}))).end()).pixels,
            (std::vector<std::uint8_t>{200, 10}));
}

TEST(Png, Transparency_IsLaidOverWhite) {
  EXPECT_EQ(read(PngText().picture(3, 1, 8, 4, bytes({0, 0, 0, 0, 255, 0, 128})).end()).pixels,
            (std::vector<std::uint8_t>{255, 0, 127}));
}

TEST(Png, Truncated_IsRefusedAtEveryLength) {
  expect_refused_at_every_length(encode_png(ramp(7, 3)), [](const Bytes& b) { decode_png(b, "FILE"); });
}

TEST(Png, AnyByteChanged_IsReadOrRefused) {
  expect_safe_with_any_byte_changed(encode_png(ramp(7, 3)), [](const Bytes& b) { decode_image(b, "FILE"); });
}

TEST(Png, LyingHeaders_AreRefusedBeforeMemoryIsTaken) {
  EXPECT_HAS(error_of([] { read(PngText().picture(60000, 60000, 8, 0, "x").end()); }), "over the limit");
  EXPECT_HAS(error_of([] { read(PngText().picture(8000, 8000, 8, 0, "x").end()); }), "cannot hold them");
  EXPECT_HAS(error_of([] { read(PngText().picture(0, 5, 8, 0, "x").end()); }), "cannot be");
  EXPECT_HAS(error_of([] { read(PngText().picture(0xffffffff, 0xffffffff, 8, 0, "x").end()); }), "cannot be");
  EXPECT_HAS(error_of([] { read(PngText().chunk("IDAT", "xyz").end()); }), "offset 8: the first PNG chunk");
  EXPECT_HAS(error_of([] { read(PngText().picture(3, 3, 5, 0, "x").end()); }), "damaged");
  EXPECT_HAS(error_of([] { read(PngText().picture(3, 3, 8, 0, "x").end()); }), "damaged");
}

/// Written by libjpeg, not by us: a ramp of 24 x 16 in grey, in colour, in colour with several scans.
Bytes jpeg(std::string_view name) {
  return read_file(std::filesystem::path(EBM_SOURCE_DIR) / "fuzz" / "corpus" / "jpeg" / name);
}

TEST(Jpeg, OfARamp_IsTheRampNearly) {
  for (const char* name : {"grey.jpg", "colour.jpg", "progressive.jpg"}) {
    const Image image = decode_image(jpeg(name), "FILE");
    ASSERT_EQ(image.width, 24) << name;
    ASSERT_EQ(image.height, 16) << name;
    for (int y = 0; y < 16; ++y)
      for (int x = 0; x < 24; ++x) EXPECT_NEAR(image.at(x, y), 20 + 6 * x + 4 * y, 4) << name;
  }
}

TEST(Jpeg, OfFourInks_IsDarkWhereInkIs) {
  const Image image = decode_image(jpeg("inks.jpg"), "FILE");
  ASSERT_EQ(image.width, 16);
  EXPECT_NEAR(image.at(2, 4), 255, 3);   // no ink
  EXPECT_NEAR(image.at(13, 4), 127, 3);  // half black
}

TEST(Jpeg, Truncated_IsRefusedAtEveryLength) {
  for (const char* name : {"grey.jpg", "progressive.jpg"})
    expect_refused_at_every_length(jpeg(name), [](const Bytes& b) { decode_jpeg(b, "FILE"); });
}

TEST(Jpeg, AnyByteChanged_IsReadOrRefused) {
  for (const char* name : {"grey.jpg", "colour.jpg", "progressive.jpg", "inks.jpg"})
    expect_safe_with_any_byte_changed(jpeg(name), [](const Bytes& b) { decode_image(b, "FILE"); });
}

TEST(Jpeg, LyingHeaders_AreRefusedBeforeMemoryIsTaken) {
  Bytes large = jpeg("grey.jpg");
  const std::string_view text = as_text(large);
  const std::size_t frame = text.find(std::string_view("\xff\xc0", 2));
  ASSERT_NE(frame, std::string_view::npos);
  // Height, then width, of two bytes each.
  const auto say = [&](unsigned char high) {
    large[frame + 5] = large[frame + 7] = static_cast<std::byte>(high);
    return error_of([&] { decode_jpeg(large, "FILE"); });
  };
  EXPECT_HAS(say(0xff), "over the limit");
  EXPECT_HAS(say(0x10), "cannot hold them");
  EXPECT_HAS(error_of([] { decode_jpeg(bytes_of("\xff\xd8\xff nothing"), "FILE"); }), "FILE: offset");
  EXPECT_HAS(error_of([] { decode_jpeg(bytes_of("P5"), "FILE"); }), "no JPEG");
}

TEST(Image, ListOfAFolder_HasImagesByNameAndNothingElse) {
  const Folder folder;
  EXPECT_HAS(error_of<DataError>([&] { list_images(folder.path()); }), "holds no image");
  write_png(folder / "b.PNG", ramp(2, 2));
  write_pgm(folder / "a.pgm", ramp(2, 2));
  write_file(folder / "c.jpg", jpeg("grey.jpg"));
  write_file(folder / "d.txt", "words");
  std::filesystem::create_directory(folder / "e.png");
  EXPECT_EQ(list_images(folder.path()),
            (std::vector<std::filesystem::path>{folder / "a.pgm", folder / "b.PNG", folder / "c.jpg"}));
  EXPECT_HAS(error_of<DataError>([&] { list_images(folder / "nowhere"); }), "nowhere");
}

}  // namespace
}  // namespace ebm::io
