#pragma once
/// \file
/// Where tensors live and kernels run. A value, never global state.

#include <string>
#include <string_view>

namespace ebm {

struct Device {
  enum class Kind { cpu, cuda };
  Kind kind = Kind::cpu;
  int index = 0;
  bool operator==(const Device&) const = default;
};

inline Device cpu() { return {}; }

/// The given GPU. \throws DeviceError at once, saying whether CUDA was not built or no device was found.
Device cuda(int index = 0);

/// How many GPUs this program can use; 0 without CUDA.
int cuda_devices();

/// "cpu", "cuda" or "cuda:1". \throws DeviceError for any other word, or for a device that is not there.
Device device(std::string_view name);

std::string to_string(const Device& device);

}  // namespace ebm
