// FlagListing: the flags of a command, read off the parser: for help, man pages and completions.
#pragma once

#include <string>
#include <vector>

namespace CLI {
class App;
}

namespace mqctl {

struct FlagInfo {
  std::string short_name;  // "t"; may be empty
  std::string long_name;   // "topic"
  std::string value;       // "TOPIC"; empty for a switch; "a|b|c" where only these are allowed
  std::string description;
  std::string variable;  // "MQCTL_TOPIC"; empty where the environment has no say
  bool positional = false;
  bool required = false;

  std::vector<std::string> choices() const;  // of a value "a|b|c"
};
std::vector<FlagInfo> list_flags(const CLI::App& app);

}  // namespace mqctl
