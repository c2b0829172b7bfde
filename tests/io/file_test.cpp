#include "ebm/io/file.hpp"

#include <sys/stat.h>

#include "ebm/io/gzip.hpp"
#include "io_test.hpp"

namespace ebm::io {
namespace {

TEST(File, WhatIsWritten_IsRead) {
  const Folder folder;
  std::string text(100'000, 'x');
  text[500] = '\0';
  write_file(folder / "a", text);
  EXPECT_EQ(as_text(read_file(folder / "a")), text);
  write_file(folder / "a", std::string_view());
  EXPECT_TRUE(read_file(folder / "a").empty());
  EXPECT_EQ(folder.files(), 1u);
}

TEST(File, AbsentFile_IsNamedWithTheReason) {
  const Folder folder;
  const std::string what = error_of<DataError>([&] { read_file(folder / "nothing.png"); });
  EXPECT_HAS(what, "nothing.png");
  EXPECT_HAS(what, "No such file");
  EXPECT_HAS(error_of<DataError>([&] { read_file(folder.path()); }), "directory");
}

TEST(File, FailedWrite_LeavesTheOldFileAndNothingElse) {
  const Folder folder;
  write_file(folder / "kept", "old");
  EXPECT_HAS(error_of<DataError>([&] { write_file(folder / "no" / "such", "new"); }), "such");
  // A folder in the place of the file: everything is written, and the last step fails.
  std::filesystem::create_directory(folder / "taken");
  EXPECT_THROW(write_file(folder / "taken", "new"), DataError);
  EXPECT_EQ(as_text(read_file(folder / "kept")), "old");
  EXPECT_EQ(folder.files(), 2u);
}

TEST(File, Replacing_NeverTouchesTheOldFilesBytes) {
  const Folder folder;
  write_file(folder / "a", "old");
  std::filesystem::create_hard_link(folder / "a", folder / "watcher");
  write_file(folder / "a", "new");
  EXPECT_EQ(as_text(read_file(folder / "watcher")), "old");
  EXPECT_EQ(as_text(read_file(folder / "a")), "new");
}

TEST(File, SymbolicLink_IsFollowed) {
  const Folder folder;
  write_file(folder / "real", "old");
  std::filesystem::create_symlink("real", folder / "link");
  write_file(folder / "link", "new");
  EXPECT_TRUE(std::filesystem::is_symlink(folder / "link"));
  EXPECT_EQ(as_text(read_file(folder / "real")), "new");
}

TEST(File, Device_IsWrittenNotReplaced) {
  write_file("/dev/null", "gone");
  struct stat status {};
  ASSERT_EQ(::stat("/dev/null", &status), 0);
  EXPECT_TRUE(S_ISCHR(status.st_mode));
}

TEST(Data, Folder_IsTheGivenOneOrInTheEnvironments) {
  const Folder folder;
  std::filesystem::create_directory(folder / "mnist");
  const char* old = std::getenv("EBM_DATA");
  const std::string before = old ? old : "";
  ::setenv("EBM_DATA", folder.path().c_str(), 1);
  EXPECT_EQ(find_data("mnist"), folder / "mnist");
  EXPECT_EQ(find_data("anything", folder.path()), folder.path());
  EXPECT_HAS(error_of<DataError>([&] { find_data("checks"); }), "checks");
  EXPECT_HAS(error_of<DataError>([&] { find_data("mnist", folder / "no"); }), "--data");
  ::unsetenv("EBM_DATA");
  EXPECT_HAS(error_of<DataError>([&] { find_data("mnist"); }), "EBM_DATA");
  if (old) ::setenv("EBM_DATA", before.c_str(), 1);
}

TEST(Gzip, RoundTrip_AndSeveralMembersJoin) {
  const std::string text(200'000, 'a');
  Bytes packed = gzip(as_bytes(text));
  EXPECT_LT(packed.size(), 1000u);
  EXPECT_EQ(as_text(gunzip(packed, "FILE")), text);
  const Bytes more = gzip(as_bytes("tail"));
  packed.insert(packed.end(), more.begin(), more.end());
  packed.resize(packed.size() + 100);  // zeros pad
  EXPECT_EQ(as_text(gunzip(packed, "FILE")), text + "tail");
  EXPECT_TRUE(gunzip(gzip({}), "FILE").empty());
}

TEST(Gzip, VeryManyEmptyMembers_AreReadInNoTime) {
  const Bytes one = gzip({});
  Bytes many;
  for (int i = 0; i < 200'000; ++i) many.insert(many.end(), one.begin(), one.end());
  EXPECT_TRUE(gunzip(many, "FILE").empty());
}

TEST(Gzip, DamagedInput_IsRefusedWithItsOffset) {
  const Bytes packed = gzip(as_bytes("some text that is packed, some text that is packed"));
  expect_refused_at_every_length(packed, [](const Bytes& b) { gunzip(b, "FILE"); });
  expect_safe_with_any_byte_changed(packed, [](const Bytes& b) { gunzip(b, "FILE"); });
  Bytes longer = packed;
  longer.push_back(std::byte{7});
  EXPECT_HAS(error_of([&] { gunzip(longer, "FILE"); }), message("FILE: offset ", packed.size()));
}

TEST(Gzip, Bomb_IsRefusedAtTheLimit) {
  const Bytes packed = gzip(Bytes(10'000'000));
  EXPECT_HAS(error_of([&] { gunzip(packed, "FILE", 1'000'000); }), "more than 1000000 bytes");
}

TEST(Crc32, OfItsStandardExample_IsItsCheckValue) {
  EXPECT_EQ(crc32(as_bytes("123456789")), 0xCBF43926u);
  EXPECT_EQ(crc32({}), 0u);
}

}  // namespace
}  // namespace ebm::io
