// In the place of cli's RemotingServer, which clang cannot build: a broker that goes by steps has none, but links it.
#include "cli/remoting/remoting_server.h"

namespace mqctl {

struct RemotingServer::Impl {};

RemotingServer::RemotingServer(const ProcessorTable&, const EventLog&, RemotingServerOptions, RemotingHooks) {}
RemotingServer::~RemotingServer() = default;
Result<int> RemotingServer::listen(const std::string&, int port) { return port; }
void RemotingServer::start() {}
void RemotingServer::stop(std::chrono::milliseconds) {}
RemotingCounters RemotingServer::counters() const { return {}; }

}  // namespace mqctl
