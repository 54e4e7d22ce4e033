#include "cli/commands/serve_exposure.h"

#include <string>
#include <string_view>

namespace mqctl {
namespace {

bool is_own(std::string_view ip) { return ip.starts_with("127.") || ip == "::1" || ip.starts_with("::ffff:127."); }

}  // namespace

void warn_of_strangers(const ServeOptions& options, const EventLog& log) {
  const std::string& ip = options.broker.listen_address;
  if (!is_own(ip)) {
    log.warning("listening on " + ip + ": whoever reaches this address may read, write and delete, without a password");
  }
  if (!options.metrics) return;
  const std::string metrics = ip_text(*options.metrics);
  if (!is_own(metrics)) {
    log.warning("metrics on " + metrics + ": names of topics and groups are open to whoever reaches this address");
  }
}

}  // namespace mqctl
