#include "tests/sim/broker_simulation.h"

#include <algorithm>

#include "cli/broker/topic_validator.h"
#include "tests/sim/failure.h"
#include "tests/sim/trouble.h"

namespace mqctl::sim {
namespace {

constexpr const char* kRoot = "/store";
constexpr int kTurns = 500;
constexpr int kHourMs = 3600 * 1000;

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
  given_up += other.given_up;
  segments_deleted += other.segments_deleted;
  sent_on += other.sent_on;
  deletions += other.deletions;
}

BrokerSimulation::BrokerSimulation(uint64_t seed, bool trace)
    : random_(seed),
      trace_(trace),
      log_({.least = trace ? LogLevel::kDebug : LogLevel::kNothing}),
      gives_up_(random_.percent(40)),
      retains_(random_.percent(40)),
      deletes_(random_.percent(30)),
      disk_(std::make_unique<SimulatedDisk>(random_.next())),
      network_(random_.next()),
      options_(options_for()),
      model_(rules()) {
  const Dial dial = [this](ClientEnd::Asked asked, std::function<void()> gone) {
    return network_.connect(*broker_, *disk_, std::move(asked), std::move(gone));
  };
  const ProducerHabits habits{.deleted_percent = deletes_ ? 25 : 0, .silent_percent = gives_up_ ? 40 : 0};
  for (const char* group : {"P1", "P2"})
    producers_.push_back(
        std::make_unique<SimulatedProducer>(group, model_, clock_, network_, dial, random_.next(), habits));
  for (const char* group : {"C1", "C2"})
    consumers_.push_back(std::make_unique<SimulatedConsumer>(group, model_, clock_, network_, dial, random_.next(),
                                                             options_.config.sync_flush, queues()));
  admin_ = std::make_unique<SimulatedAdmin>(model_, dial, random_.next());
  if (!trace) return;
  disk_->on_call([](uint64_t number, std::string_view call, const std::string& path) {
    std::fprintf(stderr, "%6d   %s %s\n", static_cast<int>(number), std::string(call).c_str(), path.c_str());
  });
}

BrokerSimulation::~BrokerSimulation() { let_go_of_broker(); }

BrokerOptions BrokerSimulation::options_for() {
  BrokerOptions options;
  options.root = kRoot;
  options.store.background = Background::kSteps;
  options.store.limits.append_property_crc = true;  // else a torn record's properties may be anything
  options.store.index = random_.percent(80);
  const auto slots = static_cast<uint32_t>(one_of(random_, {3, 10}));
  options.store.index_geometry = {.slots = slots, .entries = 4 * slots};
  options.config.sync_flush = random_.percent(60);
  options.config.segment_bytes = retains_ ? static_cast<int64_t>(one_of(random_, {4096, 8192, 12288}))
                                          : static_cast<int64_t>(one_of(random_, {12288, 16384, 65536}));
  options.config.queue_segment_bytes =
      static_cast<int64_t>(one_of(random_, {20, 100}) * ConsumeQueueUnit::kEncodedBytes);
  options.config.delay_levels = "1s 5s 10s";
  const int longest = gives_up_ ? 2000 : 5000;
  options.config.transaction_check_interval_ms = random_.number(500, longest);
  options.config.transaction_timeout_ms = random_.number(500, longest);
  options.config.transaction_check_max = gives_up_ ? random_.number(1, 3) : 1000;
  options.config.reserved_hours = retains_ ? 1 : 1000;
  for (int hour = 0; hour < 24; ++hour) options.config.delete_when += ";" + std::to_string(hour);
  return options;
}

BrokerRules BrokerSimulation::rules() const {
  return {.sync_flush = options_.config.sync_flush,
          .check_max = options_.config.transaction_check_max,
          .transaction_timeout_ms = options_.config.transaction_timeout_ms,
          .reserved_ms = int64_t{options_.config.reserved_hours} * kHourMs,
          .segment_bytes = options_.config.segment_bytes};
}

std::vector<QueueKey> BrokerSimulation::queues() const {
  std::vector<QueueKey> queues{{"A", 0}, {"A", 1}, {"B", 0}, {"B", 1}};
  if (gives_up_ || retains_) queues.emplace_back(topic_name::kCheckMaxTime, 0);
  for (int32_t queue = 0; deletes_ && queue < 2; ++queue) queues.emplace_back(kDeletedTopic, queue);
  return queues;
}

BrokerCounts BrokerSimulation::run() {
  require(try_start().ok(), "a broker does not start on an empty disk");
  dated_disk_.on_stat([this] { date_segments(); });
  examine(Stop::kClean);
  for (int i = 0; i < kTurns; ++i) {
    turn();
    if (disk_->cut()) restart();
    watch_log();
  }
  wind_up();
  finish();
  count_clients();
  counts_.given_up = model_.given_up();
  return counts_;
}

void BrokerSimulation::count_clients() {
  for (const auto& producer : producers_) {
    counts_.messages += producer->counts().sends;
    counts_.answered += producer->counts().answered;
    counts_.unanswered += producer->counts().unanswered;
    counts_.retried += producer->counts().retried;
    counts_.checks += producer->counts().transactions_asked_about;
  }
  for (const auto& consumer : consumers_) {
    counts_.pulled += consumer->pulled();
    counts_.sent_on += consumer->times_sent_on();
  }
  counts_.deletions = admin_->deletions();
}

void BrokerSimulation::turn() {
  ++model_.turn;
  if (retains_ && random_.percent(2)) return let_hours_pass();
  const int choice = random_.number(1, 1000);
  if (choice <= 450) return (void)network_.carry();
  if (choice <= 750) return client_turn();
  if (choice <= 850) return broker_turn();
  if (choice <= 960) return clock_.advance_ms(random_.number(1, random_.percent(20) ? 5000 : 200));
  trouble();
}

// The cleaning mostly comes before the clients have caught up.
void BrokerSimulation::let_hours_pass() {
  clock_.advance_ms(random_.number(kHourMs / 2, kHourMs * 3 / 2));
  say("time has passed");
  if (random_.percent(70)) broker_->step(BrokerController::Service::kTimed);
}

void BrokerSimulation::client_turn() {
  if (deletes_ && random_.percent(15)) return admin_->step();
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
    watch_log();
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

}  // namespace mqctl::sim
