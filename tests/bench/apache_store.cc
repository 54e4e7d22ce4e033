#include "tests/bench/apache_store.h"

#include <fmt/format.h>

#include <array>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <sstream>

namespace mqctl {
namespace {

constexpr const char* kSource = MQCTL_BENCH_SOURCE "/ApacheStore.java";
constexpr const char* kJvmOptions =
    "--add-opens=java.base/sun.nio.ch=ALL-UNNAMED --add-opens=java.base/java.nio=ALL-UNNAMED "
    "--add-opens=java.base/java.lang=ALL-UNNAMED --add-opens=java.base/jdk.internal.ref=ALL-UNNAMED "
    "--add-exports=java.base/jdk.internal.ref=ALL-UNNAMED --add-exports=java.base/sun.nio.ch=ALL-UNNAMED -Xmx1g";

// Apache's libraries log into the home directory unless told otherwise.
std::string quiet_logging() {
  const std::string path = work_directory() + "/logback.xml";
  std::ofstream(path) << "<configuration></configuration>\n";
  return "-Drmq.logback.configurationFile=" + path + " -Duser.home=" + work_directory();
}

}  // namespace

std::optional<std::string> output_of(const std::string& command) {
  FILE* const pipe = ::popen(command.c_str(), "r");
  if (pipe == nullptr) return std::nullopt;
  std::string text;
  std::array<char, 4096> room;
  while (const size_t got = std::fread(room.data(), 1, room.size(), pipe)) text.append(room.data(), got);
  return ::pclose(pipe) == 0 ? std::optional(text) : std::nullopt;
}

ApacheStore::ApacheStore(const BenchSetup& setup) {
  if (setup.genuine_script.empty() || !output_of("command -v java")) return;
  const auto directory = output_of(fmt::format("'{}' fetch {} 2>/dev/null", setup.genuine_script, kApacheVersion));
  if (directory) library_ = directory->substr(0, directory->find('\n'));
}

std::optional<std::map<std::string, std::vector<double>>> ApacheStore::run(
    const std::vector<std::string>& words) const {
  if (!there()) return std::nullopt;
  const auto text = output_of(fmt::format("java {} {} -cp '{}/*' '{}' {} 2>'{}/java.err'", kJvmOptions, quiet_logging(),
                                          library_, kSource, fmt::join(words, " "), work_directory()));
  if (!text) {
    std::fprintf(stderr, "mqctl_bench: Apache's store failed at: %s\n", words[0].c_str());
    (void)output_of(fmt::format("tail -n 5 '{}/java.err' >&2", work_directory()));
    return std::nullopt;
  }
  std::map<std::string, std::vector<double>> figures;
  std::istringstream lines(*text);
  for (std::string line; std::getline(lines, line);) {
    const size_t equals = line.find('=');
    if (equals != std::string::npos) figures[line.substr(0, equals)].push_back(std::atof(line.c_str() + equals + 1));
  }
  return figures;
}

std::optional<Sample> ApacheStore::figure(const std::vector<std::string>& words, const std::string& name,
                                          double factor) const {
  const auto figures = run(words);
  if (!figures || !figures->contains(name)) return std::nullopt;
  return scaled(figures->at(name), factor);
}

}  // namespace mqctl
