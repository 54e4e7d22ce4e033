#include "cli/broker/hand_over.h"

#include <string>
#include <utility>

#include "cli/broker/broker_controller.h"

namespace mqctl {
namespace {

void process_and_respond(BrokerController& broker, const RequestPtr& request, const Processor& process) {
  try {
    if (std::optional<Response> response = process(request)) request->respond(std::move(*response));
  } catch (const std::exception& error) {
    broker.log().error("request " + std::to_string(request->command.code) + ": " + error.what());
    request->respond(Response::of(response_code::kSystemError, error.what()));
  }
}

}  // namespace

std::optional<Response> hand_over(BrokerController& broker, Executor& executor, const RequestPtr& request,
                                  Processor process) {
  const bool taken = executor.submit(
      {[&broker, request, process = std::move(process)] { process_and_respond(broker, request, process); },
       [request](std::chrono::milliseconds, size_t) { request->respond(Response::busy()); },
       request->command.storage_bytes});
  return taken ? std::nullopt : std::optional(Response::busy());
}

Processor behind_new_groups(BrokerController& broker, Executor& executor, std::string_view field, Processor process) {
  return [&broker, &executor, field, process = std::move(process)](const RequestPtr& request) {
    const std::string_view group = request->command.text(field);
    if (executor.runs_inline() || broker.groups().contains(group)) return process(request);
    const bool made = !broker.groups().missing({std::string(group)}, broker.config().auto_create_group).empty();
    return made ? hand_over(broker, executor, request, process) : process(request);
  };
}

}  // namespace mqctl
