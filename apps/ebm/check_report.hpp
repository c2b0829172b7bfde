#pragma once
// The check reader's HTML page: how well, at what reject rate, and what it looks like inside.

#include <filesystem>
#include <span>

#include "check_history.hpp"
#include "ebm/models/check_verdict.hpp"

namespace ebm::app {

// One self-contained file, of at most kPictures pictures however many fields there are.
// fields, checks and results are of the same fields in the same order. Throws DataError when the file cannot
// be written.
inline constexpr std::size_t kPictures = 60;
void write_check_report(const std::filesystem::path& path, const models::CheckReader& reader,
                        std::span<const io::LabelledImage> fields, std::span<const models::Check> checks,
                        std::span<const models::CheckResult> results, const models::Verdict& verdict,
                        double target_error);

}  // namespace ebm::app
