#include "runtime/plugins/late_calls.hpp"

#include "runtime/net/event_loop.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <charconv>
#include <string_view>

namespace patchbay::plugins {
namespace {

constexpr int64_t ask_every_ns = 100'000'000;

// So much of it counts as one fault. Without the kernel's word a shorter call may be the machine's
// fault alone: a busy one takes a thread off its processor for as long.
constexpr int64_t counted_ns = 100'000'000;

// "RAN WAITED TURNS", of the thread that opened it; kept open, for a read is cheap.
std::optional<int64_t> read_wait() {
    thread_local const net::FileDescriptor file(
        ::open("/proc/thread-self/schedstat", O_RDONLY | O_CLOEXEC));
    std::array<char, 96> bytes{};
    const auto size = file ? ::pread(file.get(), bytes.data(), bytes.size(), 0) : -1;
    if (size <= 0) return std::nullopt;
    const std::string_view text(bytes.data(), static_cast<size_t>(size));
    const auto gap = text.find(' ');
    if (gap == text.npos) return std::nullopt;
    int64_t waited = 0;
    const auto read = std::from_chars(text.data() + gap + 1, text.data() + text.size(), waited);
    if (read.ec != std::errc()) return std::nullopt;
    return waited;
}

struct Asked {
    int64_t at_ns = -ask_every_ns;
    std::optional<int64_t> waited_ns;
};
constinit thread_local Asked last_asked;

}  // namespace

void note_call_begins(int64_t now_ns) {
    if (now_ns - last_asked.at_ns < ask_every_ns) return;
    last_asked = {.at_ns = now_ns, .waited_ns = read_wait()};
}

std::optional<int64_t> processor_wait_ns() {
    const auto now = read_wait();
    if (!now || !last_asked.waited_ns) return std::nullopt;
    return *now - *last_asked.waited_ns;
}

FaultWeight LateCalls::weigh(int64_t held_ns, std::optional<int64_t> waited_ns) {
    if (!waited_ns) return held_ns < counted_ns ? FaultWeight::forgiven : FaultWeight::counted;
    const auto own = held_ns - *waited_ns;
    if (own <= 0) return FaultWeight::forgiven;
    if (own_ns_.fetch_add(own, std::memory_order_relaxed) + own < counted_ns)
        return FaultWeight::forgiven;
    own_ns_.store(0, std::memory_order_relaxed);
    return FaultWeight::counted;
}

}  // namespace patchbay::plugins
