#include "libstore/store/lenient_json.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "libstore/os/replace_file.h"
#include "libstore/store/config_json_parser.h"

namespace mqctl {
namespace {

constexpr std::string_view kBlanks = " \t\r\n";

bool is_digit(char c) { return c >= '0' && c <= '9'; }

// One pass over the text, copying it; only the nesting and the strings are understood.
class KeyQuoter {
 public:
  explicit KeyQuoter(std::string_view text) : text_(text) { out_.reserve(text.size() + text.size() / 8); }

  Result<std::string> run() {
    while (at_ < text_.size()) {
      if (!step()) {
        return Status::error(Errc::kCorruption, "JSON nested deeper than " + std::to_string(kMaxJsonNesting));
      }
    }
    return std::move(out_);
  }

 private:
  bool step() {
    const char c = text_[at_];
    if (c == '"') {
      copy_string();
      return true;
    }
    copy(1);
    if (c == '{' || c == '[') {
      open_.push_back(c);
      if (open_.size() > static_cast<size_t>(kMaxJsonNesting)) return false;
    } else if ((c == '}' || c == ']') && !open_.empty()) {
      open_.pop_back();
    }
    const bool before_key = (c == '{' || c == ',') && !open_.empty() && open_.back() == '{';
    if (before_key) copy_integer_key();
    return true;
  }

  void copy(size_t count) {
    out_.append(text_.substr(at_, count));
    at_ += count;
  }

  void copy_string() {
    size_t end = at_ + 1;
    while (end < text_.size() && text_[end] != '"') end += text_[end] == '\\' ? 2u : 1u;
    copy(std::min(end + 1, text_.size()) - at_);
  }

  void copy_integer_key() {
    const size_t start = std::min(text_.find_first_not_of(kBlanks, at_), text_.size());
    copy(start - at_);
    size_t end = start;
    if (end < text_.size() && text_[end] == '-') ++end;
    while (end < text_.size() && is_digit(text_[end])) ++end;
    const size_t behind = text_.find_first_not_of(kBlanks, end);
    if (end == start || behind == std::string_view::npos || text_[behind] != ':') return;
    out_ += '"';
    copy(end - start);
    out_ += '"';
  }

  std::string_view text_;
  size_t at_ = 0;
  std::string out_;
  std::vector<char> open_;
};

Result<ConfigJson> load_one(FileSystem& fs, const std::string& path, bool (*usable)(const ConfigJson&)) {
  Result<std::string> text = read_whole_file(fs, path, kMaxConfigFileBytes);
  if (!text) return std::move(text).error();
  if (text->empty()) return Status::error(Errc::kNotFound, "is empty").at(path);
  Result<ConfigJson> json = parse_lenient_json(*text);
  if (!json) return std::move(json).error().at(path);
  if (!usable(*json)) return Status::error(Errc::kCorruption, "does not hold what a broker expects there").at(path);
  return json;
}

int64_t integer_member(const ConfigJson& json, const char* name) {
  const auto found = json.find(name);
  return found != json.end() && found->is_number_integer() ? found->get<int64_t>() : 0;
}

// Counter one up, the time, stateVersion kept.
void bump_data_version(ConfigJson& file, EpochMs now) {
  ConfigJson& version = file["dataVersion"];
  if (!version.is_object()) version = ConfigJson::object();
  version["counter"] = integer_member(version, "counter") + 1;
  version["stateVersion"] = integer_member(version, "stateVersion");
  version["timestamp"] = now.value();
}

}  // namespace

Result<std::string> quote_integer_keys(std::string_view text) { return KeyQuoter(text).run(); }

Result<ConfigJson> parse_lenient_json(std::string_view text) {
  Result<std::string> strict = quote_integer_keys(text);
  if (!strict) return std::move(strict).error();
  ConfigJson json = parse_config_json(*strict);
  if (json.is_discarded()) return Status::error(Errc::kCorruption, "is not JSON");
  return json;
}

std::string write_config_json(const ConfigJson& json) {
  return json.dump(1, '\t', /*ensure_ascii=*/false, ConfigJson::error_handler_t::replace);
}

Result<ConfigFile> load_config_file(FileSystem& fs, const std::string& path, bool (*usable)(const ConfigJson&)) {
  Result<ConfigJson> main = load_one(fs, path, usable);
  if (main) return ConfigFile{std::move(*main), false};
  const Errc why = main.error().code();
  if (why != Errc::kNotFound && why != Errc::kCorruption) return std::move(main).error();
  Result<ConfigJson> backup = load_one(fs, path + ".bak", usable);
  if (backup) return ConfigFile{std::move(*backup), true};
  // A broken backup beside no file at all is an error as well: a broker does not start over it.
  return why == Errc::kNotFound ? std::move(backup).error() : std::move(main).error();
}

Status save_config_file(FileSystem& fs, const std::string& path, ConfigFile& file, EpochMs now) {
  bump_data_version(file.json, now);
  if (Status status = fs.create_directories(parent_path(path)); !status.ok()) return status;
  const Backup backup = file.from_backup ? Backup::kNone : Backup::kKeepBak;
  return replace_file(fs, path, write_config_json(file.json), backup);
}

}  // namespace mqctl
