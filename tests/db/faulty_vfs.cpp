#include "faulty_vfs.hpp"

#include <sqlite3.h>

#include <cstring>
#include <mutex>

namespace patchbay {

constinit std::atomic<bool> FaultyVfs::full{false};
constinit std::atomic<int> FaultyVfs::syncs{0};

namespace {

// Files keep the system's layout; only their tables of functions are exchanged. The system has two
// of them, for files with and without locks, with the same functions for what we change.
struct Table {
    const sqlite3_io_methods* original = nullptr;
    sqlite3_io_methods faulty{};
};
Table tables[4];
std::mutex tables_mutex;
int (*system_write)(sqlite3_file*, const void*, int, sqlite3_int64) = nullptr;
int (*system_sync)(sqlite3_file*, int) = nullptr;

int write(sqlite3_file* file, const void* bytes, int size, sqlite3_int64 offset) {
    if (FaultyVfs::full) return SQLITE_FULL;
    return system_write(file, bytes, size, offset);
}

int sync(sqlite3_file* file, int flags) {
    FaultyVfs::syncs += 1;
    return system_sync(file, flags);
}

const sqlite3_io_methods* faulty_table(const sqlite3_io_methods* original) {
    const std::lock_guard lock(tables_mutex);
    for (Table& table : tables) {
        if (&table.faulty == original || table.original == original) return &table.faulty;
        if (table.original) continue;
        table = {original, *original};
        if (!system_write) {  // the first file: nobody writes yet
            system_write = original->xWrite;
            system_sync = original->xSync;
        }
        table.faulty.xWrite = write;
        table.faulty.xSync = sync;
        return &table.faulty;
    }
    return original;
}

int open(sqlite3_vfs*, const char* name, sqlite3_file* file, int flags, int* out_flags) {
    sqlite3_vfs* system = sqlite3_vfs_find("unix");
    const int code = system->xOpen(system, name, file, flags, out_flags);
    if (code == SQLITE_OK) file->pMethods = faulty_table(file->pMethods);
    return code;
}

}  // namespace

std::string FaultyVfs::name() {
    static sqlite3_vfs vfs = [] {
        sqlite3_vfs made = *sqlite3_vfs_find("unix");
        made.zName = "patchbay-faulty";
        made.xOpen = open;
        return made;
    }();
    sqlite3_vfs_register(&vfs, 0);
    return vfs.zName;
}

}  // namespace patchbay
