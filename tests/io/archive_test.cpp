#include "ebm/io/archive.hpp"

#include <cstdio>

#include "ebm/io/gzip.hpp"
#include "io_test.hpp"

namespace ebm::io {
namespace {

/// One ustar entry, written by hand. \param stated the size in the header
std::string entry(const std::string& name, const std::string& content, std::size_t stated, char type = '0') {
  std::string head(512, '\0');
  head.replace(0, name.size(), name);
  const auto octal = [&](std::size_t at, std::size_t width, std::size_t value) {
    char text[32];
    std::snprintf(text, sizeof text, "%0*zo", static_cast<int>(width - 1), value);
    head.replace(at, width - 1, text);
  };
  octal(100, 8, 0644);
  octal(108, 8, 0);
  octal(116, 8, 0);
  octal(124, 12, stated);
  octal(136, 12, 0);
  head[156] = type;
  if (type == '2') head.replace(157, 4, "a.tx");
  head.replace(257, 8,
               std::string("ustar\0"
                           "00",
                           8));
  head.replace(148, 8, "        ");
  std::size_t sum = 0;
  for (const unsigned char c : head) sum += c;
  octal(148, 7, sum);
  head[154] = '\0';
  std::string body = content;
  body.resize((content.size() + 511) / 512 * 512);
  return head + body;
}
std::string entry(const std::string& name, const std::string& content) {
  return entry(name, content, content.size());
}

const std::string kEnd(1024, '\0');

std::map<std::string, std::string> unpack(const std::string& archive, const ArchiveLimits& limits = {}) {
  std::map<std::string, std::string> out;
  each_entry(
      as_bytes(archive), "FILE",
      [&](std::string_view name, std::span<const std::byte> content) { out.emplace(name, as_text(content)); },
      limits);
  return out;
}

TEST(Archive, Files_AreVisitedPlainAndGzipped) {
  const std::string tar = entry("./a.txt", "first") + entry("dir/", "", 0, '5') + entry("dir/b", "second") +
                          entry("link", "", 0, '2') + kEnd;
  const std::map<std::string, std::string> expected{{"a.txt", "first"}, {"dir/b", "second"}};
  EXPECT_EQ(unpack(tar), expected);
  const Bytes packed = gzip(as_bytes(tar));
  EXPECT_EQ(unpack(std::string(as_text(packed))), expected);
  const Folder folder;
  write_file(folder / "x.tar.gz", packed);
  EXPECT_EQ(as_text(read_archive(folder / "x.tar.gz").at("dir/b")), "second");
}

TEST(Archive, NamesThatLeadOut_AreRefused) {
  EXPECT_HAS(error_of([] { unpack(entry("../up", "x") + kEnd); }), "'../up'");
  EXPECT_HAS(error_of([] { unpack(entry("a/../../up", "x") + kEnd); }), "leads out");
  EXPECT_HAS(error_of([] { unpack(entry("/etc/file", "x") + kEnd); }), "leads out");
}

TEST(Archive, NamesBeyondAscii_AreKept) {
  EXPECT_EQ(unpack(entry("\u00e9.pgm", "x") + kEnd).count("\u00e9.pgm"), 1u);
  // The same in the extended header of newer archives: "LENGTH path=NAME\n".
  const std::string extended = "17 path=\u00e9\u00e8.pgm\n";
  EXPECT_EQ(unpack(entry("pax", extended, extended.size(), 'x') + entry("short", "y") + kEnd)
                .count("\u00e9\u00e8.pgm"),
            1u);
}

TEST(Archive, Limits_StopWhatWouldFillTheMemory) {
  EXPECT_HAS(error_of([] { unpack(entry("big", std::string(5000, 'x')) + kEnd, {.entry = 4000}); }),
             "limit of 4000");
  EXPECT_HAS(error_of([] {
               unpack(entry("a", std::string(3000, 'x')) + entry("b", std::string(3000, 'x')) + kEnd,
                      {.total = 5000});
             }),
             "more than 5000");
  // A gigabyte stated, nothing there.
  EXPECT_THROW(unpack(entry("big", "x", 1 << 30) + kEnd), FormatError);
}

TEST(Archive, Garbage_IsRefused) {
  EXPECT_HAS(error_of([] { unpack("this is text"); }), "FILE: offset");
  EXPECT_THROW(unpack(""), FormatError);
  const Folder folder;
  EXPECT_HAS(error_of([&] { read_archive(folder / "none.tar.gz"); }), "none.tar.gz");
  write_file(folder / "twice.tar", entry("a", "x") + entry("a", "y") + kEnd);
  EXPECT_HAS(error_of([&] { read_archive(folder / "twice.tar"); }), "'a' comes twice");
}

TEST(Archive, TruncatedGzip_IsRefusedAtEveryLength) {
  const Bytes packed = gzip(as_bytes(entry("a.txt", "some content") + kEnd));
  // The last bytes check what was already read to its end.
  const auto all_but_the_tail = std::span(packed).first(packed.size() - 8);
  expect_refused_at_every_length(all_but_the_tail, [](const Bytes& b) { unpack(std::string(as_text(b))); });
}

}  // namespace
}  // namespace ebm::io
