// BrokerController: what it does by the clock, and how it is configured while it runs.
#include <algorithm>
#include <cmath>

#include "cli/broker/broker_controller.h"
#include "cli/broker/schedule_message_service.h"
#include "cli/broker/transactional_message_service.h"

namespace mqctl {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds kScanClients{10000};
constexpr milliseconds kSampleStats{10000};

}  // namespace

RetentionOptions retention_options(const BrokerConfig& config) {
  RetentionOptions retention;
  if (Result<std::vector<int>> hours = parse_delete_when(config.delete_when)) retention.delete_when_hours = *hours;
  retention.reserved = std::chrono::hours(config.reserved_hours);
  retention.max_used_ratio = config.disk_max_used_percent / 100.0;
  retention.clean_forcibly = config.clean_forcibly;
  return retention;
}

Result<bool> BrokerController::set_config(std::string_view key, std::string_view value) {
  constexpr size_t kMostChanges = 10000;
  MutexLock lock(config_mutex_);
  BrokerConfig changed = config();
  Result<bool> known = change_broker_config(changed, key, value);
  if (!known || !*known || broker_config_entries(changed) == broker_config_entries(config())) return known;
  if (configs_.size() == kMostChanges)
    return Status::error(Errc::kUnsupported, "the configuration has changed too often since the broker started");
  configs_.push_back(std::make_unique<const BrokerConfig>(std::move(changed)));
  config_.store(configs_.back().get(), std::memory_order_release);
  retention_->change(retention_options(config()));
  return known;
}

void BrokerController::add_services() {
  // As configured at the time, which may change, but never without pause.
  const auto configured = [this](int32_t BrokerConfig::*interval) {
    return [this, interval] { return milliseconds(std::max(100, config().*interval)); };
  };
  services_.every(configured(&BrokerConfig::offset_flush_interval_ms), [this] {
    persist_groups();
    persist_offsets();
  });
  services_.every(configured(&BrokerConfig::delay_offset_flush_interval_ms), [this] {
    if (Status status = schedule_->persist(); !status.ok()) log_.error("delay offsets: " + status.to_string());
  });
  services_.every(kSampleStats, [this] { stats_.sample(); });
  services_.every(kScanClients, [this] {
    const Clock::Steady since = clock_.steady_now() - milliseconds(config().channel_expired_ms);
    consumers_.remove_silent(since);
    producers_.remove_silent(since);
    locks_.remove_expired();
  });
  services_.every(configured(&BrokerConfig::transaction_check_interval_ms), [this] { transactions_->check(); });
  checkpoints_.every(configured(&BrokerConfig::checkpoint_interval_ms), [this] {
    if (Status status = store_->checkpoint(); !status.ok()) log_.error("checkpoint: " + status.to_string());
  });
  services_.every(std::chrono::duration_cast<milliseconds>(CleanCommitLogService::kInterval), [this] { clean_up(); });
}

void BrokerController::persist_groups() {
  if (Status status = groups_.save_made(); !status.ok()) log_.error("subscription groups: " + status.to_string());
}

void BrokerController::persist_offsets() {
  // A power cut must not take messages and leave the progress that was made over them: half messages would never be
  // asked about, and what is put in their place would be passed over.
  const auto log_flushed = [this] { return store_->wait_flushed(store_->max_offset()); };
  if (Status status = offsets_.persist(log_flushed); !status.ok())
    log_.error("consumer offsets: " + status.to_string());
}

void BrokerController::clean_up() {
  const Result<RetentionPass> pass = retention_->run();
  if (!pass) return log_.error("clean-up: " + pass.error().to_string());
  if (pass->segments_deleted == 0) return;
  const std::string deleted = "deleted " + std::to_string(pass->segments_deleted);
  if (!pass->immediately) return log_.info(deleted + " expired segments");
  const long percent = std::lround(pass->used_ratio * 100);
  log_.warning(deleted + " segments, expired or not: the disk is " + std::to_string(percent) + "% full");
}

}  // namespace mqctl
