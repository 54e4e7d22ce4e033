// DamagedStore: a small store that libstore wrote, and a fuzzer's input as changes of its files. What libFuzzer cannot
// come by itself, records with their checksums and units that agree with them, is there; the input says what is wrong.
#pragma once

#include <map>
#include <string>

#include "libstore/base/clock.h"
#include "libstore/store/default_message_store.h"
#include "tests/fuzz/fuzz_input.h"
#include "tests/fuzz/memory_file_system.h"

namespace mqctl::test {

inline constexpr const char* kStoreRoot = "/s";

StoreOptions small_store_options();
MessageDraft small_draft(std::string_view topic, int32_t queue, std::string_view body, std::string_view properties);

// Path to content of a store of four segments, three queues and an index; made once a process.
enum class LeftBy : uint8_t { kShutdown, kCrash };
const std::map<std::string, std::string>& sound_store(LeftBy end);

// One of few messages and larger segments, closed in order, for a broker to begin with: its index file is a small one.
const std::map<std::string, std::string>& sound_broker_store();

// The store with all that the input has as changes: bytes over others, cuts, removals, blocks of one place in another.
void put_damaged(MemoryFileSystem& fs, LeftBy end, FuzzInput& input);

}  // namespace mqctl::test
