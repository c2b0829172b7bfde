#include "ebm/graph/formats.hpp"

#include <algorithm>
#include <limits>

#include "ebm/io/gzip.hpp"
#include "src/graph/table_room.hpp"
#include "src/graph/tokens.hpp"

namespace ebm::discrete {
namespace {

// A scope just read, the product of its label counts checked before a table is allocated.
class Scope {
 public:
  std::vector<int> variables;
  std::size_t read(Tokens& in, const DiscreteGraph& graph, long long arity, TableRoom& room) {
    variables.clear();
    double entries = 1;
    for (long long a = 0; a < arity; ++a) {
      const auto v = static_cast<int>(in.integer("a variable", 0, graph.variables() - 1));
      if (std::ranges::find(variables, v) != variables.end())
        in.fail("variable ", v, " stands twice in a scope");
      variables.push_back(v);
      entries *= graph.labels()[static_cast<std::size_t>(v)];
    }
    if (const std::string why = room.take(entries); !why.empty()) in.fail(why);
    return static_cast<std::size_t>(entries);
  }
};

long long read_arity(Tokens& in) { return in.integer("how many variables a factor has", 0, 255); }

void add_variables(Tokens& in, DiscreteGraph& graph, long long n) {
  for (long long v = 0; v < n; ++v)
    graph.add_variables(
        1, Labels(static_cast<int>(in.integer("a number of labels", 1, std::numeric_limits<int>::max()))));
}

// One table with the first variable of the scope fastest, given at places: the entry of `place` as we count.
std::size_t turned(std::size_t place, std::span<const int> scope, const DiscreteGraph& graph) {
  std::size_t stride = 1, out = 0;
  for (const int v : scope) stride *= static_cast<std::size_t>(graph.labels()[static_cast<std::size_t>(v)]);
  for (const int v : scope) {
    const auto k = static_cast<std::size_t>(graph.labels()[static_cast<std::size_t>(v)]);
    stride /= k;
    out += place % k * stride;
    place /= k;
  }
  return out;
}

template <class Parse>
auto read(const std::filesystem::path& path, const Parse& parse) {
  io::Bytes bytes = io::read_file(path);
  if (io::is_gzip(bytes)) bytes = io::gunzip(bytes, path.string());
  return parse(io::as_text(bytes), path.string());
}

}  // namespace

namespace {

// `energy()` of the next entry.
template <class Energy>
GraphFile parse_tables(Tokens& in, const Energy& energy) {
  const std::string_view kind = in.next();
  if (kind != "MARKOV" && kind != "BAYES") in.fail("expected MARKOV or BAYES, found ", Tokens::shown(kind));
  GraphFile out;
  out.format = kind == "BAYES" ? "UAI BAYES" : "UAI MARKOV";
  add_variables(in, out.graph, in.count("the number of variables", 0));
  const long long factors = in.count("the number of factors", 0);
  std::vector<std::vector<int>> scopes;
  scopes.reserve(static_cast<std::size_t>(factors));
  TableRoom room;
  std::vector<std::size_t> entries;
  for (long long f = 0; f < factors; ++f) {
    Scope scope;
    entries.push_back(scope.read(in, out.graph, read_arity(in), room));
    scopes.push_back(std::move(scope.variables));
  }
  std::vector<double> row;
  for (std::size_t f = 0; f < scopes.size(); ++f) {
    const long long given =
        in.integer("the number of entries of a table", 0, std::numeric_limits<long long>::max());
    if (given != static_cast<long long>(entries[f]))
      in.fail("table ", f, " has ", given, " entries, and its variables ", entries[f], " joint labels");
    row.clear();
    for (std::size_t e = 0; e < entries[f]; ++e) row.push_back(energy());
    out.graph.add(scopes[f], row);
  }
  in.end();
  return out;
}

}  // namespace

GraphFile parse_uai(std::string_view text, std::string_view name) {
  Tokens in(text, name);
  return parse_tables(in, [&] { return in.minus_log("an entry of a table"); });
}

GraphFile parse_lg(std::string_view text, std::string_view name) {
  Tokens in(text, name);
  GraphFile out = parse_tables(in, [&] { return in.minus("the logarithm of an entry"); });
  out.meaning = Meaning::logarithms;
  out.format = out.format == "UAI BAYES" ? "LG BAYES" : "LG MARKOV";
  return out;
}

GraphFile parse_fg(std::string_view text, std::string_view name) {
  // Variables are named before their numbers of labels are known, so the file is walked twice.
  std::vector<int> labels;
  GraphFile out;
  out.format = "libDAI";
  TableRoom room;
  std::vector<double> row;
  for (const bool first : {true, false}) {
    Tokens in(text, name, '#');
    const long long factors = in.count("the number of factors", 0);
    for (long long f = 0; f < factors; ++f) {
      const long long arity = read_arity(in);
      std::vector<int> scope;
      for (long long a = 0; a < arity; ++a) {
        // Numbers may leave gaps, each a variable of one label, but not more than the file is long.
        const auto v = static_cast<int>(
            in.integer("a variable", 0, static_cast<long long>(std::min<std::size_t>(text.size(), 1 << 30))));
        if (std::ranges::find(scope, v) != scope.end()) in.fail("variable ", v, " stands twice in a scope");
        scope.push_back(v);
        if (first && static_cast<std::size_t>(v) >= labels.size())
          labels.resize(static_cast<std::size_t>(v) + 1, 0);
      }
      double size = 1;
      for (const int v : scope) {
        const auto k = static_cast<int>(in.integer("a number of labels", 1, std::numeric_limits<int>::max()));
        int& known = labels[static_cast<std::size_t>(v)];
        if (known != 0 && known != k)
          in.fail("variable ", v, " has ", k, " labels here and ", known, " before");
        known = k;
        size *= k;
      }
      if (first)
        if (const std::string why = room.take(size); !why.empty()) in.fail(why);
      const long long given =
          in.integer("the number of entries that are listed", 0, static_cast<long long>(size));
      if (!first) row.assign(static_cast<std::size_t>(size), kInf);
      for (long long e = 0; e < given; ++e) {
        const auto place = static_cast<std::size_t>(
            in.integer("the index of an entry", 0, static_cast<long long>(size) - 1));
        const double energy = in.minus_log("an entry of a table");
        if (!first) row[turned(place, scope, out.graph)] = energy;
      }
      if (!first) out.graph.add(scope, row);
    }
    in.end();
    if (first)
      for (const int k : labels) out.graph.add_variables(1, Labels(std::max(1, k)));
  }
  return out;
}

GraphFile parse_wcsp(std::string_view text, std::string_view name) {
  Tokens in(text, name);
  if (in.next().empty()) in.fail("expected the name of the problem, found the end of the file");
  GraphFile out;
  out.format = "wcsp";
  out.meaning = Meaning::energies;
  const long long n = in.count("the number of variables", 0);
  const long long largest = in.integer("the largest number of labels", 0, std::numeric_limits<int>::max());
  const long long functions = in.count("the number of functions", 0);
  const double bound = in.number("the upper bound");
  add_variables(in, out.graph, n);
  for (const int k : out.graph.labels())
    if (k > largest)
      in.fail("a variable has ", k, " labels, more than the largest number of labels, ", largest);
  const auto energy = [&] {
    const double e = in.number("a weight");
    if (e < 0) in.fail("expected a weight, found ", e, ", which is negative");
    return e >= bound ? kInf : e;
  };
  TableRoom room;
  Scope scope;
  std::vector<double> row;
  for (long long f = 0; f < functions; ++f) {
    const std::size_t entries = scope.read(in, out.graph, read_arity(in), room);
    row.assign(entries, energy());
    const long long tuples = in.integer("the number of tuples", 0, std::numeric_limits<long long>::max());
    for (long long t = 0; t < tuples; ++t) {
      std::size_t entry = 0;
      for (const int v : scope.variables) {
        const int k = out.graph.labels()[static_cast<std::size_t>(v)];
        entry =
            entry * static_cast<std::size_t>(k) + static_cast<std::size_t>(in.integer("a label", 0, k - 1));
      }
      row[entry] = energy();
    }
    out.graph.add(scope.variables, row);
  }
  in.end();
  return out;
}

std::string ending_of(const std::filesystem::path& path) {
  std::string out = (path.extension() == ".gz" ? path.stem() : path).extension().string();
  for (char& c : out) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  return out;
}

GraphFile read_graph(const std::filesystem::path& path) {
  const std::string ending = ending_of(path);
  for (const auto& [known, parse] : {std::pair{".uai", &parse_uai},
                                     {".lg", &parse_lg},
                                     {".fg", &parse_fg},
                                     {".wcsp", &parse_wcsp},
                                     {".cfn", &parse_cfn},
                                     {".json", &parse_json}})
    if (ending == known) return read(path, *parse);
  throw DataError(message(path.string(), ": the ending '", ending,
                          "' is none of .uai, .LG, .fg, .wcsp, .cfn and .json, by which graphs are read"));
}

std::vector<int> parse_evidence(std::string_view text, std::string_view name, const DiscreteGraph& graph) {
  // Some files say first that there is one set; the number of numbers tells.
  Tokens counting(text, name);
  long long numbers = 0;
  while (!counting.next().empty()) ++numbers;
  Tokens in(text, name);
  long long observed = in.count("the number of observed variables", 0, 1);
  if (numbers != 1 + 2 * observed && numbers > 1) {
    if (observed != 1)
      in.fail("expected ", observed, " variables with a label each, found ", numbers - 1, " numbers");
    observed = in.count("the number of observed variables", 0, 1);
  }
  std::vector<int> out(static_cast<std::size_t>(graph.variables()), -1);
  for (long long i = 0; i < observed; ++i) {
    const auto v = static_cast<std::size_t>(in.integer("a variable", 0, graph.variables() - 1));
    if (out[v] >= 0) in.fail("variable ", v, " is observed twice");
    out[v] = static_cast<int>(in.integer("a label", 0, graph.labels()[v] - 1));
  }
  in.end();
  return out;
}

std::vector<int> read_evidence(const std::filesystem::path& path, const DiscreteGraph& graph) {
  return read(
      path, [&](std::string_view text, std::string_view name) { return parse_evidence(text, name, graph); });
}

std::vector<int> parse_map(std::string_view text, std::string_view name, const DiscreteGraph& graph) {
  Tokens in(text, name);
  if (in.next() != "MAP") in.fail("expected MAP");
  (void)in.integer("the number of variables", graph.variables(), graph.variables());
  std::vector<int> out;
  for (const int k : graph.labels()) out.push_back(static_cast<int>(in.integer("a label", 0, k - 1)));
  in.end();
  return out;
}

double parse_pr(std::string_view text, std::string_view name) {
  Tokens in(text, name);
  if (in.next() != "PR") in.fail("expected PR");
  const double out = in.number("the log10 of the sum");
  in.end();
  return out;
}

std::vector<double> parse_mar(std::string_view text, std::string_view name, const DiscreteGraph& graph) {
  Tokens in(text, name);
  if (in.next() != "MAR") in.fail("expected MAR");
  (void)in.integer("the number of variables", graph.variables(), graph.variables());
  std::vector<double> out;
  for (const int k : graph.labels()) {
    (void)in.integer("the number of labels", k, k);
    for (int y = 0; y < k; ++y) out.push_back(in.number("a probability"));
  }
  in.end();
  return out;
}

}  // namespace ebm::discrete
