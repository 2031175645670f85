// The C library's calls that change files, each with the faults that Control asks for, and each
// told to the model of the disk. Preloaded into a server, under the real libraries.
#undef _FORTIFY_SOURCE
#include "control.hpp"
#include "disk.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdarg>
#include <cstdio>
#include <mutex>
#include <thread>
#include <unordered_map>

namespace {

using patchbay::faults::Control;
using patchbay::faults::Disk;
using patchbay::faults::NodeRef;
using patchbay::faults::settings;

struct Machine {
    std::recursive_mutex mutex;
    Disk disk{settings()->folder, settings()->certain};
    patchbay::faults::Dice dice{settings()->seed};
    std::unordered_map<int, NodeRef> open;  // by descriptor
    Control& control = *settings()->control;
    std::jthread switch_watch{[this] { watch_switch(); }};

    bool fails(const std::atomic<int64_t>& error) {
        const int64_t number = error.load();
        if (number == 0) return false;
        ++control.failed;
        errno = static_cast<int>(number);
        return true;
    }

    NodeRef find(int file) {
        const auto found = open.find(file);
        return found == open.end() ? nullptr : found->second;
    }

    // A change is about to be certain, or has been asked for: the power may go now.
    void note_change() {
        ++control.changes;
        if (control.cut_after.load() != 0 && --control.cut_after == 0) cut_power();
    }

    void watch_switch();

    [[noreturn]] void cut_power() {
        disk.save_after_cut(settings()->image, dice);
        syscall(SYS_kill, getpid(), SIGKILL);
        while (true) pause();
    }
};

void Machine::watch_switch() {
    while (control.cut_now.load() == 0) std::this_thread::sleep_for(std::chrono::milliseconds(1));
    const std::lock_guard lock(mutex);
    if (control.cut_now.load() == 2) disk.sync_all();  // as the kernel does in time
    cut_power();
}

// The disk of this process, locked; false when there are no faults in it.
class Locked {
public:
    Locked() : machine_(shared()) {
        if (machine_) machine_->mutex.lock();
    }
    ~Locked() {
        if (machine_) machine_->mutex.unlock();
    }
    Locked(const Locked&) = delete;
    Locked& operator=(const Locked&) = delete;

    explicit operator bool() const { return machine_ != nullptr; }
    Machine* operator->() const { return machine_; }

private:
    static Machine* shared() {
        if (!settings() || settings()->folder.empty()) return nullptr;
        static Machine* const made = new Machine;  // as long as the process
        return made;
    }

    Machine* machine_;
};

int result(long value) { return static_cast<int>(value); }

int open_at(const char* path, int flags, mode_t mode) {
    const Locked machine;
    if (!machine || !machine->disk.holds(path))
        return result(syscall(SYS_openat, AT_FDCWD, path, flags, mode));
    if (machine->fails(machine->control.open_error)) return -1;
    const bool existed = syscall(SYS_faccessat, AT_FDCWD, path, F_OK) == 0;
    const int file = result(syscall(SYS_openat, AT_FDCWD, path, flags, mode));
    if (file < 0) return file;
    struct stat about {};
    const bool is_folder = fstat(file, &about) == 0 && S_ISDIR(about.st_mode);
    const NodeRef node = is_folder ? machine->disk.find(path) : machine->disk.open(path, existed);
    if (!node) return file;
    machine->open[file] = node;
    if (existed && (flags & O_TRUNC) != 0) Disk::resize(*node, 0);
    if (!existed) machine->note_change();
    return file;
}

// As much of it as fits, when the disk is full.
long room_for(int file, uint64_t at, size_t size) {
    struct stat about {};
    fstat(file, &about);
    const auto end = static_cast<uint64_t>(about.st_size);
    if (at + size <= end) return static_cast<long>(size);
    return at < end ? static_cast<long>(end - at) : 0;
}

ssize_t write_at(int file, const void* bytes, size_t size, uint64_t at) {
    const Locked machine;
    const NodeRef node = machine ? machine->find(file) : nullptr;
    if (!node) return syscall(SYS_pwrite64, file, bytes, size, at);
    if (machine->fails(machine->control.write_error)) return -1;
    if (machine->control.full.load() != 0) {
        size = static_cast<size_t>(room_for(file, at, size));
        if (size == 0) {
            ++machine->control.failed;
            errno = ENOSPC;
            return -1;
        }
    }
    Disk::write(*node, at, {static_cast<const char*>(bytes), size});
    machine->note_change();
    return syscall(SYS_pwrite64, file, bytes, size, at);
}

int sync_file(int file, long call) {
    const Locked machine;
    const NodeRef node = machine ? machine->find(file) : nullptr;
    if (!node) return result(syscall(call, file));
    machine->note_change();
    if (machine->fails(machine->control.sync_error)) {
        Disk::fail_sync(*node);
        return -1;
    }
    Disk::sync(*node);  // what it stands for: the machine that runs the test stays on
    return 0;
}

ssize_t read_at(int file, void* bytes, size_t size, uint64_t at) {
    {
        const Locked machine;
        if (machine && machine->find(file) && machine->fails(machine->control.read_error))
            return -1;
    }
    return syscall(SYS_pread64, file, bytes, size, at);
}

int resize(int file, uint64_t size) {
    const Locked machine;
    const NodeRef node = machine ? machine->find(file) : nullptr;
    if (!node) return result(syscall(SYS_ftruncate, file, size));
    if (machine->fails(machine->control.write_error)) return -1;
    Disk::resize(*node, size);
    machine->note_change();
    return result(syscall(SYS_ftruncate, file, size));
}

mode_t mode_of(int flags, va_list rest) {
    return (flags & (O_CREAT | O_TMPFILE)) != 0 ? va_arg(rest, mode_t) : 0;
}

}  // namespace

