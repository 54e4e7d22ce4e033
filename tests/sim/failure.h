// What a simulation found wrong: thrown where it is seen, caught where the seed is known.
#pragma once

#include <fmt/format.h>

#include <stdexcept>

namespace mqctl::sim {

class Failure : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

template <class... Args>
void require(bool holds, fmt::format_string<Args...> what, Args&&... args) {
  if (!holds) throw Failure(fmt::format(what, std::forward<Args>(args)...));
}

}  // namespace mqctl::sim
