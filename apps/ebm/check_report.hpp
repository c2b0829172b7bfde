#pragma once
// The check reader's HTML page: how well, at what reject rate, and what it looks like inside.

#include <filesystem>
#include <span>
#include <string>

#include "ebm/models/check_training.hpp"
#include "ebm/models/check_verdict.hpp"

namespace ebm::app {

// The passes of a training as JSON, to travel with the model and be drawn by a later report.
std::string history_note(const models::CheckTrainingReport& training);

void write_check_report(const std::filesystem::path& path, const models::CheckReader& reader,
                        std::span<const io::LabelledImage> fields, std::span<const models::Check> checks,
                        std::span<const models::CheckResult> results, const models::Verdict& verdict, double target_error);

}  // namespace ebm::app