extern "C" {

int open(const char* path, int flags, ...) {
    va_list rest;
    va_start(rest, flags);
    const mode_t mode = mode_of(flags, rest);
    va_end(rest);
    return open_at(path, flags, mode);
}

int open64(const char* path, int flags, ...) {
    va_list rest;
    va_start(rest, flags);
    const mode_t mode = mode_of(flags, rest);
    va_end(rest);
    return open_at(path, flags, mode);
}

int close(int file) {
    const Locked machine;
    if (machine) machine->open.erase(file);
    return result(syscall(SYS_close, file));
}

ssize_t pwrite(int file, const void* bytes, size_t size, off_t at) {
    return write_at(file, bytes, size, static_cast<uint64_t>(at));
}
ssize_t pwrite64(int file, const void* bytes, size_t size, off64_t at) {
    return write_at(file, bytes, size, static_cast<uint64_t>(at));
}

ssize_t write(int file, const void* bytes, size_t size) {
    const Locked machine;
    if (!machine || !machine->find(file)) return syscall(SYS_write, file, bytes, size);
    const auto at = syscall(SYS_lseek, file, 0, SEEK_CUR);
    const ssize_t written = write_at(file, bytes, size, static_cast<uint64_t>(at));
    if (written > 0) syscall(SYS_lseek, file, at + written, SEEK_SET);
    return written;
}

ssize_t pread(int file, void* bytes, size_t size, off_t at) {
    return read_at(file, bytes, size, static_cast<uint64_t>(at));
}
ssize_t pread64(int file, void* bytes, size_t size, off64_t at) {
    return read_at(file, bytes, size, static_cast<uint64_t>(at));
}

int ftruncate(int file, off_t size) noexcept { return resize(file, static_cast<uint64_t>(size)); }
int ftruncate64(int file, off64_t size) noexcept {
    return resize(file, static_cast<uint64_t>(size));
}

int fsync(int file) { return sync_file(file, SYS_fsync); }
int fdatasync(int file) { return sync_file(file, SYS_fdatasync); }

int mkdir(const char* path, mode_t mode) noexcept {
    const Locked machine;
    const int done = result(syscall(SYS_mkdirat, AT_FDCWD, path, mode));
    if (done != 0 || !machine || !machine->disk.holds(path)) return done;
    machine->disk.make_folder(path);
    machine->note_change();
    return done;
}

int unlink(const char* path) noexcept {
    const Locked machine;
    const int done = result(syscall(SYS_unlinkat, AT_FDCWD, path, 0));
    if (done != 0 || !machine || !machine->disk.holds(path)) return done;
    machine->disk.remove(path);
    machine->note_change();
    return done;
}

int link(const char* from, const char* to) noexcept {
    const Locked machine;
    const int done = result(syscall(SYS_linkat, AT_FDCWD, from, AT_FDCWD, to, 0));
    if (done != 0 || !machine || !machine->disk.holds(to)) return done;
    machine->disk.link(from, to);
    machine->note_change();
    return done;
}

int rename(const char* from, const char* to) noexcept {
    const Locked machine;
    const int done = result(syscall(SYS_renameat, AT_FDCWD, from, AT_FDCWD, to));
    if (done != 0 || !machine || !machine->disk.holds(to)) return done;
    machine->disk.rename(from, to);
    machine->note_change();
    return done;
}

}  // extern "C"
