#include "tests/sim/broker_simulation.h"

#include <array>
#include <cstdio>

#include "libstore/log/log_walk.h"
#include "libstore/message/record_parser.h"
#include "libstore/store/verifier.h"
#include "tests/sim/failure.h"
#include "tests/sim/trouble.h"

namespace mqctl::sim {
namespace {

constexpr const char* kRoot = "/store";
constexpr int kTurns = 500;

uint64_t one_of(Random& random, std::initializer_list<uint64_t> values) {
  return *(values.begin() + random.below(values.size()));
}

}  // namespace

void BrokerCounts::add(const BrokerCounts& other) {
  messages += other.messages;
  answered += other.answered;
  unanswered += other.unanswered;
  retried += other.retried;
  checks += other.checks;
  pulled += other.pulled;
  power_cuts += other.power_cuts;
  kills += other.kills;
  cuts_in_recovery += other.cuts_in_recovery;
  faults += other.faults;
  refused_opens += other.refused_opens;
  failed_opens += other.failed_opens;
  stops += other.stops;
  lost_connections += other.lost_connections;
  client_crashes += other.client_crashes;
}

BrokerSimulation::BrokerSimulation(uint64_t seed, bool trace)
    : random_(seed),
      trace_(trace),
      log_({.least = trace ? LogLevel::kDebug : LogLevel::kNothing}),
      disk_(std::make_unique<SimulatedDisk>(random_.next())),
      network_(random_.next()),
      options_(options_for()),
      model_(options_.config.sync_flush) {
  const Dial dial = [this](ClientEnd::Asked asked, std::function<void()> gone) {
    return network_.connect(*broker_, *disk_, std::move(asked), std::move(gone));
  };
  for (const char* group : {"P1", "P2"})
    producers_.push_back(std::make_unique<SimulatedProducer>(group, model_, clock_, network_, dial, random_.next()));
  for (const char* group : {"C1", "C2"})
    consumers_.push_back(std::make_unique<SimulatedConsumer>(group, model_, clock_, network_, dial, random_.next(),
                                                             options_.config.sync_flush));
  if (!trace) return;
  disk_->on_call([](uint64_t number, std::string_view call, const std::string& path) {
    std::fprintf(stderr, "%6d   %s %s\n", static_cast<int>(number), std::string(call).c_str(), path.c_str());
  });
}

BrokerSimulation::~BrokerSimulation() { let_go_of_broker(); }

template <class... Args>
void BrokerSimulation::say(const char* format, Args... args) {
  if (!trace_) return;
  std::fprintf(stderr, "turn %d, %lld ms: ", static_cast<int>(model_.turn),
               static_cast<long long>(clock_.now() - EpochMs(1700000000000)));
  std::fprintf(stderr, format, args...);  // NOLINT: the formats are ours
  std::fputc('\n', stderr);
}

BrokerOptions BrokerSimulation::options_for() {
  BrokerOptions options;
  options.root = kRoot;
  options.store.background = Background::kSteps;
  options.store.limits.append_property_crc = true;  // else a torn record's properties may be anything
  options.store.index = random_.percent(80);
  const auto slots = static_cast<uint32_t>(one_of(random_, {3, 10}));
  options.store.index_geometry = {.slots = slots, .entries = 4 * slots};
  options.config.sync_flush = random_.percent(60);
  options.config.segment_bytes = static_cast<int64_t>(one_of(random_, {12288, 16384, 65536}));
  options.config.queue_segment_bytes =
      static_cast<int64_t>(one_of(random_, {20, 100}) * ConsumeQueueUnit::kEncodedBytes);
  options.config.delay_levels = "1s 5s 10s";
  options.config.transaction_check_interval_ms = random_.number(500, 5000);
  options.config.transaction_timeout_ms = random_.number(500, 5000);
  options.config.transaction_check_max = 1000;  // nobody is given up
  options.config.reserved_hours = 1000;
  return options;
}

BrokerCounts BrokerSimulation::run() {
  require(try_start().ok(), "a broker does not start on an empty disk");
  examine(Stop::kClean);
  for (int i = 0; i < kTurns; ++i) {
    turn();
    if (disk_->cut()) restart();
  }
  wind_up();
  finish();
  for (const auto& producer : producers_) {
    counts_.messages += producer->counts().sends;
    counts_.answered += producer->counts().answered;
    counts_.unanswered += producer->counts().unanswered;
    counts_.retried += producer->counts().retried;
    counts_.checks += producer->counts().transactions_asked_about;
  }
  for (const auto& consumer : consumers_) counts_.pulled += consumer->pulled();
  return counts_;
}

void BrokerSimulation::turn() {
  ++model_.turn;
  const int choice = random_.number(1, 1000);
  if (choice <= 450) return (void)network_.carry();
  if (choice <= 750) return client_turn();
  if (choice <= 850) return broker_turn();
  if (choice <= 960) return clock_.advance_ms(random_.number(1, random_.percent(20) ? 5000 : 200));
  trouble();
}

void BrokerSimulation::client_turn() {
  const uint64_t who = random_.below(producers_.size() + consumers_.size());
  if (who < producers_.size()) return producers_[who]->step();
  consumers_[who - producers_.size()]->step();
}

void BrokerSimulation::broker_turn() {
  if (random_.percent(50)) {
    return broker_->step(static_cast<BrokerController::Service>(random_.below(3)));
  }
  broker_->store().step(static_cast<DefaultMessageStore::Service>(random_.below(3)));
}

void BrokerSimulation::trouble() {
  const int choice = random_.number(1, 100);
  if (choice <= 35) {
    ++counts_.lost_connections;
    say("a connection is lost");
    return network_.lose_one();
  }
  if (choice <= 55) {
    ++counts_.client_crashes;
    say("a client crashes");
    const uint64_t who = random_.below(producers_.size() + consumers_.size());
    return who < producers_.size() ? producers_[who]->crash() : consumers_[who - producers_.size()]->crash();
  }
  if (choice <= 90) return arm();
  restart();
}

void BrokerSimulation::arm() {
  if (random_.percent(75)) {
    armed_ = cut_soon(*disk_, random_, 30);
    return say("a %s is near", *armed_ == Cut::kPower ? "power cut" : "kill");
  }
  fail_soon(*disk_, random_, 30);
  say("a fault is near");
}

void BrokerSimulation::let_go_of_broker() {
  network_.broker_died();
  broker_.reset();
}

void BrokerSimulation::restart() {
  std::unique_ptr<SimulatedDisk> left;
  Cut cut = armed_.value_or(Cut::kKill);
  if (disk_->cut()) {
    left = disk_->take_left();
  } else if (random_.percent(30)) {
    return stop_in_order();
  } else {
    cut = any_cut(random_);
    left = disk_->cut_now(cut);
  }
  let_go_of_broker();
  counts_.faults += disk_->take_faults();
  disk_ = std::move(left);
  restart_after(cut);
}

void BrokerSimulation::restart_after(Cut cut) {
  say("%s", cut == Cut::kPower ? "power cut" : "kill");
  ++(cut == Cut::kPower ? counts_.power_cuts : counts_.kills);
  start(cut == Cut::kPower ? Stop::kPower : Stop::kKill);
}

void BrokerSimulation::stop_in_order() {
  const Status status = broker_->shutdown();
  say("stop: %s", status.to_string().c_str());
  if (disk_->cut()) return restart();
  ++counts_.stops;
  let_go_of_broker();
  const uint64_t faults = disk_->take_faults();
  counts_.faults += faults;
  disk_->restart_process();
  start(status.ok() && faults == 0 ? Stop::kClean : Stop::kKill);
}

Status BrokerSimulation::try_start() {
  broker_ = std::make_unique<BrokerController>(*disk_, clock_, log_, options_);
  return broker_->start();
}

// The start may be cut, too, and again; every such cut may take what no sync brought to disk. A fault may end it.
void BrokerSimulation::start(Stop after) {
  options_.on_damage = OnDamage::kRefuse;
  for (int tries = 0;; ++tries) {
    Cut cut = Cut::kKill;
    if (tries < 3 && random_.percent(25)) cut = cut_soon(*disk_, random_, random_.percent(50) ? 80 : 300);
    if (tries < 3 && random_.percent(15)) fail_soon(*disk_, random_, random_.percent(50) ? 80 : 240);
    const Status status = try_start();
    say("start: %s", status.to_string().c_str());
    if (disk_->cut()) {
      std::unique_ptr<SimulatedDisk> left = disk_->take_left();
      broker_.reset();
      disk_ = std::move(left);
      after = cut == Cut::kPower ? Stop::kPower : std::max(after, Stop::kKill);
      ++counts_.cuts_in_recovery;
      continue;
    }
    if (status.ok()) break;
    start_otherwise(status);
    after = std::max(after, Stop::kKill);
  }
  disk_->repair();
  armed_.reset();
  // Without sync flush a power cut takes what was answered: an answer from before it, or a position, means nothing.
  if (after == Stop::kPower && !options_.config.sync_flush) {
    network_.drop_answers();
    for (const auto& consumer : consumers_) consumer->forget();
  }
  examine(after);
}

// What whoever runs it does about a start that failed.
void BrokerSimulation::start_otherwise(const Status& status) {
  broker_.reset();
  if (const uint64_t faults = disk_->take_faults(); faults > 0) {
    counts_.faults += faults;
    ++counts_.failed_opens;
    return disk_->restart_process();
  }
  require(status.code() == Errc::kCorruption && options_.on_damage == OnDamage::kRefuse, "a start failed: {}",
          status.to_string());
  ++counts_.refused_opens;
  options_.on_damage = OnDamage::kTruncate;
}

void BrokerSimulation::examine(Stop after) {
  broker_->store().await_dispatch(std::chrono::seconds(1));
  model_.begin_audit(after);
  read_log();
  model_.end_audit(broker_->store().max_offset().value());
  judge_queues();
  judge_offsets(after);
}

void BrokerSimulation::read_log() {
  const CommitLog& log = broker_->store().commit_log();
  if (log.files().first() == nullptr) return;
  const auto visit = [&](const MessageView& view) {
    model_.audit(view);
    return Status();
  };
  const Result<LogWalk> walk = walk_log(log.files(), log.min_offset(), CrcCheck::kBodyAndProperties, visit);
  require(walk.has_value() && walk->stopped_by.empty(), "the log is broken at {}: {}", walk ? walk->end.value() : -1,
          walk ? walk->stopped_by : walk.error().to_string());
}

void BrokerSimulation::judge_queues() {
  for (const auto& [key, expected] : model_.queues()) {
    const auto& [topic, queue] = key;
    const GetMessageResult got =
        broker_->store().get_message(topic, QueueId(queue), QueueOffset(0), INT32_MAX, SIZE_MAX);
    require(got.messages.size() == expected.size(), "queue {}/{} has {} messages, the log {}", topic, queue,
            got.messages.size(), expected.size());
    for (size_t i = 0; i < expected.size(); ++i) {
      MessageView view;
      const RecordStatus status = parse_record(got.messages[i].bytes(), CrcCheck::kBody, view);
      require(status == RecordStatus::kRecord && as_text(view.body) == model_.at(expected[i]).body,
              "queue {}/{} has another message at {} than message {}", topic, queue, i, expected[i]);
    }
  }
}

void BrokerSimulation::judge_offsets(Stop after) {
  const bool may_be_cut = after == Stop::kPower && !options_.config.sync_flush;
  for (const std::string& group : model_.groups()) {
    for (const char* topic : {"A", "B"}) {
      for (int32_t queue = 0; queue < 2; ++queue) {
        model_.commits(group, {topic, queue})
            .restarted(broker_->offsets().query(group, topic, queue), after == Stop::kClean, may_be_cut,
                       broker_->store().max_queue_offset(topic, QueueId(queue)).value());
      }
    }
  }
}

// No trouble any more, and everybody gets to the end of what he was about.
void BrokerSimulation::wind_up() {
  constexpr int kRounds = 3000;
  say("the chaos is over");
  armed_.reset();
  const uint64_t faults = disk_->take_faults();
  counts_.faults += faults;
  disk_->repair();
  if (faults > 0) stop_in_order();  // what a fault has closed opens with the next start
  for (const auto& producer : producers_) producer->wind_up();
  std::string why;
  for (int i = 0; i < kRounds; ++i) {
    ++model_.turn;
    clock_.advance_ms(100);
    for (int service = 0; service < 3; ++service) {
      broker_->store().step(static_cast<DefaultMessageStore::Service>(service));
      broker_->step(static_cast<BrokerController::Service>(service));
    }
    for (const auto& producer : producers_) producer->step();
    for (const auto& consumer : consumers_) consumer->step();
    while (network_.carry()) {
    }
    const bool sent = std::all_of(producers_.begin(), producers_.end(), [](const auto& p) { return p->finished(); });
    const std::optional<std::string> open = model_.unfinished();
    if (sent && !open) return;
    why = open.value_or("a producer waits for an answer");
  }
  throw Failure("five quiet minutes, and " + why);
}

// At the end the broker is stopped in order; the model and verify must find nothing wrong with what it leaves.
void BrokerSimulation::finish() {
  stop_in_order();
  require(broker_->shutdown().ok(), "the last stop failed");
  let_go_of_broker();
  const Result<StoreLocation> location = locate_store(*disk_, kRoot);
  require(location.has_value(), "the store cannot be located");
  VerifyOptions verify_options;
  verify_options.level = VerifyLevel::kIndex;
  const Result<VerifyReport> report = verify(*disk_, *location, verify_options);
  require(report.has_value() && report->complete, "verify failed");
  for (const Finding& finding : report->findings) {
    throw Failure(fmt::format("verify: {} {} at {}: {}", finding_name(finding.kind), finding.file, finding.position,
                              finding.detail));
  }
}

}  // namespace mqctl::sim
