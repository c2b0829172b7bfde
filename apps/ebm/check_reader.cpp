// ebm check-reader train | eval | read

#include <fmt/core.h>

#include <chrono>
#include <optional>

#include "check_report.hpp"
#include "command.hpp"
#include "ebm/core/pool.hpp"
#include "ebm/models/check_training.hpp"
#include "ebm/report/progress.hpp"

namespace ebm::app {
namespace {

using models::CheckReader;
using models::CheckResult;

struct Options {
  Common common;
  std::vector<std::string> data, images, freeze;
  std::vector<int> parts;
  std::string digits, out, from, model, report, recogniser = "hos", grammar = "auto", ink = "dark";
  double target_error = 0.01;
  int best = 1;
  std::optional<int> character_epochs;
  models::CheckTraining training;
};

models::InkColour ink(const Options& o) {
  return o.ink == "light" ? models::InkColour::light : models::InkColour::dark;
}

// Files that the options name and the command reads, but for --resume: OUT.ckpt may be that.
Inputs inputs(const Options& o) {
  Inputs out{o.model, o.from, o.grammar};
  const auto add = [&](const Inputs& files) { out.insert(out.end(), files.begin(), files.end()); };
  for (const std::string& folder : o.data) add(io::labelled_folder_files(folder));
  if (!o.digits.empty()) add(io::mnist_files(o.digits));
  return out;
}

std::vector<io::LabelledImage> read_fields(const Options& o) {
  std::vector<io::LabelledImage> out;
  for (std::size_t i = 0; i < o.data.size(); ++i) {
    const std::string& folder = o.data[i];
    std::error_code ignored;
    if (std::any_of(o.data.begin(), o.data.begin() + static_cast<long>(i), [&](const std::string& before) {
          return std::filesystem::equivalent(before, folder, ignored);
        })) {
      say(o.common, folder + ": is given twice and counts once");
      continue;
    }
    io::LabelledFolder f = io::read_labelled_folder(folder, o.parts);
    say(o.common, fmt::format("{}: {} fields", folder, f.images.size()));
    std::ranges::move(f.images, std::back_inserter(out));
  }
  if (out.empty()) throw DataError("there is no field in these folders and parts");
  return out;
}

// What the amounts look like decides the grammar when none is named.
models::CheckReaderConfig configure(const Options& o, const std::vector<io::LabelledImage>& fields) {
  models::CheckReaderConfig c;
  c.recogniser = models::recogniser(o.recogniser);
  c.seed = o.common.seed;
  c.ink = ink(o);
  std::string grammar = o.grammar;
  if (grammar == "auto") {
    const auto is_dollars = [](const io::LabelledImage& f) {
      return f.amount.find('.') != std::string::npos;
    };
    grammar = 2 * static_cast<std::size_t>(std::ranges::count_if(fields, is_dollars)) > fields.size()
                  ? "dollars"
                  : "digits";
    say(o.common, "the amounts look like " + grammar + " (choose with --grammar)");
  }
  c.grammar_name = grammar;
  if (grammar == "dollars") {
    c.alphabet.characters = models::kDollarCharacters;
    c.grammar = models::dollar_grammar();
  } else if (grammar != "digits") {
    c.grammar = models::read_grammar(grammar);
    c.alphabet.characters.clear();
    for (const Arc& arc : c.grammar.arcs())
      if (arc.in > ' ' && arc.in < 127 && c.alphabet.code(static_cast<char>(arc.in)) < 0)
        c.alphabet.characters += static_cast<char>(arc.in);
    if (c.alphabet.characters.empty())
      throw DataError(grammar +
                      ": this grammar reads no printable character; labels are character codes, '0' is 48");
    std::ranges::sort(c.alphabet.characters);
  }
  return c;
}

std::vector<models::Check> see_all(const Options& o, const CheckReader& reader,
                                   const std::vector<io::LabelledImage>& fields) {
  std::vector<models::Check> out(fields.size());
  report::Progress::Options shown;
  shown.quiet = o.common.quiet;
  report::Progress bar("segmenting", fields.size(), shown);
  parallel_for(fields.size(), [&](std::size_t i) {
    out[i] = reader.see(fields[i].image, fields[i].file, fields[i].amount);
    bar.advance();
  });
  return out;
}

void freeze(Params& params, const std::vector<std::string>& prefixes) {
  try {
    for (const std::string& prefix : prefixes) params.set_trainable(prefix, false);
  } catch (const GraphError& e) {  // only the weights know their names
    throw CLI::ValidationError("--freeze", e.what());
  }
}

int train(Options& o) {
  apply(o.common);
  check_outputs(o.common, {{"--out", o.out}, {"--out", o.out + ".ckpt"}}, inputs(o));
  if (!o.training.resume.empty()) check_outputs(o.common, {{"--out", o.out}}, {o.training.resume});
  const std::vector<io::LabelledImage> fields = read_fields(o);
  io::Mnist mnist;
  if (!o.digits.empty()) {
    mnist = io::read_mnist(o.digits, io::MnistPart::train);
    say(o.common, fmt::format("{}: {} digits for the first stage (light ink, made dark)", o.digits,
                              mnist.labels.size()));
  }
  CheckReader reader(configure(o, fields));
  if (!o.from.empty()) {
    reader.start_from(CheckReader::load(o.from));
    if (!o.character_epochs) o.training.character_epochs = 0;
    say(o.common, o.from + ": its weights are where training starts");
  }
  if (o.character_epochs) o.training.character_epochs = *o.character_epochs;
  freeze(reader.params(), o.freeze);
  o.training.checkpoint = o.out + ".ckpt";
  o.training.quiet = o.common.quiet;
  o.training.say = [&](std::string_view line) { say(o.common, std::string(line)); };
  const auto result =
      models::train_check_reader(reader, fields, o.digits.empty() ? nullptr : &mnist, o.training);
  for (std::size_t i = 0; i < result.refused.size(); ++i) {
    if (i == 5) {
      say(o.common, fmt::format("  .. and {} more", result.refused.size() - i));
      break;
    }
    say(o.common, "skipped " + result.refused[i]);
  }
  reader.notes = history_note(result);
  reader.save(o.out);
  remove_checkpoint(o.out);
  const auto right = std::ranges::count_if(reader.judged, &models::Judged::right);
  const double accuracy =
      reader.judged.empty() ? 0 : static_cast<double>(right) / static_cast<double>(reader.judged.size());
  if (o.common.json)
    print({{"out", o.out},
           {"fields", result.fields},
           {"validation_fields", result.validation_fields},
           {"skipped", result.refused.size()},
           {"validation_accuracy", reader.judged.empty() ? kInf : accuracy}});
  else
    fmt::print("{}: trained on {} fields ({} skipped), {:.1f} % of {} validation fields right\n", o.out,
               result.fields, result.refused.size(), 100 * accuracy, reader.judged.size());
  return kOk;
}

int eval(Options& o) {
  apply(o.common);
  if (!o.report.empty()) check_outputs(o.common, {{"--report", o.report}}, inputs(o));
  CheckReader reader = CheckReader::load(o.model);
  if (!o.ink.empty()) reader.set_ink(ink(o));
  const std::vector<io::LabelledImage> fields = read_fields(o);
  const auto start = std::chrono::steady_clock::now();
  const std::vector<models::Check> checks = see_all(o, reader, fields);
  const std::vector<CheckResult> results = models::judge(reader, checks);
  const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  const models::Verdict v =
      models::summarise(results, models::reject_threshold(reader.judged, o.target_error));
  if (reader.judged.empty())
    say(o.common,
        "the model was trained without validation fields: nothing can be read at a wanted error rate");
  int refused = 0;
  for (const auto& f : fields)
    if (!models::can_mean(reader.config().grammar, f.amount)) {
      ++refused;
      say(o.common, fmt::format("{}: the grammar '{}' has no amount '{}', so it cannot be read right", f.file,
                                reader.config().grammar_name, f.amount));
    }
  const nlohmann::json out{{"fields", v.fields},
                           {"correct", v.correct},
                           {"string_accuracy", v.string_accuracy},
                           {"target_error", o.target_error},
                           {"read", v.read},
                           {"rejected", v.rejected},
                           {"wrong", v.wrong},
                           {"digit_error_rate", v.digit_error_rate},
                           {"refused", refused},
                           {"seconds", seconds},
                           {"threshold", v.threshold},
                           {"interval_95", {v.low, v.high}}};
  if (!o.report.empty()) {
    write_check_report(o.report, reader, fields, checks, results, v, o.target_error);
    say(o.common, "report in " + o.report);
  }
  if (o.common.json)
    print(out);
  else
    fmt::print(
        "{} of {} amounts right: {:.1f} % (95 % interval {:.1f} to {:.1f})\n"
        "at a wanted error of {:.1f} %: {} read, {} rejected, {} read and wrong ({:.1f} % of all fields)\n"
        "characters wrong: {:.2f} %; labels that the grammar refuses: {}; {:.1f} s\n",
        v.correct, v.fields, 100 * v.string_accuracy, 100 * v.low, 100 * v.high, 100 * o.target_error, v.read,
        v.rejected, v.wrong, 100.0 * v.wrong / std::max(1, v.fields), 100 * v.digit_error_rate, refused,
        seconds);
  return kOk;
}

int read(Options& o) {
  apply(o.common);
  CheckReader reader = CheckReader::load(o.model);
  if (!o.ink.empty()) reader.set_ink(ink(o));
  nlohmann::json list = nlohmann::json::array();
  int code = kOk;
  for (const std::string& name : o.images) {
    nlohmann::json one{{"file", name}};
    try {
      const models::Check check = reader.see(io::read_image(name), name);
      const auto readings = reader.read(check, std::max(1, o.best));
      const bool any = !readings.empty();
      one["amount"] = any ? nlohmann::json(readings[0].amount) : nlohmann::json();
      one["energy"] = any ? readings[0].energy : kInf;
      one["confidence"] = any ? readings[0].confidence : kInf;
      if (!any) one["reason"] = check.empty() ? check.reason : "no path fits the grammar";
      if (o.best > 1) {
        one["best"] = nlohmann::json::array();
        for (const auto& r : readings)
          one["best"].push_back({{"amount", r.amount}, {"energy", r.energy}, {"confidence", r.confidence}});
      }
      if (!o.common.json) {
        if (!any) fmt::print("{}\t-\t-\t0\t{}\n", name, one["reason"].get<std::string>());
        for (const auto& r : readings)
          fmt::print("{}\t{}\t{:.4f}\t{:.4f}\n", name, r.amount, r.energy, r.confidence);
      }
    } catch (const DataError& e) {  // the other images are still worth reading
      complain(fmt::format("ebm: {}", e.what()));
      one["amount"] = nullptr;
      one["energy"] = nullptr;
      one["confidence"] = nullptr;
      one["reason"] = e.what();
      code = kData;
    }
    list.push_back(std::move(one));
  }
  if (o.common.json) print(list.size() == 1 ? list[0] : list);
  return code;
}

}  // namespace

void add_check_reader(CLI::App& ebm) {
  auto* command = ebm.add_subcommand("check-reader", "Read courtesy amounts: a graph transformer network");
  command->require_subcommand(1);
  command->footer(
      "Example:\n  ebm check-reader train --data fields --loss nll --recogniser hos --out "
      "reader.safetensors\n"
      "  ebm check-reader eval --model reader.safetensors --data fields");
  const auto is_ink = CLI::IsMember({"dark", "light"});
  const auto parts = [](CLI::App* c, const std::shared_ptr<Options>& o) {
    c->add_option("--data", o->data,
                  "Folder with labels.tsv (columns file and amount) and PGM or PNG images, beside it or in "
                  "one .tar.gz")
        ->required();
    c->add_option("--parts", o->parts, "Only these parts of the data: FNV-1a 64 of the file name, modulo 4")
        ->delimiter(',')
        ->check(CLI::Range(0, 3));
  };

  auto o = std::make_shared<Options>();
  auto* t = command->add_subcommand(
      "train", "First the recogniser on characters, then everything from images and amounts alone");
  add_common(*t, o->common);
  parts(t, o);
  t->add_option("--digits", o->digits,
                "Folder with MNIST for the first stage; without it the program writes the characters");
  t->add_option("--loss", o->training.loss, "Loss of the second stage")
      ->check(CLI::IsMember({"nll", "perceptron"}))
      ->capture_default_str();
  t->add_option("--recogniser", o->recogniser,
                "hos: pieces between cuts; sdnn: the net along the whole field")
      ->check(CLI::IsMember({"hos", "sdnn"}))
      ->capture_default_str();
  t->add_option("--grammar", o->grammar,
                "digits, dollars, auto (as the amounts look), or an OpenFst text file whose labels are "
                "character codes")
      ->capture_default_str();
  t->add_option("--out", o->out, "Model to write; OUT.ckpt beside it while training")->required();
  t->add_option("--resume", o->training.resume, "Go on from a checkpoint of the same run");
  t->add_option("--epochs", o->training.epochs,
                "Passes of the second stage; 0: none. Default: 8 to 60, the more the fewer fields")
      ->check(CLI::Range(0, 100000));
  t->add_option(
      "--from", o->from,
      "Start from the weights of this model, of the same recogniser and characters, without the first "
      "stage unless --character-epochs asks for it");
  t->add_option("--character-epochs", o->character_epochs, "Passes of the first stage; 0: none. Default: 6")
      ->check(CLI::Range(0, 100000));
  t->add_option("--character-fields", o->training.character_fields,
                "Made fields that the first stage cuts its characters from")
      ->check(CLI::Range(1, 1000000))
      ->capture_default_str();
  t->add_option("--made", o->training.made,
                "New made fields in every pass of the second stage, beside the given ones. Default: as many "
                "as make 1500 of both")
      ->check(CLI::Range(0, 1000000));
  t->add_flag("--distort,!--no-distort", o->training.distort,
              "New distortions of every field in two passes of three; on unless --no-distort");
  t->add_option("--validation", o->training.validation,
                "Fraction of the fields kept for choosing the pass and the reject threshold")
      ->check(between(0, 0.9))
      ->capture_default_str();
  t->add_option("--batch", o->training.batch, "Fields per step")
      ->check(CLI::Range(1, 100000))
      ->capture_default_str();
  t->add_option("--rate", o->training.rate, "Step size of the second stage")
      ->check(between(1e-12, 1e6))
      ->capture_default_str();
  t->add_option("--freeze", o->freeze,
                "Leave the weights whose names start so as they are, e.g. characters.c1");
  t->add_option("--ink", o->ink, "dark or light")->check(is_ink)->capture_default_str();
  t->footer(
      "Example:\n  ebm generate amounts --count 2000 --out fields\n  ebm check-reader train --data fields "
      "--loss nll --recogniser hos --out reader.safetensors\n"
      "  ebm check-reader train --data real_checks --from reader.safetensors --out mine.safetensors\n"
      "Ctrl-C writes OUT.ckpt; go on with --resume OUT.ckpt and the same options.");
  add_run(*t, [o] { return train(*o); });

  auto eo = std::make_shared<Options>();
  eo->ink.clear();
  auto* e = command->add_subcommand("eval", "Judge a model on labelled fields");
  add_common(*e, eo->common);
  parts(e, eo);
  e->add_option("--model", eo->model, "Model to judge")->required();
  e->add_option("--target-error", eo->target_error, "Wanted fraction of all fields that is read and wrong")
      ->check(between(0, 1))
      ->capture_default_str();
  e->add_option("--report", eo->report, "HTML page to write");
  e->add_option("--ink", eo->ink, "dark or light; default: as in training")->check(is_ink);
  e->footer(
      "Example:\n  ebm check-reader eval --model reader.safetensors --data fields --report report.html\n"
      "The reject threshold comes from the validation fields of the training alone.\n"
      "Labels that the grammar refuses are named on stderr and counted as \"refused\"; they stay among the\n"
      "fields, and no reading of them is right.");
  add_run(*e, [eo] { return eval(*eo); });

  auto ro = std::make_shared<Options>();
  ro->ink.clear();
  auto* r = command->add_subcommand("read", "Read images: file, amount, energy, confidence");
  add_common(*r, ro->common);
  r->add_option("IMAGE", ro->images, "PGM or PNG files")->required();
  r->add_option("--model", ro->model, "Model to read with")->required();
  r->add_option("--best", ro->best, "How many amounts per image")
      ->check(CLI::Range(1, 1000))
      ->capture_default_str();
  r->add_option("--ink", ro->ink, "dark or light; default: as in training")->check(is_ink);
  r->footer("Example:\n  ebm check-reader read --model reader.safetensors a.pgm b.png --best 3");
  add_run(*r, [ro] { return read(*ro); });
}

}  // namespace ebm::app
