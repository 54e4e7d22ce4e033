// How the simulated broker ends and starts again.
#include <algorithm>

#include "tests/sim/broker_simulation.h"
#include "tests/sim/failure.h"
#include "tests/sim/trouble.h"

namespace mqctl::sim {
namespace {

const char* stop_name(Stop stop) {
  return stop == Stop::kClean ? "clean stop" : stop == Stop::kKill ? "kill" : "power cut";
}

}  // namespace

void BrokerSimulation::let_go_of_broker() {
  dated_disk_.on_stat([] {});
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
  broker_ = std::make_unique<BrokerController>(dated_disk_, clock_, log_, options_);
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
    start_otherwise(status, after);
    after = std::max(after, Stop::kKill);
  }
  dated_disk_.on_stat([this] { date_segments(); });
  disk_->repair();
  armed_.reset();
  // Without sync flush a power cut takes what was answered: an answer from before it, or a position, means nothing.
  if (after == Stop::kPower && !options_.config.sync_flush) {
    network_.drop_answers();
    for (const auto& producer : producers_) producer->forget();
    for (const auto& consumer : consumers_) consumer->forget();
  }
  examine(after);
}

// What whoever runs it does about a start that failed.
void BrokerSimulation::start_otherwise(const Status& status, Stop after) {
  broker_.reset();
  if (const uint64_t faults = disk_->take_faults(); faults > 0) {
    counts_.faults += faults;
    ++counts_.failed_opens;
    return disk_->restart_process();
  }
  require(status.code() == Errc::kCorruption && options_.on_damage == OnDamage::kRefuse, "a start failed: {}",
          status.to_string());
  // A gap with messages behind it is left where pages were never synced: a power cut alone takes them. With sync flush
  // none of those messages was answered; judge_places() holds that the cut takes no other.
  require(after == Stop::kPower, "a start was refused after a {}: {}", stop_name(after), status.to_string());
  ++counts_.refused_opens;
  options_.on_damage = OnDamage::kTruncate;
}

}  // namespace mqctl::sim
