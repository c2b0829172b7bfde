// ebm mnist train | eval

#include <fmt/core.h>

#include "command.hpp"
#include "ebm/models/digit_reader.hpp"

namespace ebm::app {
namespace {

struct Options {
  Common common;
  std::string data, out, model, resume;
  models::DigitTraining training;
};

io::Mnist test_digits(const std::filesystem::path& folder) {
  io::Mnist out = io::read_mnist(folder, io::MnistPart::test);
  if (out.labels.empty())
    throw DataError(folder.string() + ": there is no image among the test digits, so nothing can be judged");
  return out;
}

nlohmann::json judge(const models::DigitReader& reader, const io::Mnist& digits) {
  const std::vector<int> read = reader.read(digits.images);
  int errors = 0;
  for (std::size_t i = 0; i < read.size(); ++i) errors += read[i] != digits.labels[i];
  return {{"images", read.size()},
          {"errors", errors},
          {"error_rate", static_cast<double>(errors) / static_cast<double>(read.size())}};
}

void report(const Options& o, const nlohmann::json& result) {
  if (o.common.json)
    print(result);
  else
    fmt::print("{} errors in {} images: {:.2f} %\n", result["errors"].get<int>(), result["images"].get<int>(),
               100 * result["error_rate"].get<double>());
}

int train(Options& o) {
  apply(o.common);
  const auto folder = io::find_data("mnist", o.data);
  const Inputs files = io::mnist_files(folder);
  check_outputs(o.common, {{"--out", o.out}, {"--out", o.out + ".ckpt"}}, files);
  if (!o.resume.empty()) check_outputs(o.common, {{"--out", o.out}}, {o.resume});
  const io::Mnist digits = io::read_mnist(folder, io::MnistPart::train), test = test_digits(folder);
  models::DigitReader reader(o.common.seed);
  o.training.seed = o.common.seed;
  o.training.quiet = o.common.quiet;
  o.training.checkpoint = o.out + ".ckpt";
  o.training.resume = o.resume;
  o.training.on_epoch = [&](const EpochReport& r, const EpochReport*) { say(o.common, to_string(r)); };
  reader.train(digits, o.training);
  reader.save(o.out);
  remove_checkpoint(o.out);
  say(o.common, "saved " + o.out);
  report(o, judge(reader, test));
  return kOk;
}

int eval(const Options& o) {
  apply(o.common);
  report(o, judge(models::DigitReader::load(o.model), test_digits(io::find_data("mnist", o.data))));
  return kOk;
}

}  // namespace

void add_mnist(CLI::App& ebm) {
  auto* mnist = ebm.add_subcommand("mnist", "LeNet-5 on single digits");
  mnist->require_subcommand(1);
  mnist->footer(
      "Example:\n  ebm mnist train --data mnist --out lenet5.safetensors\n"
      "  ebm mnist eval --model lenet5.safetensors --data mnist");
  auto o = std::make_shared<Options>();
  auto* t = mnist->add_subcommand("train", "Train LeNet-5 with the fixed RBF code and the MAP criterion");
  add_common(*t, o->common);
  t->add_option("--data", o->data,
                "Folder with MNIST's four IDX files, plain or gzipped; default $EBM_DATA/mnist");
  t->add_option("--out", o->out, "Model to write; OUT.ckpt beside it while training")->required();
  t->add_option("--epochs", o->training.epochs, "Passes over the digits")
      ->check(CLI::Range(1, 100000))
      ->capture_default_str();
  t->add_flag("--distort", o->training.distort, "A new distortion of every digit in every pass");
  t->add_option("--resume", o->resume, "Go on from a checkpoint of the same run");
  t->footer(
      "Example:\n  ebm mnist train --data mnist --out lenet5.safetensors\nTests on the test part when done. "
      "Ctrl-C writes OUT.ckpt; go on with --resume OUT.ckpt.");
  add_run(*t, [o] { return train(*o); });

  auto e_options = std::make_shared<Options>();
  auto* e = mnist->add_subcommand("eval", "Count the errors on MNIST's test digits");
  add_common(*e, e_options->common);
  e->add_option("--model", e_options->model, "Model to judge")->required();
  e->add_option("--data", e_options->data, "Folder with MNIST's IDX files; default $EBM_DATA/mnist");
  e->footer("Example:\n  ebm mnist eval --model lenet5.safetensors --data mnist --json");
  add_run(*e, [e_options] { return eval(*e_options); });
}

}  // namespace ebm::app
