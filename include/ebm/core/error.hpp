#pragma once
/// \file
/// Every exception the library throws. A message is one sentence: `[room] what happened, where, what to do`.

#include <sstream>
#include <stdexcept>
#include <string>
#include <utility>

namespace ebm {

/// Base of all of ours; catch this at the edge of a program.
struct Error : std::runtime_error {
  using std::runtime_error::runtime_error;
};

struct ShapeError : Error {
  using Error::Error;
};  ///< sizes that do not fit each other
struct GraphError : Error {
  using Error::Error;
};  ///< a graph, lattice or query that makes no sense
struct DeviceError : Error {
  using Error::Error;
};  ///< a device that is absent or wrong
struct NumberError : Error {
  using Error::Error;
};  ///< NaN where an energy or a gradient should be

/// Input that cannot be used: a file that lies, a label that the grammar refuses. Exit code 3 of the command.
struct DataError : Error {
  using Error::Error;
};

/// A file that is not what it says, with the place: "FILE:LINE: ..." or "FILE: offset N: ...".
struct FormatError : DataError {
  using DataError::DataError;
};

/// Builds a message from its parts, as a stream would.
template <class... Parts>
std::string message(Parts&&... parts) {
  std::ostringstream out;
  (out << ... << std::forward<Parts>(parts));
  return std::move(out).str();
}

}  // namespace ebm
