// What `mqctl serve` does a second, asked over its port by a small client of our own.
#pragma once

#include <string>

namespace mqctl {

// Beside a genuine broker under the same load, where the script can start one.
void bench_serve(const std::string& mqctl, const std::string& genuine_script);

}  // namespace mqctl
