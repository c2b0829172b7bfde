#pragma once
// ebm faces: one file per subcommand.

#include "command.hpp"
#include "ebm/models/grey_map.hpp"

namespace ebm::app {

void add_faces_generate(CLI::App& faces);
void add_faces_train(CLI::App& faces);
void add_faces_detect(CLI::App& faces);
void add_faces_eval(CLI::App& faces);

// The pictures of a folder that are large enough to cut views from.
std::vector<models::GreyMap> read_pictures(const Common& common, const std::string& folder);

}  // namespace ebm::app
