/// \file
/// Any text as a configuration: read or refused, and so is each of its fields.

#include "ebm/io/json.hpp"
#include "ebm/core/error.hpp"

namespace {

template <class Call>
void try_it(const Call& call) {
  try {
    call();
  } catch (const ebm::FormatError&) {
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
  try_it([&] {
    const ebm::io::JsonObject object(ebm::io::as_text(std::as_bytes(std::span(data, size))), "input");
    try_it([&] { object.integer("a", 0, 10); });
    try_it([&] { object.number("a"); });
    try_it([&] { object.text("a"); });
    try_it([&] { object.numbers("a"); });
    try_it([&] { object.objects("a"); });
    try_it([&] { object.only({"a"}); });
  });
  return 0;
}
