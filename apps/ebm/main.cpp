// The `ebm` command. Exit codes: 0 done, 1 failed, 2 wrong usage, 3 unusable data, 130 interrupted
// (checkpoint written).

#include <fmt/core.h>

#include <unistd.h>
#include <algorithm>

#include <csignal>
#include <cstdio>
#include <new>

#include "command.hpp"
#include "config_file.hpp"
#include "ebm/core/interrupt.hpp"
#include "ebm/io/file.hpp"

namespace {

void stop(int) {
  ebm::io::remove_unfinished();
  constexpr char kText[] = "\nebm: interrupted\n";
  [[maybe_unused]] const auto written = write(STDERR_FILENO, kText, sizeof kText - 1);
  _exit(ebm::app::kInterrupted);
}

// The parser would only say that a subcommand is required.
void check_subcommands(const CLI::App& ebm, const std::vector<std::string>& words) {
  const CLI::App* at = &ebm;
  std::string path = "ebm";
  for (const std::string& word : words) {
    if (at->get_require_subcommand_min() == 0) return;
    if (word == "-h" || word == "--help" || (word == "--version" && at == &ebm)) return;
    if (word.starts_with('-')) {
      const std::string option = word.substr(0, word.find('='));
      const auto subs = at->get_subcommands({});
      const auto sub = std::ranges::find_if(words, [&](const std::string& w) {
        return std::ranges::any_of(subs, [&](const CLI::App* s) { return s->check_name(w); });
      });
      throw CLI::ValidationError(option, "options go after the subcommand: " + path + ' ' +
                                             (sub == words.end() ? "SUBCOMMAND" : *sub) + " .. " + option);
    }
    path += ' ' + word;
    std::string names;
    const CLI::App* named = nullptr;
    for (const CLI::App* sub : at->get_subcommands({})) {
      if (sub->check_name(word)) named = sub;
      names += (names.empty() ? "" : ", ") + sub->get_name();
    }
    if (named == nullptr)
      throw CLI::ValidationError(word, "is no subcommand of " + at->get_name() + "; there are " + names);
    at = named;
  }
}

}  // namespace

int main(int argc, char** argv) {
  using namespace ebm;
  // A fit puts its own handlers in place, which write the checkpoint first.
  std::signal(SIGINT, stop);
  std::signal(SIGTERM, stop);
  CLI::App ebm("Energy-based models: train them, ask them, look at them.", "ebm");
  ebm.set_version_flag("--version", std::string("ebm ") + EBM_VERSION);
  ebm.require_subcommand(1);
  ebm.footer(
      "Example:\n  ebm generate amounts --count 500 --out fields\n"
      "  ebm check-reader train --data fields --loss nll --recogniser hos --out reader.safetensors\n"
      "Every subcommand has --help with an example.");
  app::add_mnist(ebm);
  app::add_check_reader(ebm);
  app::add_faces(ebm);
  app::add_generate(ebm);
  app::add_graph(ebm);
  app::add_lattice(ebm);
  app::add_losses(ebm);
  app::add_solve(ebm);
  app::add_teach(ebm);
  app::add_siamese(ebm);
  const auto fail = [](const char* what, int code) {
    app::complain(fmt::format("ebm: {}", what));
    return code;
  };
  app::Expanded expanded;
  try {
    check_subcommands(ebm, {argv + 1, argv + argc});
    expanded = app::expand_config({argv + 1, argv + argc});
    std::vector<std::string> arguments = expanded.arguments;
    for (std::size_t i = 0; i < arguments.size(); ++i)  // an unset shell variable, most likely
      if (arguments[i].empty() || (arguments[i].starts_with("--") && arguments[i].ends_with('=')))
        throw CLI::ValidationError(arguments[i].empty() && i > 0 ? arguments[i - 1] : arguments[i],
                                   "its value is empty; give one, or leave the option out");
    std::ranges::reverse(arguments);  // CLI11 takes them from the back
    ebm.parse(std::move(arguments));
    if (std::fflush(stdout) != 0 || std::ferror(stdout) != 0)
      return fail("the output cannot be written", app::kFailed);
    return app::kOk;
  } catch (const CLI::RuntimeError& e) {
    return e.get_exit_code();
  } catch (const CLI::Success& e) {
    return ebm.exit(e);  // --help and --version
  } catch (const CLI::ParseError& e) {
    const std::string file = app::source_of(expanded, e.what());
    app::complain(fmt::format("ebm: {}{}\nTry: ebm --help, or --help after a subcommand",
                              file.empty() ? "" : file + ": ", e.what()));
    return app::kUsage;
  } catch (const Interrupted& e) {
    return fail(e.what(), app::kInterrupted);
  } catch (const DataError& e) {
    return fail(e.what(), app::kData);
  } catch (const std::bad_alloc&) {
    return fail("there is not enough memory", app::kFailed);
  } catch (const std::exception& e) {
    return fail(e.what(), app::kFailed);
  }
}
