// Sleeping until a word changes (Linux futex): what condition variables are made of, for where a crowd must be woken
// without each of them taking a lock. Private to the process. A waiter may wake without cause.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>

namespace mqctl {

// Returns at once where the word is not `seen` any more; otherwise after a wake-up, a signal or the timeout.
void futex_wait(const std::atomic<uint32_t>& word, uint32_t seen, std::chrono::nanoseconds timeout);
void futex_wake_one(std::atomic<uint32_t>& word);
void futex_wake_all(std::atomic<uint32_t>& word);

}  // namespace mqctl
