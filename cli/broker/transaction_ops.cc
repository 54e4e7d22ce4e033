#include "cli/broker/transaction_ops.h"

#include <algorithm>
#include <charconv>
#include <optional>
#include <string_view>
#include <utility>

#include "cli/broker/topic_validator.h"
#include "libstore/index/consume_queue.h"
#include "libstore/index/consume_queue_store.h"

namespace mqctl {
namespace {

// "12" of 4.9, "12,13," of 5.x.
std::set<int64_t> places_of(std::string_view body) {
  std::set<int64_t> places;
  while (!body.empty()) {
    const size_t comma = std::min(body.find(','), body.size());
    int64_t place = -1;
    const auto [end, error] = std::from_chars(body.data(), body.data() + comma, place);
    if (error == std::errc() && end == body.data() + comma && place >= 0) places.insert(place);
    body.remove_prefix(std::min(comma + 1, body.size()));
  }
  return places;
}

// Until `visit` has had enough, and says so with false.
void each_op(DefaultMessageStore& store, const ConsumeQueue& queue, QueueOffset from,
             const std::function<bool(TransactionOp)>& visit) {
  for (QueueOffset at = from; at < queue.max_offset(); ++at) {
    const std::optional<ConsumeQueueUnit> unit = queue.unit(at);
    if (!unit) continue;  // retention took it under our eyes
    MessageView view;
    const Result<HeldBytes> held = store.message_at(unit->physical_offset, view);
    TransactionOp op{at, unit->physical_offset, {}};
    if (held) op.halves = places_of(as_text(view.body));
    if (!visit(std::move(op))) return;
  }
}

QueueOffset first_behind(const ConsumeQueue& queue, PhysicalOffset place) {
  QueueOffset low = queue.min_offset(), high = queue.max_offset();
  while (low < high) {
    const QueueOffset middle = low + (high.value() - low.value()) / 2;
    const std::optional<ConsumeQueueUnit> unit = queue.unit(middle);
    if (unit && unit->physical_offset > place) {
      high = middle;
    } else {
      low = middle + 1;
    }
  }
  return low;
}

}  // namespace

std::vector<TransactionOp> read_ops(DefaultMessageStore& store, QueueOffset from) {
  std::vector<TransactionOp> ops;
  const ConsumeQueue* queue = store.consume_queues().find(topic_name::kOp, QueueId(0));
  if (queue == nullptr) return ops;
  each_op(store, *queue, from, [&](TransactionOp op) {
    ops.push_back(std::move(op));
    return true;
  });
  return ops;
}

bool is_done(DefaultMessageStore& store, PhysicalOffset half, const std::set<int64_t>& places) {
  const ConsumeQueue* queue = store.consume_queues().find(topic_name::kOp, QueueId(0));
  bool done = false;
  if (queue == nullptr) return done;
  each_op(store, *queue, first_behind(*queue, half), [&](const TransactionOp& op) {
    done = std::any_of(places.begin(), places.end(), [&](int64_t place) { return op.halves.contains(place); });
    return !done;
  });
  return done;
}

}  // namespace mqctl
