#pragma once
// One field as the check reader saw it: the picture, its cuts, and the characters of a reading where they
// were found.

#include <string>
#include <vector>

#include "ebm/models/check_reader.hpp"

namespace ebm::app {

// Arcs of a path that are one character: a piece between cuts, or neighbouring columns of a net that slides
// along.
struct Stretch {
  int first = 0, last = 0;  // pieces or columns
  char character = 0;       // 0: left out as rubbish
  double energy = 0;
};
std::vector<Stretch> stretches(const models::Reading& reading, models::Recogniser recogniser);

// "7 -3.21, 3 -4.10, rubbish 5.90"
std::string path_text(const models::Reading& reading, models::Recogniser recogniser);

// As SVG. Without a reading the picture and its cuts alone.
std::string field_picture(const io::Image& image, const models::Check& check,
                          const models::CheckReaderConfig& config, const models::Reading* reading);

}  // namespace ebm::app
