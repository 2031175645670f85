#include "runtime/validate/lent_pages.hpp"

#include "runtime/validate/last_words.hpp"

#include <signal.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <string>
#include <utility>

namespace patchbay::validate {
namespace {

// What lies where, for the signal handler: plain memory, written before the page is handed out.
// The oldest are forgotten; a view that is kept is used soon.
struct Record {
    std::atomic<const char*> begin;
    std::atomic<const char*> end;    // of its bytes
    std::atomic<const char*> limit;  // of its pages, and of the one behind them
    std::atomic<const char*> slot;
    std::atomic<const char*> name;
    std::atomic<bool> lent;
};

constexpr size_t record_count = 65'536;
std::array<Record, record_count> records;
std::atomic<size_t> next_record = 0;

constexpr size_t block_size = size_t{64} << 20;
char* block = nullptr;
char* block_end = nullptr;

size_t page_size() {
    static const auto size = static_cast<size_t>(sysconf(_SC_PAGESIZE));
    return size;
}

// Addresses that nothing else will ever have: a kept pointer must not meet another view by chance.
char* reserve(size_t size) {
    if (static_cast<size_t>(block_end - block) < size) {
        const auto wanted = std::max(block_size, size);
        void* fresh =
            mmap(nullptr, wanted, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
        if (fresh == MAP_FAILED) std::abort();
        block = static_cast<char*>(fresh);
        block_end = block + wanted;
    }
    return std::exchange(block, block + size);
}

// Plain memory for tests about something else; a NUL behind it forgives who counts on one. Not of
// the heap: there it would look like a leak of the plugin's.
const void* keep_for_ever(const void* bytes, size_t size) {
    constexpr size_t least = size_t{1} << 20;
    constexpr size_t alignment = alignof(std::max_align_t);
    static char* next = nullptr;
    static char* end = nullptr;
    const auto wanted = (size + 1 + alignment - 1) / alignment * alignment;
    if (static_cast<size_t>(end - next) < wanted) {
        const auto mapped = std::max(least, wanted);
        void* fresh =
            mmap(nullptr, mapped, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        if (fresh == MAP_FAILED) std::abort();
        next = static_cast<char*>(fresh);
        end = next + mapped;
    }
    if (size > 0) std::memcpy(next, bytes, size);
    return std::exchange(next, next + wanted);
}

struct sigaction previous_segv {};
struct sigaction previous_bus {};

// Async-signal-safe: reads plain memory and writes to the shared page.
void name_fault(int signal, siginfo_t* info, void*) {
    const auto* address = static_cast<const char*>(info->si_addr);
    for (const auto& record : records) {
        const auto* begin = record.begin.load();
        if (!begin || address < begin || address >= record.limit.load()) continue;
        auto& words = last_words();
        note(words.view, record.name.load());
        words.overread = record.lent.load() ? 1 : 0;
        if (words.slot[0] == '\0') note(words.slot, record.slot.load());
        break;
    }
    // The fault happens again when this returns, and whoever was here before deals with it.
    sigaction(signal, signal == SIGSEGV ? &previous_segv : &previous_bus, nullptr);
}

}  // namespace

void name_faults_in_lent_pages() {
    struct sigaction action {};
    action.sa_sigaction = &name_fault;
    action.sa_flags = SA_SIGINFO | SA_ONSTACK;
    sigaction(SIGSEGV, &action, &previous_segv);
    sigaction(SIGBUS, &action, &previous_bus);
}

const void* LentMemory::lend(const void* bytes, size_t size, size_t alignment, const char* name) {
    if (!guarded_) return keep_for_ever(bytes, size);
    const auto page = page_size();
    const auto whole = (std::max(size, size_t{1}) + page - 1) / page * page;
    char* begin = reserve(whole + page);  // the last one is never touchable
    if (mprotect(begin, whole, PROT_READ | PROT_WRITE) != 0) std::abort();
    char* place = begin + (whole - size) / alignment * alignment;
    std::memcpy(place, bytes, size);
    mprotect(begin, whole, PROT_READ);

    const auto index = next_record++ % record_count;
    auto& record = records[index];
    record.begin = begin;
    record.end = place + size;
    record.limit = begin + whole + page;
    record.slot = slot_;
    record.name = name;
    record.lent = true;
    spans_.push_back({begin, whole, index});
    return place;
}

LentMemory::~LentMemory() {
    for (const auto& span : spans_) {
        records[span.record].lent = false;
        // The mapping is replaced: the memory is given back, the address stays taken.
        void* sealed = mmap(span.begin, span.size, PROT_NONE,
                            MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED, -1, 0);
        if (sealed == MAP_FAILED) std::abort();
    }
}

}  // namespace patchbay::validate
