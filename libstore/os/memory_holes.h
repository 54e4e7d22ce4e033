// Holes of files in a file system in memory (tmpfs). Elsewhere a hole reads as zeros at no cost; there even reading one
// through a mapping takes a page, and raises SIGBUS where none is left.
#pragma once

#include "libstore/os/file.h"

namespace mqctl {

bool lies_in_memory(int fd);

// Real pages for every hole before the file's last data, and for the page behind it, where whoever looks for the end
// reads. kNoSpace where there are none. Reads the file nowhere.
Status take_holes(File& file);

}  // namespace mqctl
