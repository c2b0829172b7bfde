#include "ebm/io/file.hpp"

#include <sys/stat.h>
#include <sys/wait.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <csignal>
#include <fstream>
#include <thread>

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

TEST(File, StalePart_IsOverwrittenByTheNextWriter) {
  const Folder folder;
  std::ofstream(folder / ".a.part") << "the long rest of a writer that was killed";
  write_file(folder / "a", "new");
  EXPECT_EQ(as_text(read_file(folder / "a")), "new");
  EXPECT_EQ(folder.files(), 1u);
}

TEST(File, OfManyWritersAtOnce_IsAlwaysOneOfTheirsWhole) {
  const Folder folder;
  std::vector<std::thread> writers;
  for (const char letter : {'a', 'b', 'c', 'd'})
    writers.emplace_back([&folder, letter] {
      for (int i = 0; i < 40; ++i) {
        const std::string text(static_cast<std::size_t>(20'000 + 1000 * (letter - 'a') + i), letter);
        EXPECT_NO_THROW(write_file(folder / "shared", text));
        const Bytes seen = read_file(folder / "shared");
        EXPECT_GE(seen.size(), 20'000u);
        EXPECT_EQ(std::ranges::count(seen, seen.front()), static_cast<long>(seen.size()));
      }
    });
  for (std::thread& w : writers) w.join();
  EXPECT_EQ(folder.files(), 1u);
}

TEST(File, InterruptedWriting_LeavesTheOldFileAndNoPart) {
  int left = 0;
  const auto before = std::signal(SIGINT, [](int) {
    remove_unfinished();
    ::_exit(130);
  });
  for (int round = 0; round < 10; ++round) {
    const Folder folder;
    const std::string text(4'000'000, static_cast<char>('a' + round));
    write_file(folder / "a", text);
    const pid_t child = ::fork();
    if (child == 0)
      for (;;) write_file(folder / "a", text);
    std::this_thread::sleep_for(std::chrono::milliseconds(20 + 3 * round));
    ::kill(child, SIGINT);
    int status = 0;
    ::waitpid(child, &status, 0);
    EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 130);
    EXPECT_EQ(as_text(read_file(folder / "a")), text);
    left += static_cast<int>(folder.files()) - 1;
  }
  std::signal(SIGINT, before);
  EXPECT_LE(left, 1) << "a part is listed an instant after it is made; nothing else may stay";
}

TEST(File, Together_AreReplacedOnlyWhenAllCanBe) {
  const Folder folder;
  write_file(folder / "page", "old");
  std::filesystem::create_directory(folder / "data");
  const std::array<NewFile, 2> files{
      {{folder / "page", as_bytes("new")}, {folder / "data", as_bytes("new")}}};
  EXPECT_HAS(error_of<DataError>([&] { write_files(files); }), "data");
  EXPECT_EQ(as_text(read_file(folder / "page")), "old");
  std::filesystem::remove(folder / "data");
  write_files(files);
  EXPECT_EQ(as_text(read_file(folder / "page")), "new");
  EXPECT_EQ(as_text(read_file(folder / "data")), "new");
  EXPECT_EQ(folder.files(), 2u);
  std::filesystem::remove(folder / "data");
  std::filesystem::create_symlink("page", folder / "data");
  EXPECT_HAS(error_of<DataError>([&] { write_files(files); }), "the same file");
}

TEST(File, CheckWritable_FailsAsWritingWould_AndLeavesNothing) {
  const Folder folder;
  check_writable(folder / "a");
  EXPECT_EQ(folder.files(), 0u);
  write_file(folder / "a", "old");
  check_writable(folder / "a");
  EXPECT_EQ(as_text(read_file(folder / "a")), "old");
  check_writable("/dev/null");
  std::filesystem::create_symlink("loop", folder / "loop");
  EXPECT_HAS(error_of<DataError>([&] { check_writable(folder / "loop"); }), "symbolic links");
  EXPECT_HAS(error_of<DataError>([&] { write_file(folder / "loop", "x"); }), "symbolic links");
  EXPECT_HAS(error_of<DataError>([&] { check_writable(folder.path()); }), "directory");
  EXPECT_HAS(error_of<DataError>([&] { check_writable(folder / "no" / "a"); }), "No such file");
}

TEST(File, WithoutAnEndOrBeyondTheLimit_IsRefused) {
  const Folder folder;
  EXPECT_HAS(error_of<DataError>([&] { read_file("/dev/zero", 100'000); }),
             "/dev/zero holds more than 100000");
  write_file(folder / "a", "12345");
  EXPECT_EQ(read_file(folder / "a", 5).size(), 5u);
  EXPECT_HAS(error_of<DataError>([&] { read_file(folder / "a", 4); }), "more than 4 bytes");
  std::filesystem::resize_file(folder / "a", std::uintmax_t{1} << 40);  // a hole: nothing on the disk
  EXPECT_HAS(error_of<DataError>([&] { read_file(folder / "a"); }), "more than");
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

TEST(RegularFile, OfAPipeOrADevice_IsRefusedAtOnce) {
  const Folder folder;
  const auto pipe = folder / "pipe";
  ASSERT_EQ(::mkfifo(pipe.c_str(), 0600), 0);  // nobody writes: to open it would wait for ever
  for (const std::filesystem::path& path : {pipe, std::filesystem::path("/dev/zero")})
    EXPECT_HAS(error_of<DataError>([&] { read_regular_file(path); }),
               path.string() + " is a pipe or a device; give a file");
  EXPECT_HAS(error_of<DataError>([&] { read_regular_file(folder / "none"); }), "No such file");
  write_file(folder / "a", "text");
  EXPECT_EQ(as_text(read_regular_file(folder / "a")), "text");
}

}  // namespace
}  // namespace ebm::io
