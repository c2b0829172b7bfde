#include "command.hpp"

#include <fmt/core.h>

#include <cmath>
#include <cstdio>

#include "ebm/core/device.hpp"
#include "ebm/core/pool.hpp"

namespace ebm::app {

void add_common(CLI::App& command, Common& c) {
  command.add_flag("--json", c.json, "Print one JSON value on stdout instead of text");
  command.add_flag("--quiet", c.quiet, "No progress and no news on stderr");
  command.add_option("--device", c.device, "Where to compute: cpu, cuda or cuda:N")->capture_default_str();
  command.add_option("--threads", c.threads, "Threads to use; 0 for all cores. Results do not depend on it")
      ->check(CLI::Range(0, 4096))
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

namespace {

nlohmann::json finite(const nlohmann::json& value) {
  if (value.is_number_float() && !std::isfinite(value.get<double>())) return nullptr;
  if (!value.is_structured()) return value;
  nlohmann::json out = value;
  for (auto& element : out) element = finite(element);
  return out;
}

}  // namespace

void print(const nlohmann::json& value) { fmt::print("{}\n", finite(value).dump(2)); }

void say(const Common& c, const std::string& line) {
  if (!c.quiet) fmt::print(stderr, "{}\n", line);
}

}  // namespace ebm::app
