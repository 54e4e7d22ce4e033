#include "cli/broker/put_faults.h"

#include <string>

namespace mqctl {
namespace {

constexpr int64_t kQuietMs = 10'000;

int64_t now_ms() {
  const auto since = std::chrono::steady_clock::now().time_since_epoch();
  return std::chrono::duration_cast<std::chrono::milliseconds>(since).count();
}

}  // namespace

bool PutFaults::of_the_store(PutMessageStatus status) {
  return status == PutMessageStatus::kServiceNotAvailable || status == PutMessageStatus::kCreateMappedFileFailed ||
         status == PutMessageStatus::kUnknownError;
}

void PutFaults::refused(const PutMessageResult& result) {
  refusals_.fetch_add(1, std::memory_order_relaxed);
  if (refusing_.load(std::memory_order_relaxed) || now_ms() < quiet_until_.load(std::memory_order_relaxed)) return;
  if (refusing_.exchange(true)) return;
  quiet_until_.store(now_ms() + kQuietMs, std::memory_order_relaxed);
  log_.error("messages are refused: " + std::string(put_status_name(result.status)) + ": " + result.reason);
}

void PutFaults::taken_again() {
  if (!refusing_.exchange(false)) return;
  log_.info("messages are taken again; refused were " + std::to_string(refusals_.exchange(0)));
}

}  // namespace mqctl
