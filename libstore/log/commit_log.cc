#include "libstore/log/commit_log.h"

#include <algorithm>

#include "libstore/message/record_parser.h"
#include "libstore/message/system_flag.h"

namespace mqctl {
namespace {

uint64_t total_bytes(std::span<const EncodedMessage> run) {
  uint64_t total = 0;
  for (const EncodedMessage& message : run) total += message.size();
  return total;
}

MappedFileQueueOptions queue_options(const CommitLogOptions& options, AllocateMappedFileService* allocator) {
  return {.directories = options.directories,
          .read_only_directories = options.read_only_directories,
          .file_bytes = options.segment_bytes,
          .blocks = Blocks::kWhole,
          .allocator = allocator};
}

// Pages that are written through the file are not touched ahead in the mapping.
CommitLogOptions with_its_window(CommitLogOptions options) {
  if (options.flush.mode == FlushMode::kSync) options.allocate.populate_window_bytes = 0;
  return options;
}

}  // namespace

CommitLog::CommitLog(FileSystem& fs, const Clock& clock, CommitLogOptions options)
    : clock_(clock),
      options_(with_its_window(std::move(options))),
      allocator_(std::make_unique<AllocateMappedFileService>(fs, options_.allocate)),
      queue_(fs, queue_options(options_, allocator_.get())),
      put_lock_(make_put_message_lock(options_.put_lock)) {}

CommitLog::~CommitLog() {
  (void)shutdown();  // the owner that wants the answer has called it before
}

void CommitLog::start() { flush_ = std::make_unique<FlushService>(queue_, options_.flush); }

Result<AppendedRun> CommitLog::append(std::span<const EncodedMessage> run, QueueCursor& cursor) {
  const uint64_t bytes = total_bytes(run);
  if (bytes + kBlankBytes > options_.segment_bytes) {
    return Status::error(Errc::kInvalidArgument, std::to_string(bytes) + " bytes do not fit in a segment of " +
                                                     std::to_string(options_.segment_bytes));
  }
  PutLockGuard guard(*put_lock_);
  Result<MappedFile*> file = room_for(bytes);
  if (!file) return std::move(file).error();
  if (Status status = (*file)->reserve(bytes); !status.ok()) return status;

  AppendedRun done;
  done.stored = clock_.now();
  done.queue_offset = QueueOffset(cursor.next);
  done.offset = PhysicalOffset((*file)->first_offset() + static_cast<int64_t>((*file)->wrote_position()));
  if (Status status = through_file() ? write_run(run, done, **file, cursor) : copy_run(run, done, **file, cursor);
      !status.ok()) {
    cursor.next = done.queue_offset.value();
    return status;
  }
  done.end = done.offset + static_cast<int64_t>(bytes);
  look_ahead(**file);
  return done;
}

void CommitLog::encode_run(std::span<const EncodedMessage> run, const AppendedRun& place, std::byte* to,
                           QueueCursor& cursor) {
  PhysicalOffset at = place.offset;
  for (const EncodedMessage& message : run) {
    const bool queued = enters_consume_queue(message.draft().sys_flag);
    message.write_to(to, QueueOffset(queued ? cursor.next++ : 0), at, place.stored);
    to += message.size();
    at += static_cast<int64_t>(message.size());
  }
}

Status CommitLog::copy_run(std::span<const EncodedMessage> run, const AppendedRun& place, MappedFile& file,
                           QueueCursor& cursor) {
  encode_run(run, place, file.write_cursor(), cursor);
  file.publish(total_bytes(run));
  return {};
}

Status CommitLog::write_run(std::span<const EncodedMessage> run, const AppendedRun& place, MappedFile& file,
                            QueueCursor& cursor) {
  encoded_.resize(total_bytes(run));
  encode_run(run, place, encoded_.data(), cursor);
  return file.append_through_file(encoded_);
}

// A record and the 8 bytes of a blank behind it must fit; else the blank ends the segment here. Not before there is a
// segment to go on in: on a full disk the log would end with a blank that nothing follows.
Result<MappedFile*> CommitLog::room_for(uint64_t bytes) {
  Result<MappedFile*> file = queue_.writable(start_offset_);
  if (!file || bytes + kBlankBytes <= (*file)->room()) return file;
  const uint64_t left = (*file)->room();
  if (Status status = (*file)->reserve(kBlankBytes); !status.ok()) return status;
  Result<std::unique_ptr<MappedFile>> next = queue_.make_next();
  if (!next) return std::move(next).error();
  write_blank((*file)->write_cursor(), static_cast<uint32_t>(left));
  (*file)->publish(left);
  return queue_.add(std::move(*next));
}

// Keeps touched pages between half a window and a whole one ahead of the writer, and asks for the next segment when a
// quarter of this one is written: a store that takes one message makes one segment, not two.
void CommitLog::look_ahead(MappedFile& file) {
  const uint64_t position = file.wrote_position();
  const uint64_t window = options_.allocate.populate_window_bytes;
  if (touched_file_ != &file) {
    touched_file_ = &file;
    touched_until_ = position;
    next_prepared_ = false;
  }
  if (window > 0 && position + window / 2 >= touched_until_ && touched_until_ < file.size()) {
    allocator_->writer_at(file, touched_until_);
    touched_until_ += window;
  }
  if (!next_prepared_ && position >= file.size() / 4) {
    next_prepared_ = true;
    queue_.prepare_next();
  }
}

PhysicalOffset CommitLog::confirm_offset() const {
  return options_.flush.mode == FlushMode::kSync ? flushed_where() : max_offset();
}

HeldBytes CommitLog::data_from(PhysicalOffset offset) const {
  MappedFile* file = queue_.find(offset.value());
  if (file == nullptr || !file->hold()) return {};
  return {file, file->published(static_cast<uint64_t>(offset.value() - file->first_offset()))};
}

HeldBytes CommitLog::record_bytes(PhysicalOffset offset, size_t size) const {
  MappedFile* file = queue_.find(offset.value());
  if (file == nullptr || !file->hold()) return {};
  const Bytes data = file->published(static_cast<uint64_t>(offset.value() - file->first_offset()));
  HeldBytes held(file, data.first(std::min(size, data.size())));
  return held.bytes().size() == size ? std::move(held) : HeldBytes();
}

Result<HeldBytes> CommitLog::read(PhysicalOffset offset, MessageView& view) const {
  HeldBytes data = data_from(offset);
  if (!data || data.bytes().empty()) {
    return Status::error(Errc::kNotFound, "no message at commit-log offset " + std::to_string(offset.value()));
  }
  const RecordStatus status = parse_record(data.bytes(), CrcCheck::kNone, view);
  if (status == RecordStatus::kRecord && view.physical_offset == offset) return data;
  const std::string reason(status == RecordStatus::kRecord ? "another physical offset stands in it" : describe(status));
  return Status::error(Errc::kCorruption,
                       "no record at commit-log offset " + std::to_string(offset.value()) + ": " + reason)
      .at(data.file()->path(), static_cast<uint64_t>(offset.value() - data.file()->first_offset()));
}

Status CommitLog::shutdown() {
  Status outcome;
  if (flush_ != nullptr) outcome = flush_->shutdown();
  if (Status status = allocator_->shutdown(); outcome.ok()) outcome = status;
  return outcome;
}

}  // namespace mqctl
