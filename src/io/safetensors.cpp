#include "ebm/io/safetensors.hpp"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>
#include <limits>
#include <set>

#include "format_error.hpp"
#include "json_text.hpp"

namespace ebm::io {
namespace {

static_assert(std::endian::native == std::endian::little, "safetensors files are little-endian");
using nlohmann::json;
constexpr std::size_t kLength = 8;               // bytes of the header's length
constexpr std::size_t kHeaderMax = 100'000'000;  // of the format
constexpr const char* kMetadata = "__metadata__";
constexpr const char* kRealType = sizeof(Real) == 4 ? "F32" : "F64";

/// What the header says of one tensor; [begin, end) counts from the first number.
struct Entry {
  std::string name;
  Shape shape;
  std::size_t width = 0, begin = 0, end = 0;  ///< width: bytes of a number
};

struct Header {
  Metadata metadata;
  std::vector<Entry> entries;
  std::size_t data = 0;  ///< offset of the first number in the file
};

/// Reads the header and throws, at its offset, for whatever is not as it should be.
class HeaderReader {
 public:
  HeaderReader(std::span<const std::byte> bytes, std::string_view name) : bytes_(bytes), name_(name) {}

  Header read() {
    Header out;
    const json header = parse();
    out.data = kLength + length_;
    for (const auto& [key, value] : header.items()) {
      if (key == kMetadata)
        out.metadata = metadata(value);
      else
        out.entries.push_back(entry(key, value));
    }
    check_layout(out.entries);
    return out;
  }

 private:
  template <class... Parts>
  FormatError wrong(std::string_view tensor, const Parts&... parts) const {
    return at_offset(name_, kLength, "tensor '", tensor, "': ", parts...);
  }

  json parse() {
    if (bytes_.size() < kLength)
      throw at_offset(name_, 0, "a safetensors file begins with 8 bytes, ", bytes_.size(), " are there");
    std::uint64_t length = 0;
    std::memcpy(&length, bytes_.data(), kLength);
    if (length > bytes_.size() - kLength || length > kHeaderMax)
      throw at_offset(name_, 0, "the safetensors header says that it has ", length, " bytes, ",
                      bytes_.size() - kLength, " follow");
    length_ = static_cast<std::size_t>(length);
    const std::string_view text = as_text(bytes_.subspan(kLength, length_));
    if (!text.starts_with('{')) throw at_offset(name_, kLength, "the safetensors header must begin with '{'");
    try {
      return parse_json(text);
    } catch (const JsonFault& fault) {
      throw at_offset(name_, kLength + fault.offset, "the safetensors header is no valid JSON: ", fault.what);
    }
  }

  Metadata metadata(const json& value) const {
    if (!value.is_object()) throw wrong(kMetadata, "the metadata must be an object of texts");
    Metadata out;
    for (const auto& [key, text] : value.items()) {
      if (!text.is_string()) throw wrong(kMetadata, "'", key, "' must be a text, not ", text.type_name());
      out.emplace(key, text.get<std::string>());
    }
    return out;
  }

  static bool is_list_of_sizes(const json& value) {
    return value.is_array() &&
           std::ranges::all_of(value, [](const json& v) { return v.is_number_unsigned(); });
  }

  Entry entry(const std::string& name, const json& value) const {
    if (!value.is_object() || value.size() != 3 || !value.contains("dtype") || !value.contains("shape") ||
        !value.contains("data_offsets"))
      throw wrong(name, "exactly dtype, shape and data_offsets are needed");
    const json &dtype = value["dtype"], &shape = value["shape"], &offsets = value["data_offsets"];
    if (dtype != "F32" && dtype != "F64")
      throw wrong(name, "the type is ", dtype.dump(), ", F32 or F64 is needed");
    if (!is_list_of_sizes(shape) || shape.size() > Shape::kMaxRank)
      throw wrong(name, "the shape must be a list of at most ", Shape::kMaxRank, " sizes");
    if (!is_list_of_sizes(offsets) || offsets.size() != 2)
      throw wrong(name, "data_offsets must be two offsets, begin and end");

    Entry out{name,
              {},
              dtype == "F32" ? sizeof(float) : sizeof(double),
              offsets[0].get<std::size_t>(),
              offsets[1].get<std::size_t>()};
    const std::size_t data = bytes_.size() - kLength - length_;
    if (out.begin > out.end || out.end > data)
      throw wrong(name, "the offsets ", out.begin, " to ", out.end, " do not lie in the ", data,
                  " bytes of data");
    std::vector<int> sizes;
    for (const json& size : shape) {
      if (size.get<std::uint64_t>() > static_cast<std::uint64_t>(std::numeric_limits<int>::max()))
        throw wrong(name, "the size ", size.dump(), " is too large");
      sizes.push_back(size.get<int>());
    }
    // The product stops where it passes what is there, so that it cannot wrap.
    // A product that would pass what is there is not formed, so it cannot wrap.
    const std::size_t there = (out.end - out.begin) / out.width;
    std::size_t count = std::ranges::find(sizes, 0) == sizes.end() ? 1 : 0;
    for (const auto size : sizes) {
      if (count > 0 && count > there / static_cast<std::size_t>(size))
        throw wrong(name, "the shape ", shape.dump(), " asks for more than its ", out.end - out.begin,
                    " bytes");
      count *= static_cast<std::size_t>(size);
    }
    if (count * out.width != out.end - out.begin)
      throw wrong(name, "the shape ", shape.dump(), " asks for ", count * out.width,
                  " bytes, the offsets give ", out.end - out.begin);
    out.shape = Shape(sizes);
    return out;
  }

