// Requests that wait for the disk go on on an executor, which answers them: not on a connection's own thread.
#pragma once

#include <optional>
#include <string_view>

#include "cli/remoting/processor_table.h"

namespace mqctl {

class BrokerController;

// No answer yet, or SYSTEM_BUSY where too many wait.
std::optional<Response> hand_over(BrokerController& broker, Executor& executor, const RequestPtr& request,
                                  Processor process);

// A processor that is handed over where the group in this field is to be made first: its table is saved then.
Processor behind_new_groups(BrokerController& broker, Executor& executor, std::string_view field, Processor process);

}  // namespace mqctl
