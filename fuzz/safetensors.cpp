/// \file
/// Any bytes as safetensors: read or refused; what is read is written and read again.

#include "ebm/io/safetensors.hpp"
#include "ebm/core/error.hpp"

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
  try {
    const auto weights = ebm::io::decode_safetensors(std::as_bytes(std::span(data, size)), "input");
    std::vector<ebm::io::NamedView> views;
    for (const auto& [name, tensor] : weights.tensors) views.push_back({name, tensor});
    const auto again =
        ebm::io::decode_safetensors(ebm::io::encode_safetensors(views, weights.metadata), "again");
    if (again.metadata != weights.metadata || again.tensors.size() != weights.tensors.size())
      __builtin_trap();
  } catch (const ebm::FormatError&) {
  }
  return 0;
}
