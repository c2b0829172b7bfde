#pragma once
/// \file
/// Images sorted by folder: one folder for each class (a person), PGM, PNG or JPEG images in it, in a folder
/// or in one .tar.gz.

#include <string>
#include <vector>

#include "ebm/io/file.hpp"
#include "ebm/io/image.hpp"

namespace ebm::io {

struct ClassImage {
  std::string file;  ///< "FOLDER/FILE"
  int of = 0;        ///< index of its class
  Image image;
};

struct ClassFolders {
  std::filesystem::path path;
  std::vector<std::string>
      classes;  ///< names of the folders; numbers in them are ordered by value: s2 before s10
  std::vector<ClassImage> images;    ///< by class, then by file, in the same order
  std::vector<std::string> skipped;  ///< "FILE: why": images that cannot be read
  std::vector<std::string> empty;    ///< folders without a readable image, which make no class
};

/// \param path a folder of folders, a folder with one .tar.gz and no folder, or the .tar.gz itself. Files
/// that are not named .pgm, .png, .jpg or .jpeg, and those outside a class's folder, are passed over; a
/// folder around all classes is looked through. \throws DataError when there is nothing there, or no image
/// that can be read.
ClassFolders read_class_folders(const std::filesystem::path& path);

}  // namespace ebm::io
