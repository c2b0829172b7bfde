#pragma once
// How a training went: written into the model as a note, drawn by a report.

#include <string>
#include <string_view>

#include "ebm/models/check_training.hpp"
#include "ebm/report/page.hpp"

namespace ebm::app {

// The passes of both stages as JSON, to travel with the model and be drawn by a later report.
std::string history_note(const models::CheckTrainingReport& training);

// A section with gap and loss by pass; nothing when the note tells of no pass.
void add_history(report::Page& page, std::string_view note);

}  // namespace ebm::app
