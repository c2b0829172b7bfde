#include "ebm/io/class_folders.hpp"

#include <unistd.h>

#include "io_test.hpp"

namespace ebm::io {
namespace {

Image grey(std::uint8_t level) { return {2, 3, std::vector<std::uint8_t>(6, level)}; }

std::vector<std::string> files(const ClassFolders& folders) {
  std::vector<std::string> out;
  for (const ClassImage& image : folders.images) out.push_back(image.file);
  return out;
}

class Folders : public ::testing::Test {
 protected:
  void put(const std::string& person, const std::string& file, std::uint8_t level) const {
    std::filesystem::create_directories(root_ / person);
    if (file.ends_with("png"))
      write_png(root_ / person / file, grey(level));
    else
      write_pgm(root_ / person / file, grey(level));
  }
  Folder folder_;
  const std::filesystem::path root_ = folder_ / "people";
};

TEST_F(Folders, Read_AreSortedByNumberAndKeepTheirImages) {
  put("s10", "1.pgm", 1);
  put("s2", "10.png", 2);
  put("s2", "9.pgm", 3);
  write_file(root_ / "README", "not an image");
  write_file(root_ / "s2" / "notes.txt", "neither");
  const ClassFolders read = read_class_folders(root_);
  EXPECT_EQ(read.classes, (std::vector<std::string>{"s2", "s10"}));
  EXPECT_EQ(files(read), (std::vector<std::string>{"s2/9.pgm", "s2/10.png", "s10/1.pgm"}));
  EXPECT_EQ(read.images[1].image, grey(2));
  EXPECT_EQ(read.images[2].of, 1);
  EXPECT_TRUE(read.skipped.empty());
}

TEST_F(Folders, WithDamagedFilesAndEmptyFolders_AreReadAndSaySo) {
  put("ann", "1.pgm", 1);
  write_file(root_ / "ann" / "2.pgm", "P5 2 3 255\nxx");
  std::filesystem::create_directories(root_ / "bob");
  std::filesystem::create_directories(root_ / "eve");
  write_file(root_ / "eve" / "1.png", "no png");
  const ClassFolders read = read_class_folders(root_);
  EXPECT_EQ(files(read), std::vector<std::string>{"ann/1.pgm"});
  EXPECT_EQ(read.empty, (std::vector<std::string>{"bob", "eve"}));
  ASSERT_EQ(read.skipped.size(), 2u);
  EXPECT_HAS(read.skipped[0], "ann/2.pgm");
  EXPECT_HAS(read.skipped[1], "eve/1.png");
}

TEST_F(Folders, InAFolderOfTheirOwn_AreFound) {
  put("faces/ann", "1.pgm", 1);
  put("faces/bob", "1.pgm", 2);
  EXPECT_EQ(read_class_folders(root_).classes, (std::vector<std::string>{"ann", "bob"}));
}

TEST_F(Folders, WithNothingToRead_AreRefused) {
  EXPECT_HAS(error_of<DataError>([&] { read_class_folders(folder_ / "none"); }),
             "there is no folder or archive");
  std::filesystem::create_directories(root_);
  EXPECT_HAS(error_of<DataError>([&] { read_class_folders(root_); }),
             "holds no folder and 0 .tar.gz archives");
  std::filesystem::create_directories(root_ / "ann");
  EXPECT_HAS(error_of<DataError>([&] { read_class_folders(root_); }), "no PGM or PNG image can be read");
}

TEST(ClassFolders, OfTheRealFaces_AreThirtyFivePersonsOfTen) {
  const auto data = real_data("orl_faces");
  if (data.empty()) GTEST_SKIP() << "no orl_faces";
  const ClassFolders read = read_class_folders(data);
  EXPECT_EQ(read.classes.size(), 35u);
  EXPECT_EQ(read.classes[9], "s10");
  EXPECT_EQ(read.images.size(), 350u);
  EXPECT_EQ(read.images[1].file, "s1/2.pgm");
  EXPECT_EQ(read.images[0].image.width, 92);
  EXPECT_EQ(read.images[0].image.height, 112);
}

TEST_F(Folders, OneThatCannotBeListed_IsNamed) {
  put("ann", "1.pgm", 1);
  put("bob", "1.pgm", 1);
  std::filesystem::permissions(folder_.path(), std::filesystem::perms(0755));
  std::filesystem::permissions(root_ / "bob", std::filesystem::perms(0));
  const bool root = ::geteuid() == 0;  // may list everything: read as nobody does
  if (root) {
    ASSERT_EQ(::seteuid(65534), 0);
  }
  const std::string says = error_of<DataError>([&] { read_class_folders(root_); });
  if (root) {
    ASSERT_EQ(::seteuid(0), 0);
  }
  std::filesystem::permissions(root_ / "bob", std::filesystem::perms(0755));
  EXPECT_HAS(says, "the folder " + (root_ / "bob").string() + " cannot be listed: Permission denied");
}

}  // namespace
}  // namespace ebm::io
