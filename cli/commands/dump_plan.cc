#include "cli/commands/dump_plan.h"

#include <algorithm>

#include "cli/commands/queue_walk.h"
#include "libstore/index/index_reader.h"
#include "libstore/log/segment_search.h"
#include "libstore/message/message_id.h"
#include "libstore/message/record_parser.h"

namespace mqctl {
namespace {

using Source = std::unique_ptr<RecordSource>;

// None where the segment does not begin with a record, or cannot be read.
std::optional<int64_t> first_store_time(FileSystem& fs, const SegmentFile& segment) {
  Result<SegmentReader> reader = SegmentReader::open(fs, segment);
  if (!reader) return std::nullopt;
  MessageView message;
  Result<RecordStatus> status = parse_record_at(*reader, 0, CrcCheck::kNone, message);
  if (!status || *status != RecordStatus::kRecord) return std::nullopt;
  return message.stored.value();
}

LogRange intersection(LogRange a, const LogRange& b) {
  a.begin = std::max(a.begin, b.begin);
  a.end = std::min(a.end, b.end);
  return a;
}

class Planner {
 public:
  Planner(FileSystem& fs, const StoreLocation& location, const DumpOptions& options, const PlanHooks& hooks)
      : fs_(fs), location_(location), options_(options), hooks_(hooks) {}

  Result<Source> plan() {
    LogRange range;
    if (options_.positions) {
      range.begin = PhysicalOffset(std::max<int64_t>(0, options_.positions->begin));
      range.end = PhysicalOffset(options_.positions->end);
    }
    if (options_.time) {
      Result<LogRange> narrowed = narrow_by_time(fs_, location_.segments, *options_.time, range);
      if (!narrowed) return std::move(narrowed).error();
      range = *narrowed;
    }
    if (options_.follow) return follow(range);
    if (std::optional<PhysicalOffset> place = place_of_message_id()) {
      return whole({{*place, *place + 1, true}});
    }
    if (!options_.use_index || !location_.has_root()) return whole({range});
    if (options_.queue_offsets && options_.topic) return by_queues(range);
    if (!options_.reverse && options_.topic && (!options_.keys.empty() || !options_.unique_key.empty()))
      return by_keys(range);
    return whole({range});
  }

 private:
  SourceFiles files() const { return {fs_, location_.segments, hooks_.on_unreadable}; }
  // A writer that ended well has entered everything into queues and index.
  bool complete() const { return !location_.abort_file && !location_.locked; }

  Source ranged(const LogRange& range) const {
    return options_.reverse ? reverse_source(files(), range) : forward_source(files(), range);
  }

  Source whole(std::vector<LogRange> ranges) const {
    if (options_.reverse) std::reverse(ranges.begin(), ranges.end());
    std::vector<Source> sources;
    for (const LogRange& range : ranges) {
      if (range.begin < range.end) sources.push_back(ranged(range));
    }
    return chain_sources(std::move(sources));
  }

  Source follow(const LogRange& range) const {
    const StoreLocation& location = location_;
    FileSystem& fs = fs_;
    const auto list = [&location, &fs] {
      return location.kind == LocationKind::kSegmentFile ? lone_segment(fs, location.segments.segments.front().path)
                                                         : list_segments(fs, location.commit_log_directories);
    };
    return following_source(fs, {list, hooks_.wait}, range);
  }

  // An offset id says where its message is; 32 digits may as well be a unique key, so it is looked at.
  std::optional<PhysicalOffset> place_of_message_id() const {
    const std::optional<OffsetMessageId> id = parse_offset_message_id(options_.message_id);
    const SegmentFile* segment = id ? location_.segments.find(id->physical_offset) : nullptr;
    if (segment == nullptr) return std::nullopt;
    Result<SegmentReader> reader = SegmentReader::open(fs_, *segment);
    if (!reader) return std::nullopt;
    MessageView message;
    const auto position = static_cast<uint64_t>(id->physical_offset - segment->base);
    Result<RecordStatus> status = parse_record_at(*reader, position, CrcCheck::kNone, message);
    const bool there = status && *status == RecordStatus::kRecord && message.physical_offset == id->physical_offset &&
                       message.store_host == id->store_host;
    return there ? std::optional(id->physical_offset) : std::nullopt;
  }

