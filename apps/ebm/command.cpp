#include "command.hpp"

#include <fmt/core.h>

#include <cmath>
#include <cstdio>
#include <filesystem>

#include "ebm/core/device.hpp"
#include "ebm/core/error.hpp"
#include "ebm/core/pool.hpp"

namespace ebm::app {

void add_common(CLI::App& command, Common& c) {
  command.set_version_flag("--version", std::string("ebm ") + EBM_VERSION);
  command.add_flag("--json", c.json, "Print one JSON value on stdout instead of text");
  command.add_flag("--quiet", c.quiet, "No progress and no news on stderr");
  command.add_option("--device", c.device, "Where to compute: cpu, cuda or cuda:N")->capture_default_str();
  command.add_option("--threads", c.threads, "Threads to use; 0 for all cores. Results do not depend on it")
      ->check(CLI::Range(0, 256))
      ->capture_default_str();
  command.add_option("--seed", c.seed, "Of everything random")->capture_default_str();
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

void check_output(const std::string& out) {
  const std::filesystem::path path(out), folder = path.has_parent_path() ? path.parent_path() : ".";
  std::error_code ignored;
  if (std::filesystem::is_directory(path, ignored)) throw DataError(out + ": is a folder; name a file");
  if (!std::filesystem::is_directory(folder, ignored))
    throw DataError(out + ": there is no folder " + folder.string());
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
}

namespace {

nlohmann::json finite(const nlohmann::json& value) {
  if (value.is_number_float() && !std::isfinite(value.get<double>())) return nullptr;
  if (!value.is_structured()) return value;
  nlohmann::json out = value;
  for (auto& element : out) element = finite(element);
  return out;
}

}  // namespace

void print(const nlohmann::json& value) {
  fmt::print("{}\n", finite(value).dump(2, ' ', false, nlohmann::json::error_handler_t::replace));
}

void say(const Common& c, const std::string& line) {
  if (!c.quiet) fmt::print(stderr, "{}\n", line);
}

}  // namespace ebm::app
