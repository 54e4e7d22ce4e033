// Stores for the benchmarks, made through libstore.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "libstore/store/default_message_store.h"

namespace mqctl {

struct PutLoad {
  int messages = 0;
  size_t body_bytes = 1024;
  int threads = 1;       // a queue each, of the topic `bench`
  bool keys = false;     // UNIQ_KEY and KEYS: `k<number>`
  bool latency = false;  // keep each put's time
};

struct PutFigures {
  double seconds = 0;
  std::vector<float> micros;  // sorted; with `latency`
};

std::unique_ptr<DefaultMessageStore> open_store(StoreOptions options);
// Puts from so many threads; each message must be taken.
PutFigures put_load(DefaultMessageStore& store, const PutLoad& load);
// A store of `messages` at the path, closed.
void make_store(const std::string& path, const PutLoad& load, uint64_t segment_bytes = kDefaultSegmentBytes);
double percentile(const std::vector<float>& sorted, double share);

}  // namespace mqctl