  Result<Source> by_queues(const LogRange& range) const {
    Result<QueueWalk> opened =
        QueueWalk::open(fs_, location_.consume_queue_directory(), *options_.topic, options_.queue,
                        *options_.queue_offsets, location_.segments.min_offset());
    if (!opened) {
      hooks_.explain("reading the whole log: " + opened.error().to_string());
      return whole({range});
    }
    const PhysicalOffset unknown = complete() ? PhysicalOffset(INT64_MAX) : opened->unknown_from();
    if (options_.reverse) {
      LogRange hull{opened->first_place(), opened->last_place() + 1, true};
      if (unknown < PhysicalOffset(INT64_MAX)) hull = {std::min(hull.begin, unknown), PhysicalOffset(INT64_MAX), true};
      return whole({intersection(hull, range)});
    }
    hooks_.explain("places out of the consume queues of " + *options_.topic);
    const auto walk = std::make_shared<QueueWalk>(std::move(*opened));
    PlaceFeed feed = [walk, unknown]() -> Result<std::optional<PhysicalOffset>> {
      Result<std::optional<PhysicalOffset>> place = walk->next();
      if (place && *place && **place >= unknown) return std::optional<PhysicalOffset>();
      return place;
    };
    return with_rest(place_source(files(), std::move(feed)), {},
                     intersection({unknown, PhysicalOffset(INT64_MAX), true}, range));
  }

  // What lies before and behind the places that an index knows is read.
  Result<Source> with_rest(Source places, LogRange before, const LogRange& behind) const {
    std::vector<Source> sources;
    if (before.begin < before.end && before.end < PhysicalOffset(INT64_MAX))
      sources.push_back(forward_source(files(), before));
    sources.push_back(std::move(places));
    if (behind.begin < behind.end) sources.push_back(forward_source(files(), behind));
    return chain_sources(std::move(sources));
  }

  struct Covered {
    LogRange range;
    bool known = false;
  };
  Covered covered_by_index() const {
    Result<IndexListing> listing = list_index_files(fs_, location_.index_directory());
    if (!listing || listing->paths.empty()) return {};
    Result<IndexReader> first = IndexReader::open(fs_, listing->paths.front());
    Result<IndexReader> last = IndexReader::open(fs_, listing->paths.back());
    if (!first || !last) return {};
    return {{first->header().begin_offset, last->header().end_offset, true}, true};
  }

  Result<Source> by_keys(const LogRange& range) const {
    const Covered covered = covered_by_index();
    const bool crashed = location_.abort_file && !location_.locked;
    if (!covered.known || crashed) {
      hooks_.explain(crashed ? "reading the whole log: the key index may be incomplete after a crash"
                             : "reading the whole log: there is no key index");
      return whole({range});
    }
    Result<std::vector<PhysicalOffset>> places = query_keys(covered.range.end);
    if (!places) return std::move(places).error();
    hooks_.explain("places out of the key index");
    const auto queue = std::make_shared<std::vector<PhysicalOffset>>(std::move(*places));
    PlaceFeed feed = [queue, at = size_t{0}]() mutable -> Result<std::optional<PhysicalOffset>> {
      return at < queue->size() ? std::optional((*queue)[at++]) : std::optional<PhysicalOffset>();
    };
    const LogRange behind = complete() ? LogRange{covered.range.end, covered.range.end + 1, true}
                                       : LogRange{covered.range.end, PhysicalOffset(INT64_MAX), true};
    return with_rest(place_source(files(), std::move(feed)),
                     intersection({PhysicalOffset(0), covered.range.begin, false}, range), intersection(behind, range));
  }

  // In log order, each once, those from `end` on left out.
  Result<std::vector<PhysicalOffset>> query_keys(PhysicalOffset end) const {
    std::vector<std::string> keys = options_.keys;
    if (!options_.unique_key.empty()) keys = {options_.unique_key};
    std::vector<PhysicalOffset> places;
    for (const std::string& key : keys) {
      Result<std::vector<PhysicalOffset>> found =
          query_index(fs_, location_.index_directory(), {.topic = *options_.topic, .key = key, .max = SIZE_MAX});
      if (!found) return found;
      places.insert(places.end(), found->begin(), found->end());
    }
    std::sort(places.begin(), places.end());
    places.erase(std::unique(places.begin(), places.end()), places.end());
    places.erase(std::lower_bound(places.begin(), places.end(), end), places.end());
    return places;
  }

  FileSystem& fs_;
  const StoreLocation& location_;
  const DumpOptions& options_;
  const PlanHooks& hooks_;
};

}  // namespace

Result<LogRange> narrow_by_time(FileSystem& fs, const SegmentList& list, const NumberRange& time, LogRange range) {
  std::optional<PhysicalOffset> begin;
  PhysicalOffset end = range.end;
  for (const SegmentFile& segment : list.segments) {
    const std::optional<int64_t> first = first_store_time(fs, segment);
    if (!first) {
      end = range.end;
      continue;
    }
    // All before this segment is at most as young as its first record.
    if (*first < time.begin) begin = segment.base;
    if (*first >= time.end && end == range.end) end = std::min(range.end, segment.base);
    if (*first < time.end) end = range.end;
  }
  if (begin && *begin > range.begin) range.begin = *begin;
  range.end = end;
  return range;
}

Result<std::unique_ptr<RecordSource>> plan_source(FileSystem& fs, const StoreLocation& location,
                                                  const DumpOptions& options, const PlanHooks& hooks) {
  return Planner(fs, location, options, hooks).plan();
}

}  // namespace mqctl
