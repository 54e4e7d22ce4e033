#include "cli/commands/dump_run.h"

#include "cli/commands/dump_plan.h"
#include "cli/commands/record_filter.h"
#include "cli/output/record_format.h"

namespace mqctl {
namespace {

using std::chrono::steady_clock;

constexpr std::chrono::milliseconds kLookAgain{50};

class DumpRun {
 public:
  DumpRun(const DumpOptions& options, Console& console, const StopSignals& signals)
      : options_(options), console_(console), signals_(signals), body_(options.body) {
    look_ = {options.zone, console.colour_out(), console.terminal_out()};
    if (options.timeout) deadline_ = steady_clock::now() + *options.timeout;
  }

  DumpOutcome run() {
    outcome_.status = prepare();
    if (outcome_.status.ok()) outcome_.status = show_all();
    return std::move(outcome_);
  }

 private:
  Status prepare() {
    if (options_.format) {
      Result<RecordFormat> format = RecordFormat::parse(*options_.format);
      if (!format) return std::move(format).error();
      format_.emplace(std::move(*format));
    }
    Result<RecordFilter> filter = RecordFilter::create(options_);
    if (!filter) return std::move(filter).error();
    filter_.emplace(std::move(*filter));
    return {};
  }

  Status show_all() {
    Result<StoreLocation> location = locate_store(posix_file_system(), options_.location);
    if (!location) return could_not(std::move(location).error());
    for (const ForeignPart part : location->foreign) explain(std::string(foreign_name(part)) + ": not read");
    for (const StrayFile& stray : location->segments.strays) explain(stray.path + ": passed over, " + stray.reason);
    total_bytes_ = 0;
    for (const SegmentFile& segment : location->segments.segments) total_bytes_ += segment.size_bytes;
    PlanHooks hooks{.on_unreadable = nullptr,
                    .wait = [this] { return wait(); },
                    .explain = [this](std::string_view line) { explain(line); }};
    if (options_.keep_going) {
      hooks.on_unreadable = [this](const Status& status) {
        console_.error(status);
        outcome_.unreadable = true;
      };
    }
    Result<std::unique_ptr<RecordSource>> source = plan_source(posix_file_system(), *location, options_, hooks);
    return source ? show_from(**source) : could_not(std::move(source).error());
  }

  Status show_from(RecordSource& source) {
    SourceEvent event;
    while (signals_.caught() == 0 && wanted_ && outcome_.shown < options_.count.value_or(UINT64_MAX)) {
      Result<bool> more = source.next(event);
      if (!more) return could_not(std::move(more).error());
      if (!*more) break;
      read_bytes_ += event.length;
      console_.progress().update(read_bytes_, total_bytes_);
      if (!event.damage.empty()) show_damage(event);
      const bool show = event.message != nullptr && (event.damage.empty() || options_.keep_going);
      if (show) show_record(event);
    }
    return {};
  }

  // What a LOCATION is, is no matter of flags.
  static Status could_not(Status status) {
    if (status.code() != Errc::kInvalidArgument) return status;
    Status other = Status::error(Errc::kUnsupported, status.message());
    return status.path().empty() ? other : std::move(other).at(status.path());
  }

  void show_record(const SourceEvent& event) {
    if (!filter_->accepts(*event.message, event.offset)) return;
    body_.read(*event.message);
    if (filter_->asks_for_body() && !filter_->accepts_body(body_.whole())) return;
    ++outcome_.shown;
    if (options_.quiet) return;
    std::string& out = console_.out().buffer();
    const ShownRecord record{*event.message, event.offset, event.file, event.crc_ok};
    if (format_) {
      format_->append(out, record, body_, look_);
    } else if (options_.form == DumpForm::kJson) {
      append_record_json(out, record, body_, options_.zone);
    } else if (options_.form == DumpForm::kRaw) {
      out += body_.shown();
    } else {
      append_record_line(out, record, body_, look_);
    }
    wanted_ = console_.out().written();
  }

  void show_damage(const SourceEvent& event) {
    if (options_.quiet) return;
    const ShownDamage damage{event.damage, event.offset, event.length, event.file, event.detail};
    if (options_.form == DumpForm::kJson && !format_) {
      append_damage_json(console_.out().buffer(), damage);
      wanted_ = console_.out().written();
      return;
    }
    console_.warning(std::string(event.damage) + " at commit-log offset " + std::to_string(event.offset.value()) +
                     " (" + std::string(event.file) + "), " + std::to_string(event.length) +
                     " bytes: " + std::string(event.detail));
  }

  void explain(std::string_view line) const {
    if (options_.verbose) console_.note(line);
  }

  // Between two looks at the end of the log; what there was has been shown by then.
  bool wait() {
    wanted_ = console_.out().flush();
    outcome_.timed_out = deadline_ && steady_clock::now() >= *deadline_;
    return wanted_ && !outcome_.timed_out && signals_.sleep(kLookAgain);
  }

  const DumpOptions& options_;
  Console& console_;
  const StopSignals& signals_;
  BodyReader body_;
  TextLook look_;
  std::optional<RecordFormat> format_;
  std::optional<RecordFilter> filter_;
  std::optional<steady_clock::time_point> deadline_;
  uint64_t read_bytes_ = 0, total_bytes_ = 0;
  bool wanted_ = true;  // somebody still reads
  DumpOutcome outcome_;
};

}  // namespace

DumpOutcome run_dump(const DumpOptions& options, Console& console, const StopSignals& signals) {
  return DumpRun(options, console, signals).run();
}

}  // namespace mqctl
