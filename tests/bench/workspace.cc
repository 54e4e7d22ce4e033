#include "tests/bench/workspace.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>

namespace mqctl {

const std::string& work_directory() {
  static const std::string path = [] {
    const char* base = std::getenv("TMPDIR");
    std::string name = std::string(base == nullptr ? "/tmp" : base) + "/mqctl-bench-XXXXXX";
    if (::mkdtemp(name.data()) == nullptr) fail("mkdtemp");
    return name;
  }();
  return path;
}

void remove_all(const std::string& path) {
  std::error_code ignored;
  std::filesystem::remove_all(path, ignored);
}

void clean_up() { remove_all(work_directory()); }

void fail(const char* what) {
  std::perror(what);
  std::exit(3);
}

void check(const Status& status) {
  if (status.ok()) return;
  std::fprintf(stderr, "mqctl_bench: %s\n", status.to_string().c_str());
  std::exit(3);
}

void warm_memory(size_t bytes) {
  void* const pages = ::mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (pages == MAP_FAILED) return;
  (void)::madvise(pages, bytes, MADV_HUGEPAGE);
  std::memset(pages, 1, bytes);
  ::munmap(pages, bytes);
}

double seconds_of(const std::function<void()>& work) {
  const auto start = std::chrono::steady_clock::now();
  work();
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

std::vector<double> timed_runs(int runs, const std::function<void()>& prepare, const std::function<void()>& work) {
  std::vector<double> times;
  for (int i = 0; i < runs; ++i) {
    prepare();
    times.push_back(seconds_of(work));
  }
  return times;
}

Sample rates(const std::vector<double>& seconds, double amount) {
  std::vector<double> values(seconds.size());
  std::transform(seconds.begin(), seconds.end(), values.begin(), [&](double one) { return amount / one; });
  return sample_of(std::move(values));
}

Sample scaled(const std::vector<double>& seconds, double factor) {
  std::vector<double> values(seconds.size());
  std::transform(seconds.begin(), seconds.end(), values.begin(), [&](double one) { return one * factor; });
  return sample_of(std::move(values));
}

double run_program(const std::vector<std::string>& words, const std::string& input, const std::string& output) {
  std::vector<char*> argv;
  for (const std::string& word : words) argv.push_back(const_cast<char*>(word.c_str()));
  argv.push_back(nullptr);
  int status = 0;
  const double seconds = seconds_of([&] {
    const pid_t pid = ::vfork();
    if (pid == 0) {
      ::dup2(::open(input.c_str(), O_RDONLY), STDIN_FILENO);
      ::dup2(::open(output.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0644), STDOUT_FILENO);
      ::execv(argv[0], argv.data());
      ::_exit(127);
    }
    ::waitpid(pid, &status, 0);
  });
  if (WIFEXITED(status) && WEXITSTATUS(status) <= 1) return seconds;
  std::fprintf(stderr, "mqctl_bench: %s failed\n", words[0].c_str());
  std::exit(3);
}

}  // namespace mqctl
