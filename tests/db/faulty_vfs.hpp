// A SQLite VFS that fails on demand: the system's own, with a switch before each write.
#pragma once

#include <atomic>
#include <string>

namespace patchbay {

struct FaultyVfs {
    // Registers it on first use; its name goes into StoreOptions::vfs.
    static std::string name();

    // While set, every write to a file answers "the disk is full".
    static std::atomic<bool> full;

    // Syncs of any file so far.
    static std::atomic<int> syncs;
};

}  // namespace patchbay
