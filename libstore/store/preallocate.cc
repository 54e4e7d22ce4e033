#include "libstore/store/preallocate.h"

#include <algorithm>
#include <array>
#include <memory>
#include <utility>

#include "libstore/log/commit_log.h"
#include "libstore/log/mapped_file.h"
#include "libstore/log/segment_list.h"

namespace mqctl {
namespace {

constexpr uint64_t kWarmStep = 64u << 20;

Status refuse(Errc code, std::string why) { return Status::error(code, std::move(why)); }

Result<SegmentList> segments_of(FileSystem& fs, const std::string& directory) {
  Result<SegmentList> list = list_segments(fs, {directory});
  if (!list && list.error().code() == Errc::kNotFound) return SegmentList{};
  return list;
}

Status check_contiguous(const SegmentList& list) {
  PhysicalOffset expected = list.min_offset();
  for (const SegmentFile& segment : list.segments) {
    if (segment.base != expected) {
      return refuse(Errc::kCorruption, "does not follow the segment before it").at(segment.path);
    }
    if (segment.size_bytes != list.segment_bytes) {
      return refuse(Errc::kCorruption, "is " + std::to_string(segment.size_bytes) + " bytes long, not " +
                                           std::to_string(list.segment_bytes) + " like the others")
          .at(segment.path);
    }
    expected += static_cast<int64_t>(list.segment_bytes);
  }
  return {};
}

Result<uint64_t> size_to_make(const SegmentList& list, uint64_t wanted) {
  if (list.empty()) return wanted == 0 ? kDefaultSegmentBytes : wanted;
  if (wanted == 0 || wanted == list.segment_bytes) return list.segment_bytes;
  return refuse(Errc::kInvalidArgument, "the segments there are " + std::to_string(list.segment_bytes) +
                                            " bytes long; a log has segments of one size only");
}

// Of the directory, or where it is not there yet, of the one that will hold it.
Result<SpaceInfo> space_near(FileSystem& fs, std::string path) {
  while (!fs.stat(path) && parent_path(path) != path) path = parent_path(path);
  return fs.space(path);
}

Status check_space(const PreallocatePlan& plan, uint64_t reserve) {
  const uint64_t available = plan.space.available_bytes;
  const bool countable = plan.segments.size() <= UINT64_MAX / plan.segment_bytes;
  if (countable && plan.total_bytes() <= available && available - plan.total_bytes() >= reserve) return {};
  std::string why =
      std::to_string(plan.segments.size()) + " segments of " + std::to_string(plan.segment_bytes) + " bytes";
  if (reserve > 0) why += " and " + std::to_string(reserve) + " bytes to be left free";
  return refuse(Errc::kNoSpace, why + " do not fit in " + std::to_string(available) + " free bytes");
}

Status check_spares(int there, int wanted) {
  if (there + wanted <= kMostSpareSegments) return {};
  return refuse(Errc::kBusy, std::to_string(there + wanted) +
                                 " empty segments would lie behind the log's end; Apache 5.5.0 looks back at most " +
                                 std::to_string(kMostSpareSegments + 1) +
                                 " segments at start, would find no message there and drop the whole log");
}

Result<MadeSegment> make_one(FileSystem& fs, const SegmentToMake& segment, uint64_t size, bool warm) {
  const auto start = std::chrono::steady_clock::now();
  Result<std::unique_ptr<MappedFile>> file =
      MappedFile::create(fs, segment.path, segment.base.value(), size, Blocks::kWhole);
  if (!file) return std::move(file).error();
  for (uint64_t at = 0; warm && at < size; at += kWarmStep) (*file)->populate_ahead(at, kWarmStep);
  (*file)->shutdown();
  Result<FileStat> stat = fs.stat(segment.path);
  if (!stat) return std::move(stat).error();
  return MadeSegment{segment.path, size, stat->allocated_bytes, std::chrono::steady_clock::now() - start};
}

// The first failure is the one to tell; what cannot be removed is left for the user to see.
void remove_all(FileSystem& fs, const std::vector<std::string>& paths) {
  for (const std::string& path : paths) (void)fs.remove(path);
  if (!paths.empty()) (void)fs.sync_directory(parent_path(paths.front()));
}

}  // namespace

Result<int> count_spares(FileSystem& fs, const std::vector<SegmentFile>& segments) {
  int spares = 0;
  for (auto segment = segments.rbegin(); segment != segments.rend(); ++segment, ++spares) {
    Result<std::unique_ptr<File>> file = fs.open(segment->path, OpenMode::kRead);
    if (!file) return std::move(file).error();
    std::array<std::byte, kBlankBytes> head{};
    Result<size_t> got = (*file)->read_at(0, head);
    if (!got) return std::move(got).error();
    if (std::any_of(head.begin(), head.end(), [](std::byte b) { return b != std::byte{0}; })) break;
  }
  return spares;
}

Result<PreallocatePlan> plan_preallocation(FileSystem& fs, const PreallocateRequest& request) {
  const std::string directory = join_path(request.root, "commitlog");
  Result<SegmentList> list = segments_of(fs, directory);
  if (!list) return std::move(list).error();
  if (Status status = check_contiguous(*list); !status.ok()) return status;
  Result<uint64_t> size = size_to_make(*list, request.segment_bytes);
  if (!size) return std::move(size).error();
  Result<int> spares = count_spares(fs, list->segments);
  if (!spares) return std::move(spares).error();
  if (Status status = request.many ? Status() : check_spares(*spares, request.count); !status.ok()) return status;
  Result<SpaceInfo> space = space_near(fs, directory);
  if (!space) return std::move(space).error();

  PreallocatePlan plan;
  plan.segment_bytes = *size;
  plan.spares_there = *spares;
  plan.space = *space;
  const PhysicalOffset end = list->end_offset();
  if (*size > static_cast<uint64_t>(INT64_MAX - end.value()) / static_cast<uint64_t>(request.count)) {
    return refuse(Errc::kNoSpace, "the log's offsets would not fit in 64 bits");
  }
  for (int64_t i = 0; i < request.count; ++i) {
    const PhysicalOffset base = end + i * static_cast<int64_t>(*size);
    plan.segments.push_back({join_path(directory, offset_file_name(base.value())), base});
  }
  if (Status status = check_space(plan, request.reserve_bytes); !status.ok()) return status;
  return plan;
}

Status make_segments(FileSystem& fs, const PreallocatePlan& plan, bool warm,
                     const std::function<void(const MadeSegment&)>& made) {
  std::vector<std::string> done;
  for (const SegmentToMake& segment : plan.segments) {
    Result<MadeSegment> result = make_one(fs, segment, plan.segment_bytes, warm);
    if (!result) {
      remove_all(fs, done);
      return std::move(result).error();
    }
    done.push_back(segment.path);
    made(*result);
  }
  return {};
}

}  // namespace mqctl
