// What a consume-queue unit holds beside position and size: the tag's hash, or for a waiting delayed message the time
// it is due (Apache: MessageExtBrokerInner.tagsString2tagsCode, CommitLog.checkMessageAndReturnSize).
#pragma once

#include <cstdint>
#include <string_view>

#include "libstore/message/delay_level.h"
#include "libstore/message/message_view.h"
#include "libstore/message/properties.h"

namespace mqctl {

int64_t tags_code_of(std::string_view tags);

// Of a whole record. A DELAY property that is no number makes Apache reject the record; here it counts as none.
int64_t tags_code_of(const MessageView& message, const DispatchProperties& properties, const DelayLevelTable& levels);

}  // namespace mqctl
