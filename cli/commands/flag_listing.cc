#include "cli/commands/flag_listing.h"

#include <CLI/CLI.hpp>

namespace mqctl {
namespace {

// The parser puts what its checks say behind the name of the value.
std::string value_name(const CLI::Option& option) {
  if (option.get_items_expected_max() == 0) return {};
  const std::string name = option.get_type_name();
  return name.substr(0, name.find_first_of(": "));
}

FlagInfo describe(const CLI::Option& option) {
  FlagInfo flag;
  flag.positional = option.get_positional();
  flag.required = option.get_required();
  flag.description = option.get_description();
  flag.variable = option.get_envname();
  if (flag.positional) {
    flag.long_name = option.get_name(true);
    return flag;
  }
  if (!option.get_snames().empty()) flag.short_name = option.get_snames().front();
  if (!option.get_lnames().empty()) flag.long_name = option.get_lnames().front();
  flag.value = value_name(option);
  return flag;
}

}  // namespace

std::vector<std::string> FlagInfo::choices() const {
  std::vector<std::string> found;
  if (value.find('|') == value.npos) return found;
  size_t from = 0;
  while (from <= value.size()) {
    const size_t bar = std::min(value.find('|', from), value.size());
    found.push_back(value.substr(from, bar - from));
    from = bar + 1;
  }
  return found;
}

std::vector<FlagInfo> list_flags(const CLI::App& app) {
  std::vector<FlagInfo> flags;
  for (const CLI::Option* option : app.get_options()) {
    if (!option->get_group().empty()) flags.push_back(describe(*option));
  }
  return flags;
}

}  // namespace mqctl
