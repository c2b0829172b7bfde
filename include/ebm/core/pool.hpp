#pragma once
/// \file
/// One thread pool with one knob. Work is cut by the caller into pieces whose number depends on the data
/// alone, never on the threads: that is what makes results the same bits for any number of threads.

#include <cstddef>
#include <memory>
#include <type_traits>

namespace ebm {

/// Threads that parallel_for uses, the calling one included. 0 = all cores. Not to be called from inside one.
void set_threads(int count);
int threads();

namespace detail {
void parallel_for(std::size_t count, void (*call)(const void* body, std::size_t i), const void* body);
}

/// Calls body(i) for i in [0, count), each once, in any order, and returns when all are done. The first
/// exception thrown by a body is thrown again here. Calls may nest.
template <class Body>
void parallel_for(std::size_t count, const Body& body) {
  detail::parallel_for(
      count, [](const void* b, std::size_t i) { (*static_cast<const Body*>(b))(i); }, std::addressof(body));
}

}  // namespace ebm
