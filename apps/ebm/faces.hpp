#pragma once
// ebm faces: one file per subcommand.

#include "command.hpp"

namespace ebm::app {

void add_faces_generate(CLI::App& faces);

}  // namespace ebm::app
