#include "runtime/plugins/crash_handler.hpp"

#include "runtime/plugins/breadcrumb.hpp"

#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <string_view>

namespace patchbay::plugins {
namespace {

struct Crash {
    int signal;
    std::string_view name;
};
constexpr std::array<Crash, 5> crashes{{{SIGSEGV, "SIGSEGV"},
                                        {SIGBUS, "SIGBUS"},
                                        {SIGILL, "SIGILL"},
                                        {SIGFPE, "SIGFPE"},
                                        {SIGABRT, "SIGABRT"}}};

std::array<struct sigaction, crashes.size()> previous;

size_t index_of(int signal) {
    const auto* const place = std::find_if(
        crashes.begin(), crashes.end(), [=](const Crash& each) { return each.signal == signal; });
    return static_cast<size_t>(place - crashes.begin());
}

// One line, put together without malloc: only what a signal handler may do.
class Line {
public:
    void add(std::string_view text) {
        const auto taken = std::min(text.size(), bytes_.size() - size_);
        std::memcpy(bytes_.data() + size_, text.data(), taken);
        size_ += taken;
    }
    void write() const {
        const auto ignored = ::write(STDERR_FILENO, bytes_.data(), size_);
        static_cast<void>(ignored);
    }

private:
    std::array<char, 512> bytes_{};
    size_t size_ = 0;
};

void on_crash(int signal) {
    const auto index = index_of(signal);
    Line line;
    line.add("patchbay: ");
    line.add(crashes[index].name);
    if (const auto* const call = current_breadcrumb()) {
        line.add(" in plugin instance ");
        line.add(call->instance);
        line.add(", in ");
        line.add(call->slot);
        if (!call->run_id.empty()) line.add(", run ");
        line.add(call->run_id);
    } else {
        line.add(" outside of any plugin");
    }
    line.add("\n");
    line.write();
    // Raised now, delivered when this handler returns; a fault comes again by itself.
    sigaction(signal, &previous[index], nullptr);
    raise(signal);
}

}  // namespace

void install_crash_handler() {
    for (size_t i = 0; i < crashes.size(); ++i) {
        struct sigaction action {};
        action.sa_handler = on_crash;
        action.sa_flags = SA_ONSTACK;
        sigemptyset(&action.sa_mask);
        sigaction(crashes[i].signal, &action, &previous[i]);
    }
}

}  // namespace patchbay::plugins
