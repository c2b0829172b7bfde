#pragma once
// The subcommands of ebm siamese that have a file of their own.

#include "command.hpp"

namespace ebm::app {

void add_siamese_generate(CLI::App& siamese);

}  // namespace ebm::app
