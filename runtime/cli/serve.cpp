#include "runtime/cli/serve.hpp"

#include "runtime/cli/log_pattern.hpp"
#include "runtime/cli/running_server.hpp"
#include "runtime/cli/supervisor.hpp"
#include "runtime/config/load.hpp"
#include "runtime/plugins/crash_handler.hpp"

#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include <fcntl.h>
#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <filesystem>

namespace patchbay::cli {
namespace {

constexpr unsigned shutdown_margin_s =
    15;  // beyond drain_timeout; then a stuck plugin is left behind

// Logs go to standard error: standard output has the ready line alone.
void set_up_logs(const config::Config& config) {
    spdlog::set_default_logger(std::make_shared<spdlog::logger>(
        "patchbay", std::make_shared<spdlog::sinks::stderr_sink_mt>()));
    spdlog::set_level(config.debug_logs ? spdlog::level::debug : spdlog::level::info);
    spdlog::set_formatter(log_formatter());
}

// The signals that the server obeys are waited for; before any thread is made, so that all inherit
// it.
sigset_t block_signals() {
    std::signal(SIGPIPE, SIG_IGN);
    sigset_t set;
    sigemptyset(&set);
    for (const int number : {SIGTERM, SIGINT, SIGHUP}) sigaddset(&set, number);
    pthread_sigmask(SIG_BLOCK, &set, nullptr);
    return set;
}

bool has_terminal() {
    const int terminal = ::open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY);
    if (terminal >= 0) ::close(terminal);
    return terminal >= 0;
}

// SIGHUP says "reload", but for a server whose terminal was closed: there it ends it, as it would
// any other program.
int wait_for_end(const sigset_t& set, RunningServer& server, const Supervisor& supervisor) {
    const bool in_terminal = has_terminal();
    int number = 0;
    while (true) {
        sigwait(&set, &number);
        if (number != SIGHUP || (in_terminal && !has_terminal())) return number;
        spdlog::info("SIGHUP: reloading");
        supervisor.reloading();
        server.reload([&supervisor](const auto& report) {  // the log says more
            supervisor.ready(report ? "serving; reloaded the config"
                                    : "serving; a reload was refused, nothing has changed");
        });
    }
}

void show_admin_key(const RunningServer& server) {
    if (server.new_admin_key_file().empty()) return;
    spdlog::info("first start: the admin's key is in {}", server.new_admin_key_file());
    if (isatty(STDERR_FILENO))
        std::fprintf(stderr, "admin key: %s\n", server.new_admin_key().c_str());
}

void show_first_request(const config::Config& config, const std::string& url) {
    const auto key = std::filesystem::absolute(config.store.data_dir) / "admin.key";
    std::printf(
        "try:  curl -N %s/api/stream/stream-conversation -H \"X-API-Key: $(cat '%s')\" "
        "-H 'Content-Type: application/json' -d '{\"message\": \"What can you do?\"}'\n",
        url.c_str(), key.c_str());
}

void announce(const RunningServer& server, const config::Config& config, bool dev) {
    show_admin_key(server);
    for (const auto& sentence : config::warnings(config)) spdlog::warn("{}", sentence);
    for (const auto& url : server.addresses())
        std::printf("patchbay listening on %s\n", url.c_str());
    if (dev) show_first_request(config, server.addresses().front());
    std::fflush(stdout);
}

config::Checked<config::Config> for_development(config::Checked<config::Config> config, bool dev) {
    if (config && dev) config->server.cors_origins.push_back("http://localhost:*");
    return config;
}

ConfigSource source_of(const config::LoadOptions& options, bool dev) {
    return {.read = [options] { return config::read_layers(options); },
            .check =
                [options, dev](config::Layers layers) {
                    return for_development(config::load_from(std::move(layers), options), dev);
                },
            .check_change =
                [options, dev](config::Layers layers, const std::string& plugin) {
                    return for_development(config::load_change(std::move(layers), plugin, options),
                                           dev);
                }};
}

}  // namespace

int serve(const ServeFlags& flags) {
    config::LoadOptions options{
        .file = flags.config, .listen = flags.listen, .data_dir = flags.data_dir};
    const auto config = for_development(config::load(options), flags.dev);
    if (!config) {
        std::fputs(config::sentences(config.error()).c_str(), stderr);
        return 2;
    }
    options.overrides_dir = config->store.data_dir;  // a server keeps its data folder
    set_up_logs(*config);
    const auto signals = block_signals();
    const auto supervisor = Supervisor::of_this_process();
    plugins::install_crash_handler();

    RunningServer server(*config, source_of(options, flags.dev));
    if (const auto started = server.start(); !started) {
        std::fprintf(stderr, "%s\n", started.error().message.c_str());
        server.stop();
        std::fflush(nullptr);
        _exit(1);
    }
    announce(server, *config, flags.dev);
    supervisor.ready("serving");

    spdlog::info("signal {}: stopping", strsignal(wait_for_end(signals, server, supervisor)));
    supervisor.stopping();
    alarm(static_cast<unsigned>(config->server.drain_timeout.count() / 1000) + shutdown_margin_s);
    server.stop();
    spdlog::info("stopped");
    spdlog::default_logger()->flush();  // it stays: what is left behind may have something to say
    std::fflush(nullptr);
    _exit(0);  // no library is unloaded
}

}  // namespace patchbay::cli
