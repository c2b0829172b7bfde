#include "ebm/core/device.hpp"

#include <charconv>

#include "ebm/core/error.hpp"

namespace ebm {

int cuda_devices() { return 0; }

Device cuda(int) {
  throw DeviceError(
      "[device] this build has no CUDA support, so there is no GPU to run on; use --device cpu, or cpu() in "
      "code");
}

Device device(std::string_view name) {
  if (name == "cpu") return cpu();
  if (name == "cuda") return cuda();
  if (name.starts_with("cuda:")) {
    const std::string_view number = name.substr(5);
    int index = 0;
    const auto [end, code] = std::from_chars(number.data(), number.data() + number.size(), index);
    if (code == std::errc{} && end == number.data() + number.size() && index >= 0) return cuda(index);
  }
  throw DeviceError(message("[device] '", name, "' is no device; write cpu, cuda or cuda:N"));
}

std::string to_string(const Device& device) {
  if (device.kind == Device::Kind::cpu) return "cpu";
  return device.index == 0 ? "cuda" : "cuda:" + std::to_string(device.index);
}

}  // namespace ebm
