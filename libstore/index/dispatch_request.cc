#include "libstore/index/dispatch_request.h"

#include "libstore/message/properties.h"
#include "libstore/message/tags_code.h"

namespace mqctl {

DispatchRequest make_dispatch_request(const MessageView& message, const DelayLevelTable& levels) {
  const DispatchProperties properties = dispatch_properties(message.properties);
  DispatchRequest request;
  request.topic = message.topic;
  request.queue_id = message.queue_id;
  request.queue_offset = message.queue_offset;
  request.physical_offset = message.physical_offset;
  request.size = static_cast<int32_t>(message.record.size());
  request.tags_code = tags_code_of(message, properties, levels);
  request.stored = message.stored;
  request.sys_flag = message.sys_flag;
  request.keys = properties.keys;
  request.uniq_key = properties.uniq_key;
  request.tags = properties.tags;
  request.has_uniq_key = properties.has_uniq_key;
  request.properties = message.properties;
  return request;
}

}  // namespace mqctl
