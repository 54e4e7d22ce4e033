// The broker under load, ours and Apache's in turn, each by the same client; beside loopback, the limit of any broker.
#include <fmt/format.h>

#include <map>
#include <thread>

#include "tests/bench/apache_store.h"
#include "tests/bench/bench_broker.h"
#include "tests/bench/bench_store.h"
#include "tests/bench/broker_load.h"
#include "tests/bench/groups.h"
#include "tests/bench/loopback.h"

namespace mqctl {
namespace {

using Figures = std::map<std::string, Sample>;  // by the row's name

constexpr int kConnections = 10000;
constexpr size_t kAnswerBytes = 220;

struct SendShape {
  const char* name;
  SendLoad load;  // `each` for ours
};

const SendShape kSends[] = {
    {"send 1 KiB, 1 connection x 1", {.connections = 1, .in_flight = 1, .each = 20000}},
    {"send 1 KiB, 8 connections x 1", {.connections = 8, .in_flight = 1, .each = 10000}},
    {"send 1 KiB, 64 connections x 1", {.connections = 64, .in_flight = 1, .each = 3000}},
    {"send 1 KiB, 4 connections x 64", {.connections = 4, .in_flight = 64, .each = 200000}},
    {"send 1 KiB, batches of 32, 4 connections x 4",
     {.connections = 4, .in_flight = 4, .each = 6000, .kind = SendKind::kBatch}},
    {"send 1 KiB, oneway", {.connections = 1, .in_flight = 64, .each = 200000, .kind = SendKind::kOneway}},
};

// How a broker is measured: Apache gets shorter loads, its figures are as steady.
struct Way {
  int runs;
  int divide;  // each load's frames by this
};

Sample several(int runs, const std::function<double()>& measure) {
  std::vector<double> values;
  for (int i = 0; i < runs; ++i) {
    warm_memory();
    values.push_back(measure());
  }
  return sample_of(std::move(values));
}

void add_latency(Figures& figures, const std::string& name, const std::vector<Latency>& runs) {
  std::vector<double> p50, p99;
  for (const Latency& run : runs) {
    p50.push_back(run.p50_us);
    p99.push_back(run.p99_us);
  }
  figures[name + ", p50"] = sample_of(p50);
  figures[name + ", p99"] = sample_of(p99);
}

// A broker of a test run lives for seconds: its first sends and pulls are figures of their own.
void first_load(const BenchBroker& broker, Figures& figures) {
  constexpr int kFirst = 10000;
  figures["idle memory, mappings of files apart"] = sample_of({broker.resident_anonymous_mib()});
  add_latency(figures, "its first 10,000 sends 1x1", {lone_sender(broker.port(), kFirst)});
  figures["its first 10,000 pulled"] = sample_of({pull_rate(broker.port(), {.queues = 1, .until = kFirst})});
}

void warm_load(const BenchBroker& broker, const Way& way, Figures& figures) {
  (void)send_rate(broker.port(), {.each = 30000});  // a JVM compiles itself by this
  std::vector<Latency> lone, parked;
  for (int i = 0; i < way.runs; ++i) lone.push_back(lone_sender(broker.port(), 20000 / way.divide));
  add_latency(figures, "send 1x1", lone);
  for (const SendShape& shape : kSends) {
    SendLoad load = shape.load;
    load.each /= way.divide;
    figures[shape.name] = several(way.runs, [&] { return send_rate(broker.port(), load); });
  }
  const int64_t until = 200000 / way.divide;
  const auto pulls = [&](const char* name, const PullLoad& load) {
    figures[name] = several(way.runs, [&] { return pull_rate(broker.port(), load); });
  };
  pulls("pull, 32 a call, 1 reader of 1 queue", {.queues = 1, .until = until});
  pulls("pull, 32 a call, 1 reader of 4 queues", {.until = until});
  pulls("pull, 32 a call, 4 readers", {.readers = 4, .until = until});
  for (int i = 0; i < way.runs; ++i) parked.push_back(parked_pull(broker.port(), 1000));
  add_latency(figures, "parked pull to delivery", parked);
}

void memory_load(const BenchBroker& broker, Figures& figures) {
  const double before = broker.resident_anonymous_mib();
  {
    const IdleClients idle(broker.port(), kConnections);
    figures["10,000 idle connections, memory each"] =
        sample_of({(broker.resident_anonymous_mib() - before) * 1024 / kConnections});
  }
}

Figures measure(const BenchBroker& broker, const Way& way) {
  Figures figures;
  first_load(broker, figures);
  warm_load(broker, way, figures);
  memory_load(broker, figures);
  return figures;
}

Figures limits() {
  Figures figures;
  const size_t frame = send_frame(0).size();
  std::vector<Latency> echoes, quiet;
  std::vector<double> rates, copies;
  for (int i = 0; i < kRuns; ++i) {
    const EchoLatency echo = loopback_echo({.request_bytes = frame, .answer_bytes = kAnswerBytes}, 20000);
    echoes.push_back({echo.p50_us, echo.p99_us});
    const EchoShape after_silence{frame, kAnswerBytes, std::chrono::milliseconds(1)};
    const EchoLatency late = loopback_echo(after_silence, 1000);
    quiet.push_back({late.p50_us, late.p99_us});
    rates.push_back(loopback_echo_rate({.each = 200000, .request_bytes = frame, .answer_bytes = kAnswerBytes}));
    copies.push_back(loopback_copy() * 1e6 / 1200);  // a record of 1 KiB in an answer: roughly
  }
  add_latency(figures, "echo", echoes);
  add_latency(figures, "echo after silence", quiet);
  figures["echo rate"] = sample_of(rates);
  figures["copy"] = sample_of(copies);
  return figures;
}

using Start = std::function<std::unique_ptr<BenchBroker>(const std::string& store)>;

std::optional<Sample> ready_times(const Start& start, const std::string& store, int runs) {
  std::vector<double> times;
  for (int i = 0; i < runs; ++i) {
    const auto broker = start(store);
    if (broker == nullptr) return std::nullopt;
    times.push_back(broker->ready_ms());
  }
  return sample_of(times);
}

void start_rows(const Start& ours, const Start& genuine, Report& report) {
  report.add({.name = "serve: ready on an empty store",
              .unit = "ms",
              .better = Better::kLess,
              .ours = *ready_times(ours, "", kRuns),
              .apache = ready_times(genuine, "", 3),
              .aims = {.apache = 400, .value = 10}});
  const std::string store = work_directory() + "/big";
  make_store(store, {.messages = 3700000});
  report.add({.name = "serve: ready on a cleanly closed store of 4 GiB",
              .unit = "ms",
              .better = Better::kLess,
              .ours = *ready_times(ours, store, kRuns),
              .apache = ready_times(genuine, store, 3),
              .aims = {.apache = 100}});
  remove_all(store);
}

void load_rows(const Figures& ours, const std::optional<Figures>& theirs, const Figures& limit, Report& report) {
  const auto row = [&](const std::string& name, const char* unit, Better better, Aims aims = {},
                       std::optional<Limit> beside = std::nullopt, std::string note = {}) {
    report.add({.name = "serve: " + name,
                .unit = unit,
                .better = better,
                .ours = ours.at(name),
                .limit = std::move(beside),
                .apache = theirs ? std::optional(theirs->at(name)) : std::nullopt,
                .aims = aims,
                .note = std::move(note)});
  };
  const Limit p50{"loopback echo, p50", limit.at("echo, p50")}, p99{"loopback echo, p99", limit.at("echo, p99")};
  const Limit rate{"loopback echo, 4 x 64", limit.at("echo rate")}, copy{"loopback copy", limit.at("copy")};
  row("idle memory, mappings of files apart", "MiB", Better::kLess, {.apache = 40, .value = 16});
  row("its first 10,000 sends 1x1, p50", "us", Better::kLess, {}, p50);
  row("its first 10,000 sends 1x1, p99", "us", Better::kLess, {}, p99);
  row("its first 10,000 pulled", "k/s", Better::kMore);
  row("send 1x1, p50", "us", Better::kLess, {.apache = 6, .of_limit = 1.5}, p50);
  row("send 1x1, p99", "us", Better::kLess, {.apache = 20}, p99);
  for (const SendShape& shape : kSends) {
    const bool aimed = shape.load.kind == SendKind::kOne && shape.load.in_flight == 64;
    row(shape.name, "k/s", Better::kMore, aimed ? Aims{.apache = 10, .of_limit = 0.5} : Aims{},
        aimed ? std::optional(rate) : std::nullopt);
  }
  row("pull, 32 a call, 1 reader of 1 queue", "k/s", Better::kMore, {}, copy);
  row("pull, 32 a call, 1 reader of 4 queues", "k/s", Better::kMore, {.apache = 10, .of_limit = 0.5}, copy);
  row("pull, 32 a call, 4 readers", "k/s", Better::kMore, {}, copy);
  row("parked pull to delivery, p50", "us", Better::kLess, {.apache = 5, .of_limit = 3}, p50,
      fmt::format("an echo after as long a silence: {:.1f} us", limit.at("echo after silence, p50").median));
  row("parked pull to delivery, p99", "us", Better::kLess);
  row("10,000 idle connections, memory each", "KiB", Better::kLess);
}

constexpr SendLoad kSyncLoads[] = {{.connections = 1, .in_flight = 1, .each = 1000},
                                   {.connections = 64, .in_flight = 1, .each = 300},
                                   {.connections = 4, .in_flight = 64, .each = 20000}};

// Thousands of messages a second that are on disk before they are answered.
std::vector<Sample> sync_rates(const BenchBroker& broker, const Way& way) {
  std::vector<Sample> rates;
  for (SendLoad load : kSyncLoads) {
    load.each /= way.divide;
    rates.push_back(several(way.runs, [&] { return send_rate(broker.port(), load); }));
  }
  return rates;
}

void sync_rows(const BenchSetup& setup, Report& report) {
  const auto broker = BenchBroker::ours(setup.mqctl, {}, FlushMode::kSync);
  if (broker == nullptr) fail("serve --flush sync");
  const std::vector<Sample> ours = sync_rates(*broker, {.runs = kRuns, .divide = 1});
  const auto genuine = setup.genuine_script.empty()
                           ? nullptr
                           : BenchBroker::genuine(setup.genuine_script, kApacheVersion, {}, FlushMode::kSync);
  std::vector<Sample> theirs;
  if (genuine != nullptr) theirs = sync_rates(*genuine, {.runs = 3, .divide = 2});
  for (size_t i = 0; i < ours.size(); ++i) {
    report.add({.name = fmt::format("serve, sync flush: send 1 KiB, {} x {}", kSyncLoads[i].connections,
                                    kSyncLoads[i].in_flight),
                .unit = "k/s",
                .ours = ours[i],
                .apache = theirs.empty() ? std::nullopt : std::optional(theirs[i])});
  }
}

// Ours alone: memory that a broker holds on to, after more messages than a test run ever sends.
void memory_row(const Start& ours, Report& report) {
  const auto broker = ours("");
  const double rate = send_rate(broker->port(), {.each = 2500000, .body_bytes = 64});
  report.add({.name = "serve: memory after 10 million messages",
              .unit = "MiB",
              .better = Better::kLess,
              .ours = sample_of({broker->resident_anonymous_mib()}),
              .note = fmt::format("sent at {:.0f} k/s", rate)});
}

}  // namespace

void bench_serve(const BenchSetup& setup, Report& report) {
  if (setup.mqctl.empty()) return;
  report.title("The broker");
  const Start ours = [&](const std::string& store) {
    auto broker = BenchBroker::ours(setup.mqctl, store);
    if (broker == nullptr) fail("serve");
    return broker;
  };
  const Start genuine = [&](const std::string& store) {
    return setup.genuine_script.empty() ? nullptr : BenchBroker::genuine(setup.genuine_script, kApacheVersion, store);
  };
  start_rows(ours, genuine, report);
  const Figures limit = limits(), own = measure(*ours(""), {.runs = kRuns, .divide = 1});
  std::optional<Figures> theirs;
  if (const auto broker = genuine("")) theirs = measure(*broker, {.runs = 3, .divide = 5});
  load_rows(own, theirs, limit, report);
  sync_rows(setup, report);
  memory_row(ours, report);
}

}  // namespace mqctl
