// The real MappedRegion, over mmap(MAP_SHARED).
#pragma once

#include <memory>
#include <string>

#include "libstore/base/result.h"
#include "libstore/os/file.h"
#include "libstore/os/mapped_region.h"

namespace mqctl {

// `path` is for messages.
Result<std::unique_ptr<MappedRegion>> map_file(int fd, const std::string& path, MapMode mode, uint64_t length);

}  // namespace mqctl
