#include "runtime/validate/process_state.hpp"

#include <fmt/format.h>

#include <sys/stat.h>
#include <unistd.h>

#include <cfenv>
#include <clocale>
#include <csignal>
#include <cstring>
#include <filesystem>

namespace patchbay::validate {
namespace {

// Handlers, by their address and flags.
void add_handlers(ProcessState& state) {
    for (int signal = 1; signal < NSIG; ++signal) {
        struct sigaction action {};
        const char* name = sigabbrev_np(signal);
        if (!name || sigaction(signal, nullptr, &action) != 0) continue;
        state[fmt::format("the handler of SIG{}", name)] =
            fmt::format("{} {}", reinterpret_cast<uintptr_t>(action.sa_handler), action.sa_flags);
    }
}

std::string blocked_signals() {
    sigset_t blocked;
    std::string names;
    if (pthread_sigmask(SIG_SETMASK, nullptr, &blocked) != 0) return names;
    for (int signal = 1; signal < NSIG; ++signal)
        if (sigismember(&blocked, signal) == 1) names += fmt::format("{} ", signal);
    return names;
}

// umask() tells its value only to who sets another one.
std::string file_mask() {
    const auto mask = umask(0);
    umask(mask);
    return fmt::format("{:o}", mask);
}

std::string environment() {
    std::string all;
    for (char** entry = environ; entry && *entry; ++entry) all += std::string(*entry) + "\n";
    return all;
}

}  // namespace

ProcessState process_state() {
    std::error_code problem;
    ProcessState state = {{"the signals that are blocked", blocked_signals()},
                          {"the working folder", std::filesystem::current_path(problem).string()},
                          {"the locale", setlocale(LC_ALL, nullptr)},
                          {"the umask", file_mask()},
                          {"the environment", environment()},
                          {"the rounding of numbers", std::to_string(std::fegetround())}};
    add_handlers(state);
    return state;
}

std::string changed_between(const ProcessState& before, const ProcessState& after) {
    std::string names;
    for (const auto& [name, value] : after) {
        const auto found = before.find(name);
        if (found != before.end() && found->second == value) continue;
        names += (names.empty() ? "" : ", ") + name;
    }
    return names;
}

}  // namespace patchbay::validate
