#include "ebm/io/json.hpp"

#include <algorithm>
#include <iterator>
#include <set>
#include <utility>

#include "format_error.hpp"
#include "json_text.hpp"

namespace ebm::io {
namespace {

using nlohmann::json;
constexpr int kDeepest = 64;  // writing and freeing recurse

/// Tells how far the parser has read, which it does not say of every fault.
struct Reader {
  using iterator_category = std::input_iterator_tag;
  using value_type = char;
  using difference_type = std::ptrdiff_t;
  using pointer = const char*;
  using reference = const char&;
  const char* at;
  const char** reached;
  reference operator*() const { return *at; }
  Reader& operator++() {
    *reached = ++at;
    return *this;
  }
  Reader operator++(int) {
    const Reader old = *this;
    ++*this;
    return old;
  }
  bool operator==(const Reader& other) const { return at == other.at; }
};

/// "[json.exception.parse_error.101] parse error at line 1, column 2: syntax error ..." without its prefix.
std::string reason(std::string_view what) {
  if (const auto end = what.find("column "); end != what.npos)
    if (const auto colon = what.find(": ", end); colon != what.npos)
      return std::string(what.substr(colon + 2));
  const auto bracket = what.find("] ");
  return std::string(bracket == what.npos ? what : what.substr(bracket + 2));
}

std::size_t line_of(std::string_view text, std::size_t offset) {
  return 1 + static_cast<std::size_t>(std::ranges::count(text.substr(0, offset), '\n'));
}

json parse_named(std::string_view text, std::string_view name) {
  try {
    return parse_json(text);
  } catch (const JsonFault& fault) {
    throw at_line(name, line_of(text, fault.offset), "this is no valid JSON: ", fault.what);
  }
}

}  // namespace

json parse_json(std::string_view text) {
  const char* reached = text.data();
  const auto offset = [&] { return static_cast<std::size_t>(reached - text.data()); };
  std::vector<std::set<std::string>> names;  // of the objects that are open
  const auto check = [&](int depth, json::parse_event_t event, json& value) {
    if (depth > kDeepest) throw JsonFault{offset(), message("it is more than ", kDeepest, " levels deep")};
    if (event == json::parse_event_t::object_start) names.emplace_back();
    if (event == json::parse_event_t::object_end) names.pop_back();
    if (event == json::parse_event_t::key && !names.back().insert(value.get<std::string>()).second)
      throw JsonFault{offset(),
                      message("the name '", value.get<std::string>(), "' comes twice in one object")};
    return true;
  };
  try {
    return json::parse(Reader{text.data(), &reached}, Reader{text.data() + text.size(), &reached}, check);
  } catch (const json::exception& e) {
    // Where the last character was read, not behind it: that may be on the next line.
    throw JsonFault{std::max<std::size_t>(offset(), 1) - 1, reason(e.what())};
  }
}

void check_json(std::string_view text, std::string_view name) { parse_named(text, name); }

std::string read_json(const std::filesystem::path& path) {
  constexpr std::size_t kMost = std::size_t{1} << 26;  // a configuration is no data
  const Bytes bytes = read_file(path, kMost);
  check_json(as_text(bytes), path.string());
  return std::string(as_text(bytes));
}

struct JsonObject::Value {
  std::shared_ptr<const json> whole;  // keeps `object`, which is in it
  const json& object;
};

namespace {

template <class... Parts>
FormatError wrong(std::string_view name, std::string_view key, const Parts&... parts) {
  return FormatError(message(name, ": field '", key, "' ", parts...));
}

const json& field(const json& object, std::string_view name, std::string_view key) {
  const auto it = object.find(key);
  if (it == object.end()) throw wrong(name, key, "is missing");
  return *it;
}

/// The values of an array, each read by `read(value)`.
template <class Read>
auto each(const json& array, std::string_view name, std::string_view key, const Read& read) {
  if (!array.is_array()) throw wrong(name, key, "must be a list, not ", array.type_name());
  std::vector<decltype(read(array))> out;
  for (const json& value : array) out.push_back(read(value));
  return out;
}

double as_number(const json& value, std::string_view name, std::string_view key) {
  if (!value.is_number()) throw wrong(name, key, "must be a number, not ", value.type_name());
  return value.get<double>();
}

double as_energy(const json& value, std::string_view name, std::string_view key) {
  if (value.is_null() || value == "inf") return kInf;
  if (!value.is_number())
    throw wrong(name, key, "must be a number, or \"inf\" or null for what is forbidden, not ", value.dump());
  return value.get<double>();
}

int as_integer(const json& value, std::string_view name, std::string_view key, int low, int high) {
  if (!value.is_number_integer()) throw wrong(name, key, "must be a whole number, not ", value.dump());
  // Beyond 2^63 an unsigned value must not wrap into the range.
  const bool fits = value.is_number_unsigned() ? value.get<std::uint64_t>() <= std::uint64_t{1} << 62 : true;
  const auto number = fits ? value.get<std::int64_t>() : 0;
  if (!fits || number < low || number > high)
    throw wrong(name, key, "is ", value.dump(), ", it must be from ", low, " to ", high);
  return static_cast<int>(number);
}

std::string as_string(const json& value, std::string_view name, std::string_view key) {
  if (!value.is_string()) throw wrong(name, key, "must be a text, not ", value.type_name());
  return value.get<std::string>();
}

}  // namespace

JsonObject::JsonObject(std::string_view text, std::string_view name) : name_(name) {
  json value = parse_named(text, name);
  if (!value.is_object()) throw at_line(name, 1, "an object { .. } is needed, this is ", value.type_name());
  const auto whole = std::make_shared<const json>(std::move(value));
  value_ = std::make_shared<const Value>(Value{whole, *whole});
}

JsonObject::JsonObject(std::shared_ptr<const Value> value, std::string name)
    : value_(std::move(value)), name_(std::move(name)) {}

bool JsonObject::has(std::string_view key) const { return value_->object.contains(key); }

double JsonObject::number(std::string_view key, double low, double high) const {
  const double value = as_number(field(value_->object, name_, key), name_, key);
  if (!(value >= low && value <= high))
    throw wrong(name_, key, "is ", value, ", it must be from ", low, " to ", high);
  return value;
}

int JsonObject::integer(std::string_view key, int low, int high) const {
  return as_integer(field(value_->object, name_, key), name_, key, low, high);
}

std::uint64_t JsonObject::natural(std::string_view key) const {
  const json& value = field(value_->object, name_, key);
  if (!value.is_number_unsigned())
    throw wrong(name_, key, "must be a whole number from 0 to ", std::numeric_limits<std::uint64_t>::max(),
                ", not ", value.dump());
  return value.get<std::uint64_t>();
}

bool JsonObject::boolean(std::string_view key) const {
  const json& value = field(value_->object, name_, key);
  if (!value.is_boolean()) throw wrong(name_, key, "must be true or false, not ", value.type_name());
  return value.get<bool>();
}

std::string JsonObject::text(std::string_view key) const {
  return as_string(field(value_->object, name_, key), name_, key);
}

std::vector<double> JsonObject::numbers(std::string_view key) const {
  return each(field(value_->object, name_, key), name_, key,
              [&](const json& value) { return as_number(value, name_, key); });
}

double JsonObject::energy(std::string_view key) const {
  return as_energy(field(value_->object, name_, key), name_, key);
}

std::vector<double> JsonObject::energies(std::string_view key) const {
  return each(field(value_->object, name_, key), name_, key,
              [&](const json& value) { return as_energy(value, name_, key); });
}

std::vector<int> JsonObject::integers(std::string_view key, int low, int high) const {
  return each(field(value_->object, name_, key), name_, key,
              [&](const json& value) { return as_integer(value, name_, key, low, high); });
}

std::vector<std::string> JsonObject::texts(std::string_view key) const {
  return each(field(value_->object, name_, key), name_, key,
              [&](const json& value) { return as_string(value, name_, key); });
}

JsonObject JsonObject::object(std::string_view key) const {
  const json& value = field(value_->object, name_, key);
  if (!value.is_object()) throw wrong(name_, key, "must be an object { .. }, not ", value.type_name());
  return {std::make_shared<const Value>(Value{value_->whole, value}), message(name_, ": ", key)};
}

std::vector<JsonObject> JsonObject::objects(std::string_view key) const {
  int index = 0;
  return each(field(value_->object, name_, key), name_, key, [&](const json& value) {
    if (!value.is_object())
      throw wrong(name_, key, "must be a list of objects, entry ", index, " is ", value.type_name());
    return JsonObject(std::make_shared<const Value>(Value{value_->whole, value}),
                      message(name_, ": ", key, "[", index++, "]"));
  });
}

void JsonObject::only(std::initializer_list<std::string_view> keys) const {
  for (const auto& [key, value] : value_->object.items())
    if (std::ranges::find(keys, key) == keys.end()) {
      std::string known;
      for (const std::string_view k : keys) known += (known.empty() ? "" : ", ") + std::string(k);
      throw wrong(name_, key, "is unknown; the fields are: ", known);
    }
}

}  // namespace ebm::io
