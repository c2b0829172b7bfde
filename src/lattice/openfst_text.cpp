#include "ebm/lattice/openfst_text.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>

#include "ebm/core/error.hpp"
#include "ebm/io/file.hpp"

namespace ebm::lattice {
namespace {

constexpr std::string_view kBlank = " \t\r\v\f";

/// Lines of a text and their fields.
class Lines {
 public:
  Lines(std::string_view text, std::string_view name) : text_(text), name_(name) {}
  /// The fields of the next line that has any, at most `max`; false at the end.
  bool next(std::span<std::string_view> fields, std::size_t& count) {
    while (!text_.empty()) {
      std::string_view line = text_.substr(0, text_.find('\n'));
      text_.remove_prefix(std::min(text_.size(), line.size() + 1));
      ++number_;
      count = 0;
      for (;;) {
        line.remove_prefix(std::min(line.size(), line.find_first_not_of(kBlank)));
        if (line.empty()) break;
        const std::string_view field = line.substr(0, line.find_first_of(kBlank));
        if (count == fields.size()) fail("expected at most ", fields.size(), " fields");
        fields[count++] = field;
        line.remove_prefix(field.size());
      }
      if (count > 0) return true;
    }
    return false;
  }
  template <class... Parts>
  [[noreturn]] void fail(const Parts&... parts) const {
    throw FormatError(message(name_, ":", number_, ": ", parts..., "."));
  }

 private:
  std::string_view text_, name_;
  int number_ = 0;
};

/// A field as a message shows it: quoted, cut, unprintable bytes as '?'.
std::string shown(std::string_view field) {
  std::string out = "'";
  for (const char c : field.substr(0, 24)) out += c >= ' ' && c <= '~' ? c : '?';
  return out + (field.size() > 24 ? "...'" : "'");
}

template <class T>
bool whole_number(std::string_view field, T& out) {
  const auto [end, error] = std::from_chars(field.data(), field.data() + field.size(), out);
  return error == std::errc() && end == field.data() + field.size();
}

long long state(std::string_view field, const Lines& at) {
  long long s = 0;
  if (!whole_number(field, s) || s < 0) at.fail("expected a state number >= 0, found ", shown(field));
  return s;
}

int label(std::string_view field, const Symbols* symbols, const Lines& at) {
  if (symbols != nullptr) {
    if (const auto found = symbols->id.find(field); found != symbols->id.end()) return found->second;
    at.fail("label ", shown(field), " is not in the symbol table");
  }
  int l = 0;
  if (!whole_number(field, l) || l < 0 || l == kOther)
    at.fail("expected a label, an integer from 0 to ", kOther - 1, ", found ", shown(field));
  return l;
}

double energy(std::string_view field, const Lines& at) {
  std::string_view digits = field;
  if (!digits.empty() && digits[0] == '+') digits.remove_prefix(1);
  double e = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), e);
  const bool whole = end == digits.data() + digits.size() && !digits.empty();
  if (whole && error == std::errc::result_out_of_range)
    at.fail("energy ", shown(field), " is out of the range of a double");
  if (!whole || error != std::errc() || std::isnan(e) || e == -kInf)
    at.fail("expected an energy, a number or Infinity, found ", shown(field));
  return e;
}

void write_number(std::string& out, double e) {
  if (e == kInf) {
    out += "Infinity";
    return;
  }
  std::array<char, 32> buffer;
  const auto end = std::to_chars(buffer.data(), buffer.data() + buffer.size(), e).ptr;
  out.append(buffer.data(), end);
}

std::string label_text(int l, const Symbols* symbols) {
  if (l == kOther)
    throw GraphError("[lattice] OpenFst's text format has no form for kOther; spell the labels out.");
  if (symbols != nullptr)
    if (const auto found = symbols->name.find(l); found != symbols->name.end()) return found->second;
  return std::to_string(l);
}

void write_arc(std::string& out, const Arc& a, const TextOptions& o) {
  if (o.acceptor && a.in != a.out)
    throw GraphError(message("[lattice] an arc of state ", a.source, " reads ", a.in, " and writes ", a.out,
                             ": no acceptor. Write it with two labels."));
  out += std::to_string(a.source) + '\t' + std::to_string(a.target) + '\t' + label_text(a.in, o.in);
  if (!o.acceptor) out += '\t' + label_text(a.out, o.out);
  if (a.energy != 0) {
    out += '\t';
    write_number(out, a.energy);
  }
  out += '\n';
}

void write_final(std::string& out, int s, double e) {
  out += std::to_string(s);
  if (e != 0) {
    out += '\t';
    write_number(out, e);
  }
  out += '\n';
}

std::string drawn(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '"' || c == '\\') out += '\\';
    out += c;
  }
  return out;
}

}  // namespace

