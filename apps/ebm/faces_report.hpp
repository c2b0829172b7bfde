#pragma once
// Pages and pictures of what a face detector found.

#include <filesystem>
#include <string>
#include <vector>

#include "ebm/models/face_evaluation.hpp"

namespace ebm::app {

struct FacePicture {
  std::string name;
  io::Image image;
  models::FaceFinding found;
  std::vector<models::FaceWindow> truth;  // empty: not known
};

// The picture with every window drawn in, and a line from its middle to where the face looks.
io::Image annotated(const FacePicture& picture);

void write_detections(const std::filesystem::path& path, const models::FaceDetector& detector,
                      const std::vector<FacePicture>& pictures);

// All that ebm faces eval found out.
struct FaceJudgement {
  models::WindowVerdict windows;
  models::SceneVerdict scenes;
  std::vector<FacePicture> examples;  // some of the scenes, their detections at the model's threshold
  std::vector<FacePicture> real;      // of --images
};
void write_judgement(const std::filesystem::path& path, const models::FaceDetector& detector,
                     const FaceJudgement& judgement);

// The four numbers of false positives an image that the paper's table has, and its rates there.
struct PublishedPoint {
  double false_per_image;
  const char* set;
  double rate;
};
inline constexpr PublishedPoint kPublished[] = {
    {0.5, "MIT+CMU", 0.83}, {1.28, "MIT+CMU", 0.88}, {3.36, "profile", 0.83}, {4.42, "tilted", 0.90}};

}  // namespace ebm::app
