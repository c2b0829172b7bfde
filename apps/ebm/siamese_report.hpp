#pragma once
// The pages of the siamese subcommands: the map of the people, and how well their pairs are told apart.

#include <filesystem>
#include <string>

#include "ebm/report/page.hpp"
#include "siamese_data.hpp"

namespace ebm::app {

// Pictures at their embeddings' first two principal components.
std::string face_map(const Faces& faces, ConstView embedding);
void write_face_map(const std::filesystem::path& path, const Faces& faces, ConstView embedding);

// `known` people were in the training.
void write_face_report(const std::filesystem::path& path, const Faces& faces, ConstView embedding,
                       const FaceVerdict& verdict, const std::vector<std::string>& known);

}  // namespace ebm::app
