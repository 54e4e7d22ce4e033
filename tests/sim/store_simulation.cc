#include "tests/sim/store_simulation.h"

#include <array>
#include <cstdio>

#include "libstore/message/system_flag.h"
#include "libstore/os/replace_file.h"
#include "tests/sim/failure.h"
#include "tests/sim/trouble.h"

namespace mqctl::sim {
namespace {

constexpr const char* kRoot = "/store";
constexpr const char* kConfig = "/store/config/topics.json";
constexpr int kSteps = 60;
// Index files of 3 or 10 slots fill up, and are one page. The entries of this many lie on pages of their own.
constexpr uint64_t kManySlots = 900;

uint64_t one_of(Random& random, std::initializer_list<uint64_t> values) {
  return *(values.begin() + random.below(values.size()));
}

StoreOptions options_for(Random& random) {
  StoreOptions options;
  options.root = kRoot;
  options.background = Background::kSteps;
  options.flush.mode = random.percent(60) ? FlushMode::kSync : FlushMode::kAsync;
  options.segment_bytes = one_of(random, {4096, 8192, 12288});
  options.consume_queue_segment_bytes = one_of(random, {5, 20, 100}) * ConsumeQueueUnit::kEncodedBytes;
  options.index = random.percent(80);
  const auto slots = static_cast<uint32_t>(one_of(random, {3, 3, 10, 10, kManySlots}));
  options.index_geometry = {.slots = slots, .entries = 4 * slots};  // as by default: a start must find it out
  options.limits.append_property_crc = false;
  return options;
}

std::string config_text(int version) {
  std::string text = "{\"version\":" + std::to_string(version) + ",";
  return text + "\"filler\":\"" + std::string(static_cast<size_t>(version * 37 % 3000), 'f') + "\"}";
}

}  // namespace

void StoreCounts::add(const StoreCounts& other) {
  puts += other.puts;
  cuts_of_power += other.cuts_of_power;
  kills += other.kills;
  cuts_in_recovery += other.cuts_in_recovery;
  faults += other.faults;
  refused_opens += other.refused_opens;
  failed_opens += other.failed_opens;
  flips += other.flips;
}

StoreSimulation::StoreSimulation(uint64_t seed, bool trace) : random_(seed), trace_(trace) {
  options_ = options_for(random_);
  disk_ = std::make_unique<SimulatedDisk>(random_.next());
  if (!trace) return;
  disk_->on_call([](uint64_t number, std::string_view call, const std::string& path) {
    std::fprintf(stderr, "%6d   %s %s\n", static_cast<int>(number), std::string(call).c_str(), path.c_str());
  });
}

template <class... Args>
void StoreSimulation::say(const char* format, Args... args) {
  if (!trace_) return;
  std::fprintf(stderr, "%6llu ", static_cast<unsigned long long>(disk_->calls()));
  std::fprintf(stderr, format, args...);  // NOLINT: the formats are ours
  std::fputc('\n', stderr);
}

StoreCounts StoreSimulation::run() {
  require(try_open().ok(), "an empty store does not open");
  if (random_.percent(15)) disk_->set_capacity(random_.below(200) * 1024 + 60 * 1024);
  for (int i = 0; i < kSteps; ++i) {
    step();
    if (disk_->cut()) restart();
  }
  finish();
  return counts_;
}

void StoreSimulation::step() {
  const int choice = random_.number(1, 100);
  if (choice <= 50) return put();
  if (choice <= 65) return store_->step(static_cast<DefaultMessageStore::Service>(random_.below(3)));
  if (choice <= 70) return clock_.advance_ms(random_.number(random_.percent(20) ? -100000 : 1, 100000));
  if (choice <= 73) return flush();
  if (choice <= 77) return checkpoint();
  if (choice <= 80) return delete_expired();
  if (choice <= 84) return write_config();
  if (choice <= 92) return arm();
  restart();
}

void StoreSimulation::put() {
  const int count = random_.percent(30) ? random_.number(2, 6) : 1;
  const std::string topic = random_.percent(70) ? "A" : "B";
  const int queue = random_.number(0, 1);
  const bool prepared = count == 1 && random_.percent(10);
  const uint64_t first = model_.size();
  for (int i = 0; i < count; ++i) model_.add(topic, queue, prepared, random_.below(random_.percent(10) ? 2500 : 400));
  std::vector<MessageDraft> drafts;
  for (uint64_t number = first; number < model_.size(); ++number) {
    const ModelMessage& message = model_.at(number);
    MessageDraft draft;
    draft.topic = message.topic;
    draft.queue_id = QueueId(queue);
    draft.sys_flag = prepared ? sys_flag::kPrepared : 0;
    draft.born = clock_.now();
    draft.born_host = draft.store_host = HostAddress::v4(127, 0, 0, 1, 10911);
    draft.body = as_bytes(message.body);
    draft.properties = message.properties;
    drafts.push_back(draft);
  }
  clock_.advance_ms(random_.number(1, 3));  // no index file fills up within a millisecond
  const PutMessageResult result = store_->put_messages(drafts);
  counts_.puts += static_cast<uint64_t>(count);
  settle_put(first, static_cast<uint64_t>(count), result);
}

void StoreSimulation::settle_put(uint64_t first, uint64_t count, const PutMessageResult& result) {
  const bool ok = result.status == PutMessageStatus::kPutOk;
  const bool appended = result.end.value() > 0;
  say("put %d from %d: %s %s at %lld", static_cast<int>(count), static_cast<int>(first),
      std::string(put_status_name(result.status)).c_str(), result.reason.c_str(),
      static_cast<long long>(result.offset.value()));
  Promise promise = appended ? Promise::kUnanswered : Promise::kRefused;
  if (ok) promise = options_.flush.mode == FlushMode::kSync ? Promise::kDurable : Promise::kAnswered;
  if (disk_->cut()) promise = Promise::kUnanswered;
  for (uint64_t i = first; i < first + count; ++i) model_.at(i).promise = promise;
  if (appended && !disk_->cut()) locate_run(first, count, result);
}

void StoreSimulation::locate_run(uint64_t first, uint64_t count, const PutMessageResult& result) {
  PhysicalOffset at = result.offset;
  for (uint64_t i = 0; i < count; ++i) {
    ModelMessage& message = model_.at(first + i);
    MessageView view;
    const Result<HeldBytes> held = store_->message_at(at, view);
    require(held.has_value() && as_text(view.body) == message.body, "message {} is not at the offset answered",
            first + i);
    message.offset = at.value();
    message.queue_offset = view.queue_offset.value();
    const int64_t expected = message.prepared ? 0 : result.queue_offset.value() + static_cast<int64_t>(i);
    require(message.queue_offset == expected, "message {} has another queue offset than answered", first + i);
    at += static_cast<int64_t>(view.record.size());
  }
}

void StoreSimulation::flush() {
  const Status status = store_->flush();
  say("flush: %s", status.to_string().c_str());
  if (status.ok() && !disk_->cut()) model_.all_durable();
}

void StoreSimulation::checkpoint() {
  const Status status = store_->checkpoint();
  say("checkpoint: %s", status.to_string().c_str());
  if (disk_->cut() || !random_.percent(30)) return;
  // What it says must be true at once, and all that it relies on be on disk.
  crash(Cut::kPower);
}

void StoreSimulation::delete_expired() {
  const MappedFile* last = store_->commit_log().files().last();
  if (last == nullptr) return;
  model_.allow_minimum(last->first_offset());
  const Result<int> deleted = store_->delete_expired_segments(EpochMs(INT64_MAX / 2), random_.number(1, 3));
  // The next pass, without the fault: until then a deletion may not be on disk.
  if (!deleted && !disk_->cut()) {
    disk_->repair();
    (void)store_->delete_expired_segments(EpochMs(INT64_MAX / 2), 1);
  }
  say("retention: %s", deleted ? std::to_string(*deleted).c_str() : deleted.error().to_string().c_str());
}

void StoreSimulation::write_config() {
  const Status made = disk_->create_directories("/store/config");
  const Status status = made.ok() ? replace_file(*disk_, kConfig, config_text(++config_last_), Backup::kKeepBak) : made;
  say("config %d: %s", config_last_, status.to_string().c_str());
  if (status.ok() && !disk_->cut()) config_safe_ = config_last_;
}

void StoreSimulation::check_config(Kept kept) {
  const Result<std::string> text = read_whole_file(*disk_, kConfig, 1 << 20);
  if (!text && text.error().code() == Errc::kNotFound)
    return require(config_safe_ == 0, "the configuration file is gone");
  require(text.has_value(), "the configuration file cannot be read");
  for (int version = config_safe_; version <= config_last_; ++version) {
    if (version == 0 || *text != config_text(version)) continue;
    if (kept == Kept::kDurable) config_safe_ = version;
    return;
  }
  throw Failure(fmt::format("the configuration file is none of versions {} to {}", config_safe_, config_last_));
}

// A start writes entries that a failed sync gave up again, byte for byte. A kernel syncs them then; the simulated disk
// takes a page that did not change for one that was not written, so nothing fails where entries have their own pages.
bool StoreSimulation::may_fail() const { return options_.index_geometry.slots != kManySlots; }

void StoreSimulation::arm() {
  if (random_.percent(60) || !may_fail()) {
    armed_ = cut_soon(*disk_, random_, 30);
    return say("a %s is near", *armed_ == Cut::kPower ? "power cut" : "kill");
  }
  fail_soon(*disk_, random_, 30);
  say("a fault is near");
}

void StoreSimulation::restart() {
  if (disk_->cut()) {
    const Cut cut = *armed_;
    store_.reset();
    counts_.faults += disk_->take_faults();
    disk_ = disk_->take_left();
    return restart_after(cut);
  }
  if (random_.percent(30)) return close_cleanly();
  crash(any_cut(random_));
}

void StoreSimulation::crash(Cut cut) {
  std::unique_ptr<SimulatedDisk> left = disk_->cut_now(cut);
  store_.reset();
  counts_.faults += disk_->take_faults();
  disk_ = std::move(left);
  restart_after(cut);
}

void StoreSimulation::restart_after(Cut cut) {
  say("%s", cut == Cut::kPower ? "power cut" : "kill");
  ++(cut == Cut::kPower ? counts_.cuts_of_power : counts_.kills);
  open(cut == Cut::kPower ? Kept::kDurable : Kept::kAnswered);
}

void StoreSimulation::close_cleanly() {
  const Status status = store_->shutdown();
  say("shutdown: %s", status.to_string().c_str());
  if (disk_->cut()) return restart();
  if (status.ok()) model_.all_durable();
  store_.reset();
  disk_->restart_process();
  if (random_.percent(10)) disk_->lose_tree("/store/consumequeue");  // somebody has them made again
  open(Kept::kAnswered);
}

Status StoreSimulation::try_open() {
  Result<std::unique_ptr<DefaultMessageStore>> opened = DefaultMessageStore::open(*disk_, clock_, options_);
  if (!opened) return std::move(opened).error();
  store_ = std::move(*opened);
  return {};
}

// Recovery may be cut, too, and again; every such cut may take what no sync brought to disk. A fault may end it.
void StoreSimulation::open(Kept kept) {
  bool power = kept == Kept::kDurable;
  counts_.faults += disk_->take_faults();
  for (int tries = 0;; ++tries) {
    std::optional<Cut> cut;
    if (tries < 3 && random_.percent(25)) cut = cut_soon(*disk_, random_, random_.percent(50) ? 60 : 240);
    if (tries < 3 && random_.percent(15) && may_fail()) fail_soon(*disk_, random_, random_.percent(50) ? 60 : 240);
    const Status status = try_open();
    say("open: %s", status.to_string().c_str());
    if (disk_->cut()) {
      store_.reset();
      disk_ = disk_->take_left();
      if (*cut == Cut::kPower) power = true;
      ++counts_.cuts_in_recovery;
      continue;
    }
    if (status.ok()) break;
    open_otherwise(status, power ? Kept::kDurable : Kept::kAnswered);
  }
  disk_->repair();
  options_.on_damage = OnDamage::kRefuse;
  armed_.reset();
  check_config(power ? Kept::kDurable : Kept::kAnswered);
  if (power) {
    model_.examine_after_power_cut(*store_);
  } else {
    model_.examine(*store_, Kept::kAnswered);
  }
}

// What whoever runs it does about a start that failed.
void StoreSimulation::open_otherwise(const Status& status, Kept kept) {
  disk_->repair();
  if (const uint64_t faults = disk_->take_faults(); faults > 0) {
    counts_.faults += faults;
    ++counts_.failed_opens;
    return disk_->restart_process();
  }
  if (status.code() == Errc::kNoSpace) return disk_->set_capacity(UINT64_MAX);  // makes room
  require(status.code() == Errc::kCorruption && options_.on_damage == OnDamage::kRefuse, "a start failed: {}",
          status.to_string());
  require(kept == Kept::kDurable, "no power was lost, and: {}", status.to_string());
  ++counts_.refused_opens;
  options_.on_damage = OnDamage::kTruncate;
}

// At the end the store is closed in order; verify must find nothing wrong with it.
void StoreSimulation::finish() {
  disk_->repair();
  close_cleanly();
  const std::optional<std::string> hole = disk_->written_hole();
  require(!hole, "a mapping was written where no block was taken: {}", hole.value_or(""));
  require(store_->shutdown().ok(), "the last stop failed");
  model_.all_durable();
  store_.reset();
  const Result<VerifyReport> report = verified();
  require(report.has_value() && report->complete, "verify failed");
  for (const Finding& finding : report->findings) {
    throw Failure(fmt::format("verify: {} {} at {}, log offset {}: {}", finding_name(finding.kind), finding.file,
                              finding.position, finding.offset ? finding.offset->value() : -1, finding.detail));
  }
  if (random_.percent(30)) flip_and_look();
}

Result<VerifyReport> StoreSimulation::verified() {
  const Result<StoreLocation> location = locate_store(*disk_, kRoot);
  if (!location) return location.error();
  VerifyOptions options;
  options.level = VerifyLevel::kIndex;
  return verify(*disk_, *location, options);
}

// A bit flips at rest: nothing crashes, one message may be lost for good, and then verify has said so.
void StoreSimulation::flip_and_look() {
  ++counts_.flips;
  say("a bit flips in %s", disk_->flip_bit_somewhere(random_).c_str());
  const Result<VerifyReport> report = verified();
  const bool found = !report || !report->complete || !report->findings.empty();
  options_.on_damage = OnDamage::kTruncate;
  const Status status = try_open();
  say("open with a flipped bit, which verify %s: %s", found ? "found" : "did not find", status.to_string().c_str());
  if (!status.ok()) return require(found, "a bit that verify did not find: {}", status.to_string());
  const uint64_t missing = model_.missing_from_queues(*store_);
  require(missing == 0 || found, "a bit that verify did not find took {} messages", missing);
  require(missing <= 1, "one bit took {} messages", missing);
}

}  // namespace mqctl::sim