Automaton parse_openfst(std::string_view text, std::string_view name, const TextOptions& options) {
  Lines lines(text, name);
  const std::size_t labels = options.acceptor ? 1 : 2;
  std::vector<Arc> arcs;
  std::vector<Final> finals;
  std::array<std::string_view, 5> fields;
  std::size_t count = 0;
  const std::span<std::string_view> room(fields.data(), 3 + labels);
  // States as they are named, until all are known.
  std::vector<std::pair<long long, long long>> ends;
  std::vector<long long> final_states;
  long long start = -1;
  while (lines.next(room, count)) {
    if (count <= 2) {
      final_states.push_back(state(fields[0], lines));
      finals.push_back({0, count == 2 ? energy(fields[1], lines) : 0.0});
    } else if (count < 2 + labels) {
      lines.fail("expected source, target, ", labels == 1 ? "label" : "input label, output label",
                 " and perhaps an energy, or a final state and perhaps an energy; found ", count, " fields");
    } else {
      ends.emplace_back(state(fields[0], lines), state(fields[1], lines));
      Arc a;
      a.in = label(fields[2], options.in, lines);
      a.out = labels == 1 ? a.in : label(fields[3], options.out, lines);
      if (count == 3 + labels) a.energy = energy(fields[2 + labels], lines);
      arcs.push_back(a);
    }
    if (start < 0) start = arcs.empty() ? final_states[0] : ends[0].first;
  }
  if (start < 0) lines.fail("expected at least one line: there is no start state");
  if (std::none_of(finals.begin(), finals.end(), [](const Final& f) { return f.energy < kInf; }))
    lines.fail("expected at least one final state, a line with a state number and perhaps an energy");

  std::vector<long long> numbers;
  numbers.reserve(2 * ends.size() + final_states.size());
  for (const auto& [source, target] : ends) numbers.insert(numbers.end(), {source, target});
  numbers.insert(numbers.end(), final_states.begin(), final_states.end());
  std::sort(numbers.begin(), numbers.end());
  numbers.erase(std::unique(numbers.begin(), numbers.end()), numbers.end());
  const auto number = [&](long long s) {
    return static_cast<int>(std::lower_bound(numbers.begin(), numbers.end(), s) - numbers.begin());
  };
  for (std::size_t i = 0; i < arcs.size(); ++i) {
    arcs[i].source = number(ends[i].first);
    arcs[i].target = number(ends[i].second);
  }
  for (std::size_t i = 0; i < finals.size(); ++i) finals[i].state = number(final_states[i]);
  return {std::move(arcs), finals, number(start), static_cast<int>(numbers.size())};
}

Automaton read_openfst(const std::filesystem::path& path, const TextOptions& options) {
  const io::Bytes bytes = io::read_file(path);
  return parse_openfst(io::as_text(bytes), path.string(), options);
}

std::string to_openfst(const Automaton& automaton, const TextOptions& options) {
  std::string out;
  const auto arcs_of = [&](int s) {
    for (const Arc& a : automaton.arcs(s)) write_arc(out, a, options);
  };
  const int start = automaton.start();
  // The start must come first: by its first arc, else as a final state, not final if it must be.
  if (automaton.arcs(start).empty() && !(automaton.states() == 1 && automaton.final_energy(start) == kInf))
    write_final(out, start, automaton.final_energy(start));
  arcs_of(start);
  for (int s = 0; s < automaton.states(); ++s)
    if (s != start) arcs_of(s);
  for (int s = 0; s < automaton.states(); ++s)
    if (automaton.final_energy(s) < kInf && !(s == start && automaton.arcs(start).empty()))
      write_final(out, s, automaton.final_energy(s));
  return out;
}

std::string to_openfst(const Lattice& lattice, const TextOptions& options) {
  std::string out;
  for (int i = 0; i < lattice.arcs(); ++i) write_arc(out, lattice.arc(i), options);
  for (int s = 0; s < lattice.states(); ++s)
    if (const double e = lattice.final_energy()[static_cast<std::size_t>(s)]; e < kInf)
      write_final(out, s, e);
  return out;
}

void write_openfst(const std::filesystem::path& path, const Automaton& automaton,
                   const TextOptions& options) {
  io::write_file(path, to_openfst(automaton, options));
}
void write_openfst(const std::filesystem::path& path, const Lattice& lattice, const TextOptions& options) {
  io::write_file(path, to_openfst(lattice, options));
}

Symbols parse_symbols(std::string_view text, std::string_view name) {
  Lines lines(text, name);
  Symbols out;
  std::array<std::string_view, 2> fields;
  std::size_t count = 0;
  while (lines.next(fields, count)) {
    if (count != 2) lines.fail("expected a name and a number");
    const int id = label(fields[1], nullptr, lines);
    if (!out.id.emplace(fields[0], id).second) lines.fail("the name ", shown(fields[0]), " is given twice");
    if (!out.name.emplace(id, fields[0]).second) lines.fail("the number ", id, " is given twice");
  }
  return out;
}

Symbols read_symbols(const std::filesystem::path& path) {
  const io::Bytes bytes = io::read_file(path);
  return parse_symbols(io::as_text(bytes), path.string());
}

std::string to_dot(const Automaton& automaton, const TextOptions& options) {
  const auto name = [](int l, const Symbols* symbols) {
    return l == 0 ? std::string("-") : l == kOther ? std::string("*") : drawn(label_text(l, symbols));
  };
  std::string out = "digraph automaton {\n  rankdir = LR;\n  node [shape = circle];\n";
  for (int s = 0; s < automaton.states(); ++s) {
    out += "  " + std::to_string(s) + " [label = \"" + std::to_string(s);
    const double e = automaton.final_energy(s);
    if (e < kInf && e != 0) {
      out += '/';
      write_number(out, e);
    }
    out += std::string("\"") + (e < kInf ? ", shape = doublecircle" : "") +
           (s == automaton.start() ? ", style = bold" : "") + "];\n";
  }
  for (const Arc& a : automaton.arcs()) {
    out += "  " + std::to_string(a.source) + " -> " + std::to_string(a.target) + " [label = \"" +
           name(a.in, options.in);
    if (!options.acceptor) out += ':' + name(a.out, options.out);
    if (a.energy != 0) {
      out += '/';
      write_number(out, a.energy);
    }
    out += "\"];\n";
  }
  return out + "}\n";
}

std::string to_dot(const Lattice& lattice, const TextOptions& options) {
  return to_dot(to_automaton(lattice), options);
}

}  // namespace ebm::lattice
