// The groups of the benchmarks, each a part of the table.
#pragma once

#include "tests/bench/report.h"
#include "tests/bench/workspace.h"

namespace mqctl {

void bench_put(const BenchSetup& setup, Report& report);    // puts through the library, and their latency
void bench_scan(const BenchSetup& setup, Report& report);   // scan, verify, dump, append, queries
void bench_start(const BenchSetup& setup, Report& report);  // process start, recovery, rebuilding, preallocation
void bench_serve(const BenchSetup& setup, Report& report);  // the broker under load

}  // namespace mqctl
