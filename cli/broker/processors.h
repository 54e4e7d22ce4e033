// The processors of the broker, each a function from request to answer, grouped as Apache groups them in classes. Every
// group registers its codes; the broker outlives the table.
#pragma once

#include "cli/broker/broker_config.h"
#include "cli/broker/broker_executors.h"
#include "cli/remoting/processor_table.h"

namespace mqctl {

class BrokerController;

// Who has sent and asks at once is to find it: a question about queues waits so long for their dispatch.
inline constexpr std::chrono::milliseconds kReadOwnWrites{20};

// Ends some remarks, as Apache's FAQUrl has it.
inline constexpr std::string_view kFaq =
    "\nSee https://rocketmq.apache.org/docs/bestPractice/06FAQ for further details.";

// What every answer to a send has, whatever it says.
inline void add_broker_fields(Response& response, const BrokerConfig& config) {
  response.command.set("MSG_REGION", config.region_id).set("TRACE_ON", config.trace_on ? "true" : "false");
}

void register_send_processors(ProcessorTable& table, BrokerExecutors& executors,
                              BrokerController& broker);  // 10 310 320
void register_send_back_processor(ProcessorTable& table, BrokerExecutors& executors, BrokerController& broker);  // 36
void register_pull_processors(ProcessorTable& table, BrokerExecutors& executors, BrokerController& broker);  // 11 361
void register_transaction_processors(ProcessorTable& table, BrokerExecutors& executors,
                                     BrokerController& broker);                                               // 37
void register_reply_processors(ProcessorTable& table, BrokerExecutors& executors, BrokerController& broker);  // 324 325
void register_client_processors(ProcessorTable& table, BrokerExecutors& executors,
                                BrokerController& broker);  // 34 35 46 38 41 42
void register_offset_processors(ProcessorTable& table, BrokerExecutors& executors,
                                BrokerController& broker);  // 14 15 29 30 31 32
void register_query_processors(ProcessorTable& table, BrokerExecutors& executors, BrokerController& broker);  // 12 33
void register_name_server_processors(ProcessorTable& table, BrokerExecutors& executors, BrokerController& broker);
void register_topic_admin_processors(ProcessorTable& table, BrokerExecutors& executors, BrokerController& broker);
void register_group_admin_processors(ProcessorTable& table, BrokerExecutors& executors, BrokerController& broker);
void register_offset_admin_processors(ProcessorTable& table, BrokerExecutors& executors, BrokerController& broker);
void register_stats_admin_processors(ProcessorTable& table, BrokerExecutors& executors, BrokerController& broker);
void register_queue_admin_processors(ProcessorTable& table, BrokerExecutors& executors, BrokerController& broker);
void register_broker_admin_processors(ProcessorTable& table, BrokerExecutors& executors, BrokerController& broker);

}  // namespace mqctl
