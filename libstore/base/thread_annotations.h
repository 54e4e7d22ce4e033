// Clang's thread-safety attributes; nothing for other compilers. The `clang` preset treats their warnings as errors.
#pragma once

#if defined(__clang__)
#define MQCTL_TSA(x) __attribute__((x))
#else
#define MQCTL_TSA(x)
#endif

#define CAPABILITY(x) MQCTL_TSA(capability(x))
#define SCOPED_CAPABILITY MQCTL_TSA(scoped_lockable)
#define GUARDED_BY(x) MQCTL_TSA(guarded_by(x))
#define PT_GUARDED_BY(x) MQCTL_TSA(pt_guarded_by(x))
#define REQUIRES(...) MQCTL_TSA(requires_capability(__VA_ARGS__))
#define EXCLUDES(...) MQCTL_TSA(locks_excluded(__VA_ARGS__))
#define ACQUIRE(...) MQCTL_TSA(acquire_capability(__VA_ARGS__))
#define TRY_ACQUIRE(...) MQCTL_TSA(try_acquire_capability(__VA_ARGS__))
#define RELEASE(...) MQCTL_TSA(release_capability(__VA_ARGS__))
