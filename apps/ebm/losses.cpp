// ebm losses [--json], ebm losses check: the catalogue, and the published condition of a good loss

#include <fmt/core.h>
#include <fmt/ranges.h>

#include "command.hpp"
#include "ebm/core/error.hpp"
#include "ebm/losses/catalogue.hpp"
#include "ebm/losses/condition.hpp"
#include "ebm/report/table.hpp"

namespace ebm::app {
namespace {

struct Options {
  Common common;
  std::string region = "box";
  loss::Region on;
};

std::vector<std::string> needs(const Powers& p) {
  std::vector<std::string> out;
  if (p.minimum) out.push_back("minimum");
  if (p.free_energy) out.push_back("free energy");
  if (p.others) out.push_back("others");
  if (p.n_best) out.push_back("n best");
  if (p.samples) out.push_back("samples");
  return out;
}

std::string in_words(const nlohmann::json& options) {
  std::vector<std::string> out;
  for (const auto& [name, value] : options.items())
    out.push_back(fmt::format("{} = {:g}", name, value.get<double>()));
  return fmt::format("{}", fmt::join(out, ", "));
}

nlohmann::json as_json(const loss::Row& r) {
  nlohmann::json options = nlohmann::json::object();
  for (const loss::Option& o : r.options) options[std::string(o.name)] = o.value;
  return {{"key", r.key},
          {"name", r.name},
          {"equation", r.equation},
          {"slope_truth", r.truth_slope},
          {"slope_contrast", r.contrast_slope},
          {"margin", r.margin},
          {"contrast", r.contrast},
          {"needs", needs(r.needs)},
          {"can_collapse", r.can_collapse},
          {"energies", r.energies},
          {"options", options},
          {"margin_between_answers", r.rescales},
          {"source", r.source}};
}

int list(const Options& o) {
  apply(o.common);
  if (o.common.json) {
    nlohmann::json rows = nlohmann::json::array();
    for (const loss::Row& r : loss::catalogue()) rows.push_back(as_json(r));
    print(rows);
    return kOk;
  }
  report::Table table({"key", "L(e, o)", "slope on e", "slope on o", "margin", "o is the energy of", "asks",
                       "collapse", "energies", "options"});
  for (const loss::Row& r : loss::catalogue()) {
    table.row({std::string(r.key), std::string(r.equation), std::string(r.truth_slope),
               std::string(r.contrast_slope), std::string(r.margin), std::string(r.contrast),
               fmt::format("{}", fmt::join(needs(r.needs), ", ")), r.can_collapse ? "can" : "cannot",
               std::string(r.energies), in_words(as_json(r)["options"])});
  }
  fmt::print("{}", table.text());
  return kOk;
}

// The options a loss is checked with. Its margin is that of the condition, and q bounds the energies: the
// region's upper end.
LossSettings settings_for(const loss::Row& row, const loss::Region& region, nlohmann::json& told) {
  LossSettings out;
  for (const loss::Option& option : row.options) {
    double value = option.value;
    if (option.name == "margin") out.margin = value = region.margin;
    if (option.name == "q" && region.high > 0) out.q = value = region.high;
    told[std::string(option.name)] = value;
  }
  return out;
}

// The ranges are right one by one: what can still be wrong is how they go together.
loss::Condition condition(const AnyLoss& loss, const loss::Region& region, const std::string& shape) {
  try {
    return loss::check_condition(loss, region);
  } catch (const LossError&) {
    throw CLI::ValidationError(
        "--margin",
        fmt::format("{} is more than any gap in the {} from {} to {}; lower it, or widen --low and "
                    "--high",
                    region.margin, shape, region.low, region.high));
  }
}

int check(const Options& o) {
  apply(o.common);
  if (!(o.on.low < o.on.high))
    throw CLI::ValidationError("--low", fmt::format("{} is not below --high {}", o.on.low, o.on.high));
  loss::Region region = o.on;
  region.shape = o.region == "disc" ? loss::Region::Shape::disc : loss::Region::Shape::box;
  nlohmann::json rows = nlohmann::json::array();
  report::Table table(
      {"key", "options", "good", "least with the margin", "least without", "on the line", "why"});
  for (const loss::Row& r : loss::catalogue()) {
    nlohmann::json options = nlohmann::json::object();
    const AnyLoss loss = r.make(settings_for(r, region, options));
    const loss::Condition c = condition(loss, region, o.region);
    const auto place = [](const loss::Place& p) {
      return nlohmann::json{{"e", p.e}, {"o", p.o}, {"value", p.value}};
    };
    nlohmann::json row{{"key", r.key}, {"options", options}, {"good", nullptr}, {"why", c.why}};
    if (c.good) {
      row["good"] = *c.good;
      row["inside"] = place(c.inside);
      row["outside"] = place(c.outside);
      row["line"] = c.line;
    }
    rows.push_back(std::move(row));
    const auto number = [&](double x) { return c.good ? fmt::format("{:.4g}", x) : std::string("-"); };
    table.row({std::string(r.key), in_words(options), c.good ? *c.good ? "yes" : "NO" : "-",
               number(c.inside.value), number(c.outside.value), number(c.line), c.why});
  }
  if (o.common.json)
    print(rows);
  else
    fmt::print("{}", table.text());
  return kOk;
}

}  // namespace

void add_losses(CLI::App& ebm) {
  auto o = std::make_shared<Options>();
  auto* command = ebm.add_subcommand("losses", "The losses: equations, slopes, margins, needs");
  add_common(*command, o->common);
  command->footer(
      "e is the energy of the truth, o of what it is held against, s(u) = 1/(1 + exp(-u)), [u]+ = max(0, "
      "u).\n"
      "Example:\n  ebm losses --json\n  ebm losses check --region disc");
  auto c = std::make_shared<Options>();
  auto* checked = command->add_subcommand(
      "check", "Is the loss least where the truth is lower by the margin? (LeCun et al. 2006, condition 3)");
  add_common(*checked, c->common);
  checked->add_option("--region", c->region, "What (e, o) the architecture can reach: box or disc")
      ->check(CLI::IsMember({"box", "disc"}))
      ->capture_default_str();
  checked->add_option("--low", c->on.low, "Least energy of the region")
      ->check(between(-1e6, 1e6))
      ->capture_default_str();
  checked->add_option("--high", c->on.high, "Largest energy of the region")
      ->check(between(-1e6, 1e6))
      ->capture_default_str();
  checked->add_option("--margin", c->on.margin, "m, of the condition and of the losses that have one")
      ->check(between(1e-6, 1e6))
      ->capture_default_str();
  checked->footer(
      "A loss with a margin is checked with --margin, one with q with q = --high; others with their "
      "defaults.\n"
      "Example:\n  ebm losses check --region disc --json");
  add_run(*checked, [o, c] {
    c->common.json |= o->common.json;
    return check(*c);
  });
  add_run(*command, [o, checked] { return checked->parsed() ? kOk : list(*o); });
}

}  // namespace ebm::app
