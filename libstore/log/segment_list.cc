#include "libstore/log/segment_list.h"

#include <algorithm>
#include <cstring>
#include <map>
#include <optional>

#include "libstore/log/segment_name.h"
#include "libstore/message/record_layout.h"
#include "libstore/message/record_parser.h"

namespace mqctl {
namespace {

constexpr size_t kLoneSearchBytes = 8u << 20;  // how far a lone file is searched for its first record

std::string why_stray(const DirectoryEntry& entry) {
  if (entry.kind == FileKind::kDirectory) return "directory";
  if (entry.kind == FileKind::kOther) return "not a regular file";
  return "name is not a 20-digit offset";
}

Status add_directory(FileSystem& fs, const std::string& directory, SegmentList& list) {
  Result<std::vector<DirectoryEntry>> entries = fs.list(directory);
  if (!entries) return std::move(entries).error();
  for (const DirectoryEntry& entry : *entries) {
    const std::string path = join_path(directory, entry.name);
    const std::optional<int64_t> base = offset_of_segment_name(entry.name);
    if (!base || entry.kind != FileKind::kRegular) {
      list.strays.push_back({path, why_stray(entry)});
      continue;
    }
    Result<FileStat> stat = fs.stat(path);
    if (!stat && stat.error().code() == Errc::kNotFound) continue;  // expired under our eyes
    if (!stat) return std::move(stat).error();
    list.segments.push_back({path, entry.name, PhysicalOffset(*base), stat->size_bytes});
  }
  return {};
}

void drop_doubles(SegmentList& list) {
  std::stable_sort(list.segments.begin(), list.segments.end(),
                   [](const SegmentFile& a, const SegmentFile& b) { return a.base < b.base; });
  std::vector<SegmentFile> kept;
  for (SegmentFile& segment : list.segments) {
    if (!kept.empty() && kept.back().base == segment.base) {
      list.strays.push_back({segment.path, "same offset as " + kept.back().path});
    } else {
      kept.push_back(std::move(segment));
    }
  }
  list.segments = std::move(kept);
}

// The commonest among sizes and distances; of equals the one that is a file's size, then the larger.
uint64_t whole_segment_bytes(const std::vector<SegmentFile>& segments) {
  std::map<uint64_t, std::pair<size_t, size_t>> votes;  // value -> all votes, votes as a size
  for (size_t i = 0; i < segments.size(); ++i) {
    if (segments[i].size_bytes > 0) {
      ++votes[segments[i].size_bytes].first;
      ++votes[segments[i].size_bytes].second;
    }
    if (i > 0) ++votes[static_cast<uint64_t>(segments[i].base - segments[i - 1].base)].first;
  }
  uint64_t best = 0;
  for (const auto& [bytes, vote] : votes) {
    if (best == 0 || vote >= votes[best]) best = bytes;
  }
  return best;
}

// Where a file of a foreign name belongs, by the first record in it that is sound.
std::optional<PhysicalOffset> base_of_content(Bytes bytes) {
  const std::byte* from = bytes.data();
  const std::byte* const end = from + bytes.size();
  while (const void* found = std::memchr(from, 0xDA, static_cast<size_t>(end - from))) {
    const auto at = static_cast<size_t>(static_cast<const std::byte*>(found) - bytes.data());
    from = static_cast<const std::byte*>(found) + 1;
    if (at < RecordLayout::kMagicAt) continue;
    const size_t position = at - RecordLayout::kMagicAt;
    MessageView view;
    if (parse_record(bytes.subspan(position), CrcCheck::kBody, view) != RecordStatus::kRecord) continue;
    const int64_t offset = view.physical_offset.value();
    if (offset < static_cast<int64_t>(position) || offset > kGreatestSegmentBase) continue;
    return PhysicalOffset(offset - static_cast<int64_t>(position));
  }
  return std::nullopt;
}

Result<PhysicalOffset> base_of_file(FileSystem& fs, const std::string& path, uint64_t size_bytes) {
  if (const auto named = offset_of_segment_name(base_name(path))) return PhysicalOffset(*named);
  Result<std::unique_ptr<File>> file = fs.open(path, OpenMode::kRead);
  if (!file) return std::move(file).error();
  std::vector<std::byte> head(static_cast<size_t>(std::min<uint64_t>(size_bytes, kLoneSearchBytes)));
  Result<size_t> got = (*file)->read_at(0, head);
  if (!got) return std::move(got).error();
  if (const auto found = base_of_content(Bytes(head).first(*got))) return *found;
  return Status::error(Errc::kInvalidArgument, "not a commit-log segment: no record in it").at(path);
}

}  // namespace

PhysicalOffset SegmentList::min_offset() const { return segments.empty() ? PhysicalOffset(0) : segments.front().base; }

PhysicalOffset SegmentList::end_offset() const {
  if (segments.empty()) return PhysicalOffset(0);
  return segments.back().base + static_cast<int64_t>(segments.back().size_bytes);
}

const SegmentFile* SegmentList::find(PhysicalOffset offset) const {
  auto next = std::upper_bound(segments.begin(), segments.end(), offset,
                               [](PhysicalOffset at, const SegmentFile& s) { return at < s.base; });
  if (next == segments.begin()) return nullptr;
  const SegmentFile& candidate = *std::prev(next);
  const auto position = static_cast<uint64_t>(offset - candidate.base);
  return position < candidate.size_bytes ? &candidate : nullptr;
}

Result<SegmentList> list_segments(FileSystem& fs, const std::vector<std::string>& directories) {
  SegmentList list;
  for (const std::string& directory : directories) {
    if (Status status = add_directory(fs, directory, list); !status.ok()) return status;
  }
  drop_doubles(list);
  list.segment_bytes = whole_segment_bytes(list.segments);
  return list;
}

Result<SegmentList> lone_segment(FileSystem& fs, const std::string& path) {
  Result<FileStat> stat = fs.stat(path);
  if (!stat) return std::move(stat).error();
  if (stat->kind != FileKind::kRegular) {
    return Status::error(Errc::kInvalidArgument, "not a regular file").at(path);
  }
  Result<PhysicalOffset> base = base_of_file(fs, path, stat->size_bytes);
  if (!base) return std::move(base).error();
  SegmentList list;
  list.segments.push_back({path, base_name(path), *base, stat->size_bytes});
  list.segment_bytes = stat->size_bytes;
  return list;
}

}  // namespace mqctl
