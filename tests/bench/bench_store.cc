#include "tests/bench/bench_store.h"

#include <fmt/format.h>

#include <algorithm>
#include <thread>
#include <vector>

#include "tests/bench/workspace.h"

namespace mqctl {
namespace {

MessageDraft draft_of(const std::string& body, int queue) {
  MessageDraft draft;
  draft.topic = "bench";
  draft.queue_id = QueueId(queue);
  draft.body = as_bytes(body);
  draft.born_host = draft.store_host = HostAddress::v4(127, 0, 0, 1, 10911);
  draft.born = system_clock().now();
  return draft;
}

void put_one(DefaultMessageStore& store, const MessageDraft& draft) {
  const PutMessageResult result = store.put_message(draft);
  if (result.status == PutMessageStatus::kPutOk) return;
  std::fprintf(stderr, "mqctl_bench: put: %s\n", result.reason.c_str());
  std::exit(3);
}

void put_plain(DefaultMessageStore& store, const PutLoad& load, int thread) {
  const std::string body(load.body_bytes, 'b');
  const MessageDraft draft = draft_of(body, thread);
  for (int i = thread; i < load.messages; i += load.threads) put_one(store, draft);
}

void put_with_keys(DefaultMessageStore& store, const PutLoad& load, int thread) {
  const std::string body(load.body_bytes, 'b');
  MessageDraft draft = draft_of(body, thread);
  for (int i = thread; i < load.messages; i += load.threads) {
    const std::string properties = fmt::format("KEYS\1k{}\2UNIQ_KEY\1{:032X}\2", i, i);
    draft.properties = properties;
    put_one(store, draft);
  }
}

void put_timed(DefaultMessageStore& store, const PutLoad& load, int thread, std::vector<float>& micros) {
  const std::string body(load.body_bytes, 'b');
  const MessageDraft draft = draft_of(body, thread);
  micros.reserve(static_cast<size_t>(load.messages / load.threads) + 1);
  for (int i = thread; i < load.messages; i += load.threads) {
    const auto start = std::chrono::steady_clock::now();
    put_one(store, draft);
    micros.push_back(std::chrono::duration<float, std::micro>(std::chrono::steady_clock::now() - start).count());
  }
}

}  // namespace

std::unique_ptr<DefaultMessageStore> open_store(StoreOptions options) {
  return value_of(DefaultMessageStore::open(posix_file_system(), system_clock(), std::move(options)));
}

PutFigures put_load(DefaultMessageStore& store, const PutLoad& load) {
  std::vector<std::vector<float>> micros(static_cast<size_t>(load.threads));
  PutFigures figures;
  figures.seconds = seconds_of([&] {
    std::vector<std::thread> threads;
    for (int i = 0; i < load.threads; ++i) {
      threads.emplace_back([&, i] {
        if (load.latency) return put_timed(store, load, i, micros[static_cast<size_t>(i)]);
        load.keys ? put_with_keys(store, load, i) : put_plain(store, load, i);
      });
    }
    for (std::thread& thread : threads) thread.join();
  });
  for (const std::vector<float>& part : micros) {
    figures.micros.insert(figures.micros.end(), part.begin(), part.end());
  }
  std::sort(figures.micros.begin(), figures.micros.end());
  return figures;
}

void make_store(const std::string& path, const PutLoad& load, uint64_t segment_bytes) {
  StoreOptions options;
  options.root = path;
  options.segment_bytes = segment_bytes;
  const std::unique_ptr<DefaultMessageStore> store = open_store(std::move(options));
  put_load(*store, load);
  check(store->shutdown());
}

double percentile(const std::vector<float>& sorted, double share) {
  return sorted.empty() ? 0 : sorted[static_cast<size_t>(static_cast<double>(sorted.size() - 1) * share)];
}

}  // namespace mqctl
