// The real File.
#pragma once

#include <memory>
#include <string>

#include "libstore/os/descriptor.h"
#include "libstore/os/file.h"

namespace mqctl {

std::unique_ptr<File> make_posix_file(Descriptor descriptor, std::string path);

}  // namespace mqctl
