// ebm generate amounts

#include <fmt/core.h>

#include <filesystem>

#include "command.hpp"
#include "ebm/core/interrupt.hpp"
#include "ebm/core/pool.hpp"
#include "ebm/io/idx.hpp"
#include "ebm/io/labels.hpp"
#include "ebm/models/mnist_composer.hpp"
#include "ebm/report/progress.hpp"
#include "staged.hpp"

namespace ebm::app {
namespace {

struct Options {
  Common common;
  std::string out, digits, style = "digits", part = "train";
  int count = 100;
};

bool is_made(const std::string& name) { return is_numbered(name, "amount_", ".pgm"); }

// The labelled images of somebody else are not ours to replace.
void check_folder(const Options& o) {
  const std::filesystem::path out(o.out);
  std::error_code ignored;
  if (!o.digits.empty() && std::filesystem::equivalent(out, o.digits, ignored))
    throw CLI::ValidationError("--out", o.out + " is also read (--digits); name another folder to write");
  for (const auto& file : io::labelled_folder_files(out))
    if (file != out / "labels.tsv" && !(file.parent_path() == out && is_made(file.filename())))
      throw CLI::ValidationError("--out",
                                 fmt::format("{} belongs to labelled images that were not generated; "
                                             "name another folder to write",
                                             file.string()));
}

int amounts(const Options& o) {
  apply(o.common);
  check_folder(o);
  const InterruptGuard guard;
  const Staged staged(o.out, "amounts", "labels.tsv", is_made);
  io::Mnist mnist;
  std::unique_ptr<models::MnistComposer> composer;
  if (!o.digits.empty()) {
    mnist = io::read_mnist(o.digits, o.part == "test" ? io::MnistPart::test : io::MnistPart::train);
    composer = std::make_unique<models::MnistComposer>(mnist.images.pixels, mnist.labels,
                                                       models::ComposerOptions{.seed = o.common.seed});
    say(o.common, fmt::format("composing the {} {} digits of {} (light ink, made dark)", mnist.labels.size(),
                              o.part, o.digits));
  }
  const models::AmountGenerator generator(
      {.seed = o.common.seed,
       .style = o.style == "dollars" ? models::AmountStyle::dollars : models::AmountStyle::digits});
  std::vector<std::string> rows(static_cast<std::size_t>(o.count));
  report::Progress::Options shown;
  shown.quiet = o.common.quiet;
  report::Progress bar("generating", rows.size(), shown);
  parallel_for(rows.size(), [&](std::size_t i) {
    if (interrupted()) return;
    const models::AmountField field = composer ? composer->field(i) : generator.field(i);
    const std::string name = fmt::format("amount_{:06}.pgm", i);
    io::write_pgm(staged / name, field.image);
    rows[i] = fmt::format("{}\t{}\t{}\t{}\n", name, field.amount, field.image.width, field.image.height);
    bar.advance();
  });
  if (interrupted()) throw Interrupted("[generate] stopped by a signal; " + o.out + " is as it was");
  bar.finish();
  std::string table = "#file\tamount\twidth\theight\n";
  for (const std::string& row : rows) table += row;
  io::write_file(staged / "labels.tsv", table);
  staged.take_place();
  if (o.common.json)
    print({{"count", o.count}, {"out", o.out}, {"seed", o.common.seed}});
  else
    say(o.common, fmt::format("{} fields in {}", o.count, o.out));
  return kOk;
}

}  // namespace

void add_generate(CLI::App& ebm) {
  auto* generate = ebm.add_subcommand("generate", "Data made by the program itself");
  generate->require_subcommand(1);
  generate->footer("Example:\n  ebm generate amounts --count 1000 --out fields\nFaces: ebm faces generate.");
  auto o = std::make_shared<Options>();
  auto* a = generate->add_subcommand("amounts", "Amount fields as on checks, with their labels");
  add_common(*a, o->common);
  a->add_option("--count", o->count, "How many fields")
      ->check(CLI::Range(1, 10000000))
      ->capture_default_str();
  a->add_option("--out", o->out, "Folder for the images and labels.tsv")->required();
  a->add_option("--style", o->style, "digits: 1234; dollars: $1,234.56")
      ->check(CLI::IsMember({"digits", "dollars"}))
      ->capture_default_str();
  a->add_option("--digits", o->digits, "Folder with MNIST: compose its digits instead of writing strokes");
  a->add_option("--part", o->part, "Which digits of MNIST")
      ->check(CLI::IsMember({"train", "test"}))
      ->capture_default_str();
  a->footer(
      "Example:\n  ebm generate amounts --count 1000 --out fields --seed 7\nField i of a seed is always the "
      "same.\nAmounts generated there before are replaced once the new ones are complete.");
  add_run(*a, [o] { return amounts(*o); });
}

}  // namespace ebm::app
