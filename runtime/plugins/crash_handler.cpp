#include "runtime/plugins/crash_handler.hpp"

#include "runtime/plugins/breadcrumb.hpp"

#include <dlfcn.h>
#include <link.h>
#include <signal.h>
#include <ucontext.h>
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

void* place_of(void* context) {
    const auto& machine = static_cast<const ucontext_t*>(context)->uc_mcontext;
#if defined(__x86_64__)
    return reinterpret_cast<void*>(machine.gregs[REG_RIP]);
#elif defined(__aarch64__)
    return reinterpret_cast<void*>(machine.pc);
#else
    static_cast<void>(machine);
    return nullptr;
#endif
}

// The file whose code crashed: a thread of a plugin's own has no call to be known by.
void add_file(Line& line, void* place) {
    dl_find_object found{};  // the one look-up that takes no lock
    if (!place || _dl_find_object(place, &found) != 0 || !found.dlfo_link_map) return;
    const std::string_view name = found.dlfo_link_map->l_name;
    if (name.empty()) return;  // the program itself
    line.add(", in ");
    line.add(name);
}

void on_crash(int signal, siginfo_t*, void* context) {
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
        line.add(" outside of any call into a plugin");
        add_file(line, place_of(context));
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
        action.sa_sigaction = on_crash;
        action.sa_flags = SA_ONSTACK | SA_SIGINFO;
        sigemptyset(&action.sa_mask);
        sigaction(crashes[i].signal, &action, &previous[i]);
    }
}

}  // namespace patchbay::plugins
