#include "cli/commands/append_feed.h"

#include <unistd.h>

#include <utility>

#include "cli/commands/append_message.h"
#include "cli/commands/append_record.h"
#include "cli/commands/line_reader.h"
#include "libstore/os/file_system.h"

namespace mqctl {
namespace {

// A record's line: its body with each byte escaped in six, or in base64, and the rest of it.
size_t longest_record_line(uint64_t max_body) { return static_cast<size_t>(6 * max_body + (1u << 20)); }

UniqueKeyGenerator make_keys(const FeedInput& input) {
  return {input.store_host, static_cast<uint32_t>(process_id()), static_cast<uint32_t>(input.clock.now().value())};
}

Bytes bytes_of(std::span<const char> text) { return as_bytes({text.data(), text.size()}); }

class Feeder {
 public:
  Feeder(const FeedInput& input, MessageSink& sink)
      : input_(input), options_(input.options), sink_(sink), keys_(make_keys(input)), lines_(reader_options()) {}

  FeedOutcome run() {
    Status fault = options_.input == InputForm::kJson ? feed_records() : feed_bodies();
    if (Status settled = sink_.settle(); fault.ok()) fault = std::move(settled);
    outcome_.status = std::move(fault);
    outcome_.bytes_read = lines_.bytes_read();
    return std::move(outcome_);
  }

 private:
  LineReader::Options reader_options() {
    const bool json = options_.input == InputForm::kJson;
    return {.fd = STDIN_FILENO,
            .longest_line = json ? longest_record_line(options_.max_body_bytes) : options_.max_body_bytes,
            .signals = &input_.signals,
            .before_read = [this] {
              if (input_.progress) input_.progress(lines_.bytes_read());
              return sink_.settle();
            }};
  }

  Status at_line(Status status) const {
    if (status.ok() || status.code() != Errc::kInvalidArgument) return status;
    return std::move(status).context("line " + std::to_string(lines_.line_number()));
  }

  Status feed_bodies() {
    Result<AppendMessages> messages = AppendMessages::create(options_, input_.store_host, keys_, input_.clock);
    if (!messages) return std::move(messages).error();
    if (options_.body) return put_body(*messages, as_bytes(*options_.body));
    if (options_.input == InputForm::kRaw) return feed_raw(*messages);
    std::span<char> line;
    for (;;) {
      Result<bool> more = lines_.next(line);
      if (!more) return at_line(std::move(more).error());
      if (!*more) return {};
      if (Status status = put_body(*messages, bytes_of(line)); !status.ok()) return at_line(std::move(status));
    }
  }

  Status feed_raw(AppendMessages& messages) {
    Result<std::span<char>> all = lines_.rest();
    if (!all) return std::move(all).error().context("standard input");
    return input_.signals.caught() != 0 ? Status() : put_body(messages, bytes_of(*all));
  }

  // Not for empty input: a topic without messages is nobody's wish.
  Status announce_topic() {
    if (announced_) return {};
    announced_ = true;
    return sink_.expect_topic(options_.topic, options_.queue ? queues_up_to(*options_.queue) : options_.queues);
  }

  Status put_body(AppendMessages& messages, Bytes body) {
    if (Status status = announce_topic(); !status.ok()) return status;
    for (int64_t i = 0; i < options_.count && input_.signals.caught() == 0; ++i) {
      if (Status status = sink_.put(messages.next(body)); !status.ok()) return status;
    }
    return {};
  }

  Status feed_records() {
    RecordReader reader({options_.topic, options_.born_host, input_.store_host}, keys_, input_.clock);
    QueuePicker queues(options_);
    MessageDraft draft;
    std::span<char> line;
    for (;;) {
      Result<bool> more = lines_.next(line);
      if (!more) return at_line(std::move(more).error());
      if (!*more) return {};
      Result<RecordLine> kind = reader.read(line, draft);
      if (!kind) return at_line(std::move(kind).error());
      if (*kind == RecordLine::kFinding) ++outcome_.findings_skipped;
      if (*kind != RecordLine::kMessage) continue;
      if (Status status = put_record(reader, queues, draft); !status.ok()) return at_line(std::move(status));
    }
  }

  Status put_record(RecordReader& reader, QueuePicker& queues, MessageDraft& draft) {
    for (int64_t i = 0; i < options_.count && input_.signals.caught() == 0; ++i) {
      if (i > 0) reader.again(draft);
      if (!reader.has_queue()) draft.queue_id = queues.next();
      if (Status status = sink_.put(draft); !status.ok()) return status;
    }
    return {};
  }

  const FeedInput& input_;
  const AppendOptions& options_;
  MessageSink& sink_;
  UniqueKeyGenerator keys_;
  LineReader lines_;
  FeedOutcome outcome_;
  bool announced_ = false;
};

}  // namespace

FeedOutcome feed_messages(const FeedInput& input, MessageSink& sink) { return Feeder(input, sink).run(); }

}  // namespace mqctl
