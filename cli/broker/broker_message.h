// BrokerMessage: a message that the broker itself is about to store, with its strings its own (Apache:
// MessageExtBrokerInner).
#pragma once

#include <string>

#include "cli/broker/property_list.h"
#include "libstore/message/message_encoder.h"
#include "libstore/message/message_view.h"

namespace mqctl {

struct BrokerMessage {
  std::string topic;
  int32_t queue = 0;
  int32_t flag = 0;
  int32_t sys_flag = 0;
  EpochMs born;
  HostAddress born_host, store_host;
  int32_t reconsume_times = 0;
  PhysicalOffset prepared_offset;
  Bytes body;  // its owner keeps it until the put returns
  std::string properties;

  // A copy of everything but the body, which stays where it is, and the record's checksum.
  static BrokerMessage of(const MessageView& view) {
    return {.topic = std::string(view.topic),
            .queue = view.queue_id.value(),
            .flag = view.flag,
            .sys_flag = view.sys_flag,
            .born = view.born,
            .born_host = view.born_host,
            .store_host = view.store_host,
            .reconsume_times = view.reconsume_times,
            .prepared_offset = view.prepared_transaction_offset,
            .body = view.body,
            .properties = find_property(view.properties, property::kRecordCrc) ? PropertyList(view.properties).encoded()
                                                                               : std::string(view.properties)};
  }
  MessageDraft draft() const {
    return {.topic = topic,
            .queue_id = QueueId(queue),
            .flag = flag,
            .sys_flag = sys_flag,
            .born = born,
            .born_host = born_host,
            .store_host = store_host,
            .reconsume_times = reconsume_times,
            .prepared_transaction_offset = prepared_offset,
            .body = body,
            .properties = properties};
  }
};

}  // namespace mqctl
