// What every benchmark stands on: a directory of its own, time, runs, programs. What goes wrong ends the program.
#pragma once

#include <chrono>
#include <functional>
#include <string>
#include <vector>

#include "libstore/base/result.h"
#include "tests/bench/report.h"

namespace mqctl {

inline constexpr int kRuns = 5;

struct BenchSetup {
  std::string mqctl;           // the program; without it what needs it is left out
  std::string genuine_script;  // starts a released Apache broker; without it, or without java, Apache is not run
};

// Removed with everything in it when the program ends.
const std::string& work_directory();
void remove_all(const std::string& path);
void clean_up();

void fail(const char* what);
void check(const Status& status);
template <typename T>
T value_of(Result<T> result) {
  check(result ? Status() : result.error());
  return std::move(*result);
}

// A virtual machine that hands freed memory back to its host gets each page anew from there, at a hundred times the
// price: what the host does would be measured then. Memory that was in use a moment ago is the guest's own.
void warm_memory(size_t bytes = size_t{1536} << 20);

double seconds_of(const std::function<void()>& work);
// Seconds of each of `runs` runs of `work`, `prepare` before each and not counted.
std::vector<double> timed_runs(int runs, const std::function<void()>& prepare, const std::function<void()>& work);
// How much of `amount` a second, from such times.
Sample rates(const std::vector<double>& seconds, double amount);
Sample scaled(const std::vector<double>& seconds, double factor);

// The program to its end; status 0 or 1 (findings) is well.
double run_program(const std::vector<std::string>& words, const std::string& input = "/dev/null",
                   const std::string& output = "/dev/null");

}  // namespace mqctl
