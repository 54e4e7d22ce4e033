#include "libstore/store/config_json_parser.h"

#include <algorithm>
#include <numeric>
#include <utility>
#include <vector>

namespace mqctl {
namespace {

using Members = ConfigJson::object_t;

// Their places, sorted by name; those of one name as they came.
std::vector<size_t> places_by_name(const Members& members) {
  std::vector<size_t> places(members.size());
  std::iota(places.begin(), places.end(), size_t{0});
  std::sort(places.begin(), places.end(), [begin = members.begin()](size_t a, size_t b) {
    const int order = begin[static_cast<ptrdiff_t>(a)].first.compare(begin[static_cast<ptrdiff_t>(b)].first);
    return order != 0 ? order < 0 : a < b;
  });
  return places;
}

// Gives the last value of each name to the first member of that name, and discards those of the others.
bool discard_twins(Members& members) {
  auto first = members.end();
  bool any = false;
  for (const size_t place : places_by_name(members)) {
    const auto member = members.begin() + static_cast<ptrdiff_t>(place);
    if (first == members.end() || first->first != member->first) {
      first = member;
      continue;
    }
    first->second = std::move(member->second);
    member->second = ConfigJson(ConfigJson::value_t::discarded);
    any = true;
  }
  return any;
}

void unite_twins(Members& members) {
  const auto not_ascending = [](const auto& a, const auto& b) { return a.first >= b.first; };
  // The usual case: whoever wrote it went over a sorted map.
  if (std::adjacent_find(members.begin(), members.end(), not_ascending) == members.end()) return;
  if (!discard_twins(members)) return;
  Members kept;
  for (auto& [name, value] : members) {
    if (!value.is_discarded()) kept.emplace_back(name, std::move(value));
  }
  members.swap(kept);
}

// What the library's parser tells, made a tree. An object that is open may have a name twice. The signatures are the
// library's.
class Builder {
 public:
  ConfigJson take() { return std::move(root_); }

  bool null() { return add(nullptr); }
  bool boolean(bool value) { return add(value); }
  bool number_integer(int64_t value) { return add(value); }
  bool number_unsigned(uint64_t value) { return add(value); }
  bool number_float(double value, const std::string&) { return add(value); }
  bool string(std::string& value) { return add(std::move(value)); }
  bool binary(ConfigJson::binary_t&) { return false; }  // no text has any
  bool start_object(size_t) { return open(ConfigJson::object()); }
  bool start_array(size_t) { return open(ConfigJson::array()); }
  bool key(std::string& name) {
    name_ = std::move(name);
    return true;
  }
  bool end_object() {
    unite_twins(open_.back()->get_ref<Members&>());
    return end_array();
  }
  bool end_array() {
    open_.pop_back();
    return true;
  }
  bool parse_error(size_t, const std::string&, const ConfigJson::exception&) { return false; }

 private:
  bool add(ConfigJson value) {
    place(std::move(value));
    return true;
  }
  bool open(ConfigJson value) {
    open_.push_back(&place(std::move(value)));
    return true;
  }
  // Stays where it is as long as it is open: what it stands in does not grow meanwhile.
  ConfigJson& place(ConfigJson value) {
    if (open_.empty()) return root_ = std::move(value);
    ConfigJson& parent = *open_.back();
    if (parent.is_array()) return parent.get_ref<ConfigJson::array_t&>().emplace_back(std::move(value));
    return parent.get_ref<Members&>().emplace_back(std::move(name_), std::move(value)).second;
  }

  ConfigJson root_;
  std::vector<ConfigJson*> open_;
  std::string name_;  // of the next value, in an object
};

}  // namespace

ConfigJson parse_config_json(std::string_view text) {
  Builder builder;
  if (!ConfigJson::sax_parse(text, &builder)) return ConfigJson(ConfigJson::value_t::discarded);
  return builder.take();
}

}  // namespace mqctl
