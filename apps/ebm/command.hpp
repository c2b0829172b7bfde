#pragma once
// What every subcommand shares: options that mean the same everywhere, exit codes, one JSON value on stdout.

#include <CLI/CLI.hpp>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace ebm::app {

inline constexpr int kOk = 0, kFailed = 1, kUsage = 2, kData = 3, kInterrupted = 130;

struct Common {
  bool json = false, quiet = false;
  std::string device = "cpu";
  std::vector<std::string> config;  // files that options were read from
  int threads = 0;
  std::uint64_t seed = 1;
};

// --json --quiet --device --threads --seed --config on this command.
void add_common(CLI::App& command, Common& common);
// Applies threads and device. Throws DeviceError when the device is not there.
void apply(const Common& common);

// What a subcommand does once its options are read; returns the exit code.
using Run = std::function<int()>;
// Makes `run` what happens when `parser` was named.
void add_run(CLI::App& parser, Run run);

// Before any work: throws CLI::ValidationError when an output (option, file) is also one of the files that
// are read, or one of the configuration's; DataError when it could not be written.
using Outputs = std::vector<std::pair<std::string, std::string>>;
using Inputs = std::vector<std::filesystem::path>;
void check_outputs(const Common& common, const Outputs& outputs, Inputs inputs);
// The file itself, or all files below a folder; nothing for an empty path.
Inputs files_of(const std::string& path);
// Numbers of an interval, and no NaN.
CLI::Validator between(double low, double high);

// Once the model is written, OUT.ckpt beside it has no more use.
void remove_checkpoint(const std::string& out);

// One value on stdout; NaN and infinities become null.
void print(nlohmann::json value);
// A line on stderr. That it cannot be written is no reason to stop.
void complain(std::string_view line);
// A line of news on stderr unless quiet.
void say(const Common& common, const std::string& line);

// One per file; each adds its subcommands to the command.
void add_mnist(CLI::App& ebm);
void add_check_reader(CLI::App& ebm);
void add_faces(CLI::App& ebm);
void add_generate(CLI::App& ebm);
void add_graph(CLI::App& ebm);
void add_lattice(CLI::App& ebm);
void add_losses(CLI::App& ebm);
void add_solve(CLI::App& ebm);
void add_teach(CLI::App& ebm);
void add_siamese(CLI::App& ebm);

}  // namespace ebm::app
