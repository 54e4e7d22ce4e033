#include "cli/broker/metrics_server.h"

#include <event2/buffer.h>
#include <event2/event.h>
#include <event2/http.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <thread>

#include "libstore/message/host_address.h"
#include "libstore/os/descriptor.h"

namespace mqctl {
namespace {

constexpr int kSeconds = 10;  // for a client that sends or reads slowly
constexpr size_t kLargest = 8192;

void answer(evhttp_request* request, int code, const char* reason, const char* type, const std::string& body) {
  evhttp_add_header(evhttp_request_get_output_headers(request), "Content-Type", type);
  evbuffer* const buffer = evbuffer_new();
  evbuffer_add(buffer, body.data(), body.size());
  evhttp_send_reply(request, code, reason, buffer);
  evbuffer_free(buffer);
}

constexpr const char* kPlain = "text/plain; charset=utf-8";

int port_of(evhttp_bound_socket* bound) {
  sockaddr_storage address{};
  socklen_t size = sizeof address;
  ::getsockname(evhttp_bound_socket_get_fd(bound), reinterpret_cast<sockaddr*>(&address), &size);
  const uint16_t port = address.ss_family == AF_INET6 ? reinterpret_cast<sockaddr_in6*>(&address)->sin6_port
                                                      : reinterpret_cast<sockaddr_in*>(&address)->sin_port;
  return ntohs(port);
}

}  // namespace

struct MetricsServer::Impl {
  explicit Impl(MetricsSource given) : source(std::move(given)), base(event_base_new()), http(evhttp_new(base)) {
    evhttp_set_timeout(http, kSeconds);
    evhttp_set_max_body_size(http, kLargest);
    evhttp_set_max_headers_size(http, kLargest);
    evhttp_set_allowed_methods(http, EVHTTP_REQ_GET | EVHTTP_REQ_HEAD);
    evhttp_set_cb(http, "/metrics", &on_metrics, this);
    evhttp_set_cb(http, "/readyz", &on_ready, this);
    evhttp_set_cb(
        http, "/healthz", [](evhttp_request* request, void*) { answer(request, HTTP_OK, "OK", kPlain, "ok\n"); }, this);
    stop_event = event_new(
        base, stop.get(), EV_READ,
        [](evutil_socket_t, short, void* loop) { event_base_loopbreak(static_cast<event_base*>(loop)); }, base);
    event_add(stop_event, nullptr);
  }
  ~Impl() {
    const uint64_t one = 1;
    [[maybe_unused]] const ssize_t n = ::write(stop.get(), &one, sizeof one);
    if (thread.joinable()) thread.join();
    event_free(stop_event);
    evhttp_free(http);
    event_base_free(base);
  }

  static void on_metrics(evhttp_request* request, void* self) {
    const MetricsSource& source = static_cast<Impl*>(self)->source;
    if (const std::string why = source.not_ready(); !why.empty())
      return answer(request, HTTP_SERVUNAVAIL, "Service Unavailable", kPlain, why + "\n");
    answer(request, HTTP_OK, "OK", "text/plain; version=0.0.4; charset=utf-8", source.metrics());
  }

  static void on_ready(evhttp_request* request, void* self) {
    const std::string why = static_cast<Impl*>(self)->source.not_ready();
    if (!why.empty()) return answer(request, HTTP_SERVUNAVAIL, "Service Unavailable", kPlain, why + "\n");
    answer(request, HTTP_OK, "OK", kPlain, "ok\n");
  }

  const MetricsSource source;
  const Descriptor stop{::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)};
  event_base* const base;
  evhttp* const http;
  event* stop_event = nullptr;
  int port = 0;
  std::thread thread;
};

MetricsServer::MetricsServer(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
MetricsServer::~MetricsServer() = default;
int MetricsServer::port() const { return impl_->port; }

Result<std::unique_ptr<MetricsServer>> MetricsServer::start(const std::string& address, int port,
                                                            MetricsSource source) {
  auto impl = std::make_unique<Impl>(std::move(source));
  evhttp_bound_socket* const bound =
      evhttp_bind_socket_with_handle(impl->http, address.c_str(), static_cast<uint16_t>(port));
  if (bound == nullptr)
    return Status::from_errno("cannot listen for metrics on " + address + ":" + std::to_string(port), errno);
  impl->port = port_of(bound);
  impl->thread = std::thread([base = impl->base] { event_base_dispatch(base); });
  return std::unique_ptr<MetricsServer>(new MetricsServer(std::move(impl)));
}

}  // namespace mqctl
