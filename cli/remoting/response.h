// Response: what a processor answers: a command, and records sent straight out of the store's mappings behind it.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "cli/remoting/remoting_command.h"
#include "libstore/log/mapped_file.h"

namespace mqctl {

struct Response {
  RemotingCommand command;
  std::vector<HeldBytes> records;  // the rest of the body; held until they are sent
  bool at_once = false;            // not gathered with others: somebody waits for it

  static Response of(int32_t code, std::string remark = {}) {
    Response response;
    response.command.code = code;
    response.command.remark = std::move(remark);
    return response;
  }
  // Apache leaves its first remark standing in some answers, and clients show it.
  static Response success_unremarked() { return of(response_code::kSuccess, "not set any response code"); }
  static Response success() { return of(response_code::kSuccess); }
  // There is no room for it in a queue: the client slows down.
  static Response busy() {
    return of(response_code::kSystemBusy, "[OVERLOAD]system busy, start flow control for a while");
  }
  static Response with_body(std::string body) {
    Response response;
    response.command.body = std::move(body);
    return response;
  }
};

}  // namespace mqctl
