#include "command.hpp"

#include <fmt/core.h>

#include <charconv>
#include <cmath>
#include <cstdio>
#include <filesystem>

#include "ebm/core/device.hpp"
#include "ebm/core/error.hpp"
#include "ebm/core/pool.hpp"
#include "ebm/io/file.hpp"

namespace ebm::app {

namespace {

// The parser itself would take -1 for 2^64 - 1, and anything above for that as well.
CLI::Validator seed() {
  return CLI::Validator(
      [](std::string& text) -> std::string {
        std::uint64_t value = 0;
        const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), value);
        return code == std::errc{} && end == text.data() + text.size()
                   ? ""
                   : text + " is no whole number from 0 to 18446744073709551615";
      },
      "");
}

// What the name means, not whether the device is there.
CLI::Validator device_name() {
  return CLI::Validator(
      [](std::string& text) -> std::string {
        const bool numbered = text.starts_with("cuda:") && text.size() > 5 &&
                              text.find_first_not_of("0123456789", 5) == std::string::npos;
        return text == "cpu" || text == "cuda" || numbered
                   ? ""
                   : text + " is no device; write cpu, cuda or cuda:N";
      },
      "");
}

}  // namespace

void add_common(CLI::App& command, Common& c) {
  command.set_version_flag("--version", std::string("ebm ") + EBM_VERSION);
  command.add_flag("--json", c.json, "Print one JSON value on stdout instead of text");
  command.add_flag("--quiet", c.quiet, "No progress and no news on stderr");
  command.add_option("--device", c.device, "Where to compute: cpu, cuda or cuda:N")
      ->check(device_name())
      ->capture_default_str();
  command.add_option("--threads", c.threads, "Threads to use; 0 for all cores. Results do not depend on it")
      ->check(CLI::Range(0, 256))
      ->capture_default_str();
  command.add_option("--seed", c.seed, "Of everything random")->check(seed())->capture_default_str();
  command
      .add_option("--config", c.config,
                  "File with a JSON object of options; what stands on the command line wins")
      ->allow_extra_args(false);
}

void apply(const Common& c) {
  device(c.device);
  set_threads(c.threads);
}

void add_run(CLI::App& parser, Run run) {
  parser.final_callback([run = std::move(run)] {
    if (const int code = run(); code != kOk) throw CLI::RuntimeError(code);
  });
}

void check_outputs(const Common& c, const Outputs& outputs, Inputs inputs) {
  inputs.insert(inputs.end(), c.config.begin(), c.config.end());
  for (const auto& [option, out] : outputs) {
    std::error_code ignored;
    const std::filesystem::path path(out), folder = path.has_parent_path() ? path.parent_path() : ".";
    // A terminal or a pipe may well be read and written.
    if (std::filesystem::is_regular_file(path, ignored))
      for (const auto& input : inputs)
        if (std::filesystem::equivalent(path, input, ignored))
          throw CLI::ValidationError(
              option, fmt::format("{} is also read ({}); name another file to write", out, input.string()));
    if (std::filesystem::is_directory(path, ignored)) throw DataError(out + ": is a folder; name a file");
    if (!std::filesystem::is_directory(folder, ignored))
      throw DataError(out + ": there is no folder " + folder.string());
    io::check_writable(path);
  }
}

Inputs files_of(const std::string& path) {
  Inputs out;
  std::error_code error;  // what cannot be read is told by whoever reads it
  if (!std::filesystem::is_directory(path, error)) {
    if (!path.empty()) out.emplace_back(path);
    return out;
  }
  for (std::filesystem::recursive_directory_iterator at(path, error), end; !error && at != end;
       at.increment(error))
    out.push_back(at->path());
  return out;
}

CLI::Validator between(double low, double high) {
  return CLI::Validator(
      [=](std::string& text) -> std::string {
        double value = 0;
        const bool number = CLI::detail::lexical_cast(text, value);
        return number && value >= low && value <= high
                   ? ""
                   : fmt::format("{} is not in {} to {}", text, low, high);
      },
      fmt::format("{} to {}", low, high));
}

void remove_checkpoint(const std::string& out) {
  std::error_code ignored;
  std::filesystem::remove(out + ".ckpt", ignored);
  std::filesystem::remove(out + ".ckpt.mined", ignored);  // of a detector, beside it
}

namespace {

void make_finite(nlohmann::json& value) {
  if (value.is_number_float() && !std::isfinite(value.get<double>())) value = nullptr;
  if (value.is_structured())
    for (auto& element : value) make_finite(element);
}

}  // namespace

void print(nlohmann::json value) {
  make_finite(value);
  fmt::print("{}\n", value.dump(2, ' ', false, nlohmann::json::error_handler_t::replace));
}

void complain(std::string_view line) {
  std::fprintf(stderr, "%.*s\n", static_cast<int>(line.size()), line.data());
}

void say(const Common& c, const std::string& line) {
  if (!c.quiet) complain(line);
}

}  // namespace ebm::app