  /// The tensors must lie one behind the other and fill the data: nothing shared, nothing hidden.
  void check_layout(std::vector<Entry>& entries) const {
    std::ranges::sort(entries, {}, [](const Entry& e) { return std::pair(e.begin, e.end); });
    std::size_t at = 0;
    for (const Entry& e : entries) {
      if (e.begin != at)
        throw at_offset(name_, kLength + length_ + std::min(at, e.begin), "tensor '", e.name, "' ",
                        e.begin < at ? "overlaps the one before it" : "leaves a hole before it");
      at = e.end;
    }
    if (const std::size_t data = bytes_.size() - kLength - length_; at != data)
      throw at_offset(name_, kLength + length_ + at, data - at, " bytes belong to no tensor");
  }

  std::span<const std::byte> bytes_;
  std::string_view name_;
  std::size_t length_ = 0;
};

template <class Stored>
void copy_numbers(std::span<const std::byte> bytes, std::span<Real> out, std::string_view name,
                  const Entry& e, std::size_t offset) {
  for (std::size_t i = 0; i < out.size(); ++i) {
    Stored value;
    std::memcpy(&value, bytes.data() + i * sizeof(Stored), sizeof(Stored));
    if (std::isfinite(value) && std::abs(value) > static_cast<Stored>(std::numeric_limits<float>::max()) &&
        sizeof(Real) < sizeof(Stored))
      throw at_offset(name, offset + i * sizeof(Stored), "tensor '", e.name, "': ", value,
                      " is too large for a float; use a double build");
    out[i] = static_cast<Real>(value);
  }
}

}  // namespace

inline namespace EBM_PRECISION {

Bytes encode_safetensors(std::span<const NamedView> tensors, const Metadata& metadata) {
  nlohmann::ordered_json header = nlohmann::ordered_json::object();
  if (!metadata.empty()) header[kMetadata] = metadata;
  std::set<std::string_view> names{kMetadata};
  std::size_t data = 0;
  for (const auto& [name, view] : tensors) {
    if (!names.insert(name).second)
      throw DataError(
          message("[safetensors] there are two tensors named '", name, "', or the name is reserved"));
    const std::size_t end = data + view.size() * sizeof(Real);
    header[name] = {{"dtype", kRealType}, {"shape", view.shape.sizes()}, {"data_offsets", {data, end}}};
    data = end;
  }
  std::string text;
  try {
    text = header.dump();
  } catch (const json::exception& e) {
    throw DataError(message("[safetensors] a name or a text of the metadata is no UTF-8: ", e.what()));
  }
  text.resize((text.size() + 7) / 8 * 8, ' ');  // so that the numbers are aligned
  Bytes out(kLength + text.size() + data);
  const std::uint64_t length = text.size();
  std::memcpy(out.data(), &length, kLength);
  auto to = std::ranges::copy(as_bytes(text), out.begin() + kLength).out;
  for (const NamedView& tensor : tensors) to = std::ranges::copy(std::as_bytes(tensor.view.span()), to).out;
  return out;
}

void write_safetensors(const std::filesystem::path& path, std::span<const NamedView> tensors,
                       const Metadata& metadata) {
  write_file(path, encode_safetensors(tensors, metadata));
}

Weights decode_safetensors(std::span<const std::byte> bytes, std::string_view name) {
  Header header = HeaderReader(bytes, name).read();
  Weights out;
  out.metadata = std::move(header.metadata);
  for (const Entry& e : header.entries) {
    Tensor tensor(e.shape);
    const auto numbers = bytes.subspan(header.data + e.begin, e.end - e.begin);
    if (e.width == sizeof(float))
      copy_numbers<float>(numbers, tensor.span(), name, e, header.data + e.begin);
    else
      copy_numbers<double>(numbers, tensor.span(), name, e, header.data + e.begin);
    out.tensors.emplace(e.name, std::move(tensor));
  }
  return out;
}

Weights read_safetensors(const std::filesystem::path& path) {
  return decode_safetensors(read_regular_file(path), path.string());
}

}  // namespace EBM_PRECISION
}  // namespace ebm::io
