// What a disk would hold if the power failed now: the contents that were synced, and the names in directories that
// were.
//
// MQCTL_STANDIN_SHADOW is a directory on the store's file system, MQCTL_STANDIN_ROOT the store. In the shadow:
//   alive/INODE    the file itself, by another name: what was written and not synced is looked up there, and no inode
//                  number is given twice while the program runs
//   synced/INODE   its content as of the last syncs; missing where there was none
//   names/INODE    of a directory: a line `f|d INODE NAME` for each entry as of its last sync
// tests/crash/standin.py makes of it what a machine finds after the power came back. Thread-safe.
#pragma once

#include <sys/types.h>

#include <cstddef>

namespace standin {

// Whether there is one.
bool shadowing();

// A file of the store was opened and may be new.
void shadow_opened(int fd);
// All of the file, or the names of the directory, are on disk.
void shadow_synced(int fd);

void shadow_mapped(void* address, size_t length, int fd, off_t offset);
void shadow_unmapped(void* address);
// These pages of a mapping are on disk.
void shadow_synced_range(void* address, size_t length);

}  // namespace standin
