#include "ebm/io/labels.hpp"

#include <array>
#include <set>

#include "io_test.hpp"

namespace ebm::io {
namespace {

std::string wrong(std::string_view text) {
  return error_of([&] { parse_labels(text, "FILE"); });
}

TEST(Labels, Table_IsReadWithItsOtherColumns) {
  const LabelTable table =
      parse_labels("#file\twidth\tamount\r\na.pgm\t10\t12.50\r\n\r\nb.pgm\t\t\n", "FILE");
  EXPECT_EQ(table.columns, (std::vector<std::string>{"file", "width", "amount"}));
  ASSERT_EQ(table.rows.size(), 2u);
  EXPECT_EQ(table.rows[0].line, 2);
  EXPECT_EQ(table.rows[0].fields, (std::vector<std::string>{"a.pgm", "10", "12.50"}));
  EXPECT_EQ(table.rows[1].line, 4);
  EXPECT_EQ(table.rows[1].fields[2], "");
  EXPECT_EQ(table.column("amount"), 2);
  EXPECT_EQ(table.column("boxes"), -1);
}

TEST(Labels, LastLine_NeedsNoNewline) {
  EXPECT_EQ(parse_labels("# amount\tfile\n12\ta.png", "FILE").rows[0].fields[1], "a.png");
  EXPECT_EQ(parse_labels("\xef\xbb\xbf"
                         "file\tamount\na\t1",
                         "FILE")
                .rows.size(),
            1u);
}

TEST(Labels, Malformed_IsRefusedWithItsLine) {
  EXPECT_HAS(wrong(""), "FILE:1: the label file is empty");
  EXPECT_HAS(wrong("\n\n"), "empty");
  EXPECT_HAS(wrong("file\tamount\n"), "no row");
  EXPECT_HAS(wrong("file\tlabel\na\t1\n"), "FILE:1: the header has no column 'amount'");
  EXPECT_HAS(wrong("name\tamount\na\t1\n"), "no column 'file'");
  EXPECT_HAS(wrong("file\tamount\tfile\na\t1\tb\n"), "'file' comes twice");
  EXPECT_HAS(wrong("file\tamount\na.pgm\t1\nb.pgm\n"), "FILE:3: the row has 1 fields, the header names 2");
  EXPECT_HAS(wrong("file\tamount\n\t1\n"), "FILE:2: the file name is empty");
  EXPECT_HAS(wrong("file\tamount\na\t1\nb\t2\na\t3\n"), "FILE:4: the file 'a' was already named on line 2");
}

TEST(Labels, HeaderOfVeryManyColumns_IsReadInNoTime) {
  std::string text = "file\tamount";
  for (int i = 0; i < 200'000; ++i) text += message("\t", i);
  EXPECT_HAS(wrong(text + "\na\t1\n"), "the header names 200002");
}

TEST(Labels, FileNamesThatLeaveTheFolder_AreRefused) {
  for (const char* name : {"../a", "/etc/passwd", "x/../../a", "a\x01"})
    EXPECT_HAS(wrong(std::string("file\tamount\n") + name + "\t1\n"), "must stay inside");
}

Image dot(std::uint8_t value) { return {1, 1, {value}}; }

TEST(LabelledFolder, ImagesBesideTheLabels_AreRead) {
  const Folder folder;
  write_file(folder / "labels.tsv", "file\tamount\tnote\na.pgm\t10\tx\nb.png\t20\ty\n");
  write_pgm(folder / "a.pgm", dot(1));
  write_png(folder / "b.png", dot(2));
  const LabelledFolder read = read_labelled_folder(folder.path());
  ASSERT_EQ(read.images.size(), 2u);
  EXPECT_EQ(read.images[1].file, "b.png");
  EXPECT_EQ(read.images[1].amount, "20");
  EXPECT_EQ(read.images[1].image, dot(2));
  EXPECT_EQ(read.table.rows[static_cast<std::size_t>(read.images[1].row)].fields[2], "y");
}

TEST(LabelledFolder, OnlyWantedParts_AreReadAndNeeded) {
  const Folder folder;
  std::string text = "file\tamount\n";
  std::array<int, kParts> in_part{};
  for (int i = 0; i < 20; ++i) {
    const std::string name = message("f", i, ".pgm");
    text += name + "\t1\n";
    ++in_part[static_cast<std::size_t>(part_of(name))];
    if (part_of(name) == 1) write_pgm(folder / name, dot(9));
  }
  write_file(folder / "labels.tsv", text);
  const LabelledFolder read = read_labelled_folder(folder.path(), {1});
  EXPECT_EQ(read.images.size(), static_cast<std::size_t>(in_part[1]));
  EXPECT_EQ(read.table.rows.size(), 20u);
  EXPECT_HAS(error_of<DataError>([&] { read_labelled_folder(folder.path(), {4}); }), "no part 4");
}

TEST(LabelledFolder, MissingPieces_AreNamed) {
  const Folder folder;
  EXPECT_HAS(error_of<DataError>([&] { read_labelled_folder(folder / "no"); }), "no folder");
  EXPECT_HAS(error_of<DataError>([&] { read_labelled_folder(folder.path()); }), "labels.tsv");
  std::string text = "file\tamount\n";
  for (int i = 0; i < 7; ++i) text += message("f", i, ".pgm\t1\n");
  write_file(folder / "labels.tsv", text);
  const std::string what = error_of<DataError>([&] { read_labelled_folder(folder.path()); });
  EXPECT_HAS(what, "7 images are neither beside it nor in a .tar.gz");
  EXPECT_HAS(what, "f0.pgm (line 2)");
  EXPECT_HAS(what, "...");
  write_file(folder / "a.tar.gz", "x");
  EXPECT_HAS(error_of([&] { read_labelled_folder(folder.path()); }), "a.tar.gz: offset");
  write_file(folder / "b.tar.gz", "x");
  EXPECT_HAS(error_of<DataError>([&] { read_labelled_folder(folder.path()); }), "2 .tar.gz archives");
}

TEST(LabelledFolder, BrokenImage_IsNamed) {
  const Folder folder;
  write_file(folder / "labels.tsv", "file\tamount\na.pgm\t1\n");
  write_file(folder / "a.pgm", "P5 3 3 255\nab");
  EXPECT_HAS(error_of([&] { read_labelled_folder(folder.path()); }), "a.pgm: offset");
}

TEST(LabelledFolder, RealAmounts_FallIntoTheirFourParts) {
  const auto folder = real_data("orand_car");
  if (folder.empty()) GTEST_SKIP() << "no real amounts: set EBM_DATA to the folder that holds 'orand_car'";
  const LabelledFolder all = read_labelled_folder(folder);
  ASSERT_EQ(all.images.size(), 540u);
  std::array<int, kParts> in_part{};
  for (const LabelledImage& image : all.images) ++in_part[static_cast<std::size_t>(part_of(image.file))];
  EXPECT_EQ(in_part, (std::array<int, kParts>{134, 135, 136, 135}));
  const auto width = static_cast<std::size_t>(all.table.column("width"));
  ASSERT_LT(width, all.table.columns.size());
  for (const LabelledImage& image : all.images)
    EXPECT_EQ(std::to_string(image.image.width),
              all.table.rows[static_cast<std::size_t>(image.row)].fields[width]);
}

}  // namespace
}  // namespace ebm::io
