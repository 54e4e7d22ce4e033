// What `mqctl serve` does a second, asked over its port by a small client of our own.
#pragma once

#include <string>

namespace mqctl {

void bench_serve(const std::string& mqctl);

}  // namespace mqctl
