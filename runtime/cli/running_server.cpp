#include "runtime/cli/running_server.hpp"

#include "db/api_key.hpp"
#include "runtime/cli/change_in_turn.hpp"
#include "runtime/cli/offers.hpp"
#include "runtime/cli/plugin_folders.hpp"
#include "runtime/cli/plugin_specs.hpp"
#include "runtime/cli/private_file.hpp"
#include "runtime/cli/tls_files.hpp"
#include "runtime/cli/version.hpp"
#include "runtime/config/expand.hpp"
#include "runtime/plugins/answer.hpp"
#include "runtime/plugins/exporter.hpp"

#include <fcntl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <filesystem>
#include <future>
#include <thread>

namespace patchbay::cli {
namespace {

using namespace std::chrono_literals;

constexpr unsigned worker_threads = 4;
constexpr size_t worker_queue = 4096;
constexpr size_t control_queue = 64;
constexpr size_t job_queue = 1024;  // of one plugin instance, as the next
constexpr unsigned most_job_threads = 16;
constexpr size_t reserved_files = 512;  // for the store, plugins and upstreams without a client
constexpr size_t least_files = reserved_files + 64;
constexpr auto plugin_patience = 1s;   // for chats that close after the last run has ended
constexpr auto export_patience = 2s;   // for the spans of those
constexpr auto control_patience = 8s;  // for instances that are being made or destroyed

unsigned lane_count() { return std::clamp(std::thread::hardware_concurrency(), 1u, 64u); }

// Raises this process's limit of open files as far as it may go, and says how far that is.
size_t open_file_limit() {
    rlimit limit{};
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return 1024;
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
    getrlimit(RLIMIT_NOFILE, &limit);
    return limit.rlim_cur;
}

void set_limit(const config::PluginFaultsConfig& faults, plugins::FaultLimit& limit) {
    limit.count = faults.limit;
    limit.window = faults.window;
}

http::Changed refused(config::Problems problems) {
    return std::unexpected(http::ChangeRefusal{.problems = std::move(problems)});
}

void log_reload(const http::Changed& report, const config::Layers& running) {
    if (report) {
        spdlog::info("reloaded the config");
        for (const auto& pointer : report->needs_restart)
            spdlog::warn("reload: {} changes at the next start only", pointer);
        for (const auto& sentence : config::override_warnings(running))
            spdlog::warn("reload: {}", sentence);
        return;
    }
    spdlog::error("reload refused, nothing has changed");
    if (report.error().error) spdlog::error("reload: {}", report.error().error->message);
    for (const auto& problem : report.error().problems)
        spdlog::error("reload: {}", problem.sentence());
}

void log_warnings(const config::Config& config, const plugins::InstanceSet& instances) {
    for (const auto& sentence : offer_warnings(config, instances)) spdlog::warn("{}", sentence);
}

engine::EngineOptions engine_options(const config::Config& config) {
    return {
        .on_conflict = engine::on_conflict_named(config.runs.on_conflict)
                           .value_or(engine::OnConflict::enqueue),
        .on_crash = engine::on_crash_named(config.runs.on_crash).value_or(engine::OnCrash::resume),
        .queue_limit = config.runs.queue_limit,
        .grace = config.runs.grace,
        .run_timeout = config.runs.timeout,
        .token_budget = config.runs.token_budget,
        .points_per_1000_tokens = config.billing.points_per_1000_tokens};
}

}  // namespace

RunningServer::RunningServer(const config::Config& config, ConfigSource source)
    : config_(config),
      source_(std::move(source)),
      layers_(config.layers),
      control_(1, control_queue),
      jobs_({.threads = std::min(lane_count(), most_job_threads), .queue_limit = job_queue}) {
    set_limit(config.plugin_faults, *fault_limit_);
}

RunningServer::~RunningServer() { stop(); }

Result<void> RunningServer::start() {
    if (const auto files = open_file_limit(); files < least_files) {
        return failure(ErrorCode::bad_request,
                       fmt::format("This process may open {} files only: raise the limit to {} or "
                                   "more (ulimit -n).",
                                   files, least_files));
    }
    for (auto step :
         {&RunningServer::open_tls, &RunningServer::open_store, &RunningServer::load_plugins}) {
        if (auto done = (this->*step)(); !done) return done;
    }
    make_engine();
    return listen();
}

Result<void> RunningServer::open_tls() {
    auto tls = load_tls(config_);
    if (!tls) return failure(ErrorCode::bad_request, config::sentences(tls.error()));
    if (*tls == nullptr) return {};
    log_tls(**tls);
    tls_ = std::make_shared<net::CurrentTls>(std::move(*tls));
    return {};
}

Result<void> RunningServer::open_store() {
    auto opened = open_sqlite_store({.data_dir = config_.store.data_dir,
                                     .power_loss = config_.store.power_loss,
                                     .retention = config_.store.retention,
                                     .max_bytes = config_.store.max_bytes});
    if (!opened) return std::unexpected(opened.error());
    store_ = std::move(*opened);
    const auto records = store_->credentials();
    if (!records) return std::unexpected(records.error());
    credentials_.load(*records);
    return records->empty() ? make_admin_key() : Result<void>{};
}

Result<void> RunningServer::make_admin_key() {
    auto made = make_api_key(Role::admin, "admin", owner_of_key("", "admin"));
    if (!made) return std::unexpected(made.error());
    const auto path = std::filesystem::absolute(config_.store.data_dir) / "admin.key";
    if (auto written = write_private_file(path, made->text + "\n"); !written) return written;
    if (auto stored = store_->insert_credential(made->record); !stored) return stored;
    credentials_.put(made->record);
    new_admin_key_file_ = path;
    new_admin_key_ = made->text;
    return {};
}

Result<void> RunningServer::load_plugins() {
    workers_ = std::make_unique<net::Workers>(worker_threads, worker_queue);
    values_ = std::make_unique<engine::KeyValueService>(*store_, *workers_);
    plugins::HostServices services{
        .find_credential = [this](std::string_view id) { return credentials_.find(id); },
        .resolve_secret =
            [](std::string_view reference) {
                return config::expand(reference, config::process_environment());
            },
        .run_control = [this](net::Task task) { (void)control_.post_anyway(std::move(task)); },
        .jobs = &jobs_,
        .values = values_.get(),
        .metrics = plugin_metrics_,
        .version = version(),
        .fault_limit = fault_limit_};
    registry_ = std::make_unique<plugins::Registry>(plugin_folders(config_), std::move(services),
                                                    config_.store.data_dir + "/plugins-cache");
    if (auto loaded = registry_->load(plugin_specs(config_)); !loaded) return loaded;
    const auto problems = check_offers(config_, registry_->instances());
    if (!problems.empty()) return failure(ErrorCode::bad_request, config::sentences(problems));
    log_warnings(config_, registry_->instances());
    return {};
}

void RunningServer::make_engine() {
    lanes_ = std::make_unique<net::Lanes>(lane_count(), resolver_);
    checks_ = std::make_unique<plugins::CheckLane>(resolver_, deadlines_);
    offers_ = std::make_unique<engine::CurrentOffers>(offers_of(config_, registry_->instances()));
    engine_ = std::make_unique<engine::Engine>(*lanes_, *workers_, *store_, *offers_,
                                               engine_options(config_));
    server_ = std::make_unique<http::Server>(
        *engine_, *checks_, deadlines_, *registry_, credentials_,
        http::Administration{.reload = [this](http::OnChanged done) { reload(std::move(done)); },
                             .change_plugin =
                                 [this](config::PluginChange change, http::OnChanged done) {
                                     change_plugin(std::move(change), std::move(done));
                                 },
                             .layers = [this] { return *layers_.get(); }},
        server_options(config_));
    server_->set_more_metrics([this](observe::Metrics& metrics) { add_metrics(metrics); });
    engine_->set_spans(spans_);
    set_span_targets();
}

void RunningServer::set_span_targets() {
    spans_.set_targets(plugins::span_targets(registry_->instances()));
}

void RunningServer::add_metrics(observe::Metrics& metrics) const {
    const auto& spans = spans_.counters();
    metrics.counter("patchbay_spans_recorded_total", "Spans for which there was an exporter",
                    spans.recorded);
    metrics.counter("patchbay_spans_exported_total", "Spans that an exporter has taken",
                    spans.exported);
    metrics.counter("patchbay_spans_dropped_total",
                    "Spans that an exporter was too slow for, or has refused", spans.dropped);
    metrics.counter("patchbay_span_batches_failed_total",
                    "Calls of exporters that failed, or took too long", spans.failed_batches);
    metrics.gauge("patchbay_jobs_waiting", "Jobs of plugins that have not begun", jobs_.waiting());
    metrics.gauge("patchbay_jobs_running", "Jobs of plugins that have begun", jobs_.running());
    metrics.add(plugin_metrics_->collect());
}

http::ServerOptions RunningServer::server_options(const config::Config& config) const {
    http::ServerOptions options{
        .allow_anonymous = config.allow_anonymous,
        .cors = http::Cors(config.server.cors_origins),
        .trusted_proxies = http::TrustedProxies(config.server.trusted_proxies),
        .bad_credentials_per_minute = config.server.bad_credentials_per_minute,
        .streams = {.heartbeat = config.server.heartbeat,
                    .stall_timeout = config_.server.stall_timeout}};
    for (const auto& name : config.auth) {
        options.auth.push_back({name, registry_->find(name)});
        if (!options.auth.back().instance)
            spdlog::error("auth '{}' is off: whom it would be asked about gets 503", name);
    }
    return options;
}

net::GateOptions RunningServer::gate_options() const {
    const size_t room = (open_file_limit() - reserved_files) / 2;  // start() has checked it
    return {.listen = config_.server.listen,
            .control_socket = config_.store.data_dir + "/control.sock",
            .tls = tls_,
            .max_connections = std::min(config_.server.max_connections, room),
            .head_bytes = config_.server.head_bytes,
            .body_bytes = config_.server.body_bytes,
            .total_body_bytes = config_.server.total_body_bytes,
            .total_waiting_bytes = config_.server.total_body_bytes,
            .head_timeout = config_.server.head_timeout,
            .body_timeout = config_.server.body_timeout,
            .write_timeout = config_.server.stall_timeout,
            .error_headers = [this](const std::string& origin) {
                return server_->error_headers(origin);
            }};
}

Result<void> RunningServer::listen() {
    gate_ = std::make_unique<net::Gate>(
        gate_options(), [this](net::Exchange exchange) { server_->handle(std::move(exchange)); });
    server_->set_gate(*gate_);
    // What was open waits on the lanes until they start; and they start only when the server can
    // listen: a start that fails must leave open runs as they are. Requests are answered when the
    // lanes have taken it over: who asks what is open is told.
    if (auto recovered = engine_->recover(); !recovered) return recovered;
    if (auto listening = gate_->start(); !listening) return listening;
    lanes_->start();
    engine_->wait_for_lanes();
    checks_->start();
    running_ = true;
    return {};
}

void RunningServer::reload(http::OnChanged done) {
    auto told = [this, done = std::move(done)](http::Changed report) mutable {
        log_reload(report, **layers_.get());
        done(std::move(report));
    };
    change_in_turn(
        control_, [this] { return reload_now(); }, std::move(told));
}

// What the API changed without "persist" ends here.
http::Changed RunningServer::reload_now() {
    auto layers = source_.read();
    if (!layers) return refused(std::move(layers.error()));
    auto next = source_.check(std::move(*layers));
    if (!next) return refused(std::move(next.error()));
    auto tls = load_tls(*next);
    if (!tls) return refused(std::move(tls.error()));
    auto report = take_over(*next, "", [] { return Result<void>(); });
    if (!report) return refused(std::move(report.error()));
    if (tls_ && *tls) {
        log_tls(**tls);
        tls_->set(std::move(*tls));
    }
    return std::move(*report);
}

void RunningServer::change_plugin(config::PluginChange change, http::OnChanged done) {
    change_in_turn(
        control_, [this, change = std::move(change)] { return change_now(change); },
        std::move(done));
}

http::Changed RunningServer::change_now(const config::PluginChange& change) {
    const auto running = *layers_.get();
    const bool writes = change.persist || change.forget;
    if (auto kept = writes ? overrides_unchanged(*running) : Result<void>(); !kept)
        return std::unexpected(http::ChangeRefusal{.error = kept.error()});
    auto layers = config::with_change(*running, change);
    if (!layers) return refused(std::move(layers.error()));
    const auto next = source_.check_change(std::move(*layers), change.name);
    if (!next) return refused(next.error());

    std::optional<Error> failed;
    const auto commit = [&]() -> Result<void> {
        if (!writes) return {};
        const auto path = config::overrides_path(config_.store.data_dir);
        auto written = write_private_file(path, config::text_of(next->layers->persisted));
        if (!written) failed = written.error();
        return written;
    };
    auto report = take_over(*next, change.name, commit);
    if (report) return std::move(*report);
    return std::unexpected(http::ChangeRefusal{.problems = report.error(), .error = failed});
}

// What somebody wrote there by hand is not to be lost.
Result<void> RunningServer::overrides_unchanged(const config::Layers& running) const {
    const auto path = config::overrides_path(config_.store.data_dir);
    const auto there = config::read_overrides(path);
    if (there && config::text_of(*there) == config::text_of(running.persisted)) return {};
    return failure(ErrorCode::conflict, path + " has changed since it was read: reload first.");
}

// All that can fail comes first. Then requests that arrive meanwhile see each part either old or
// new; both hold the instances they need.
config::Checked<config::ReloadReport> RunningServer::take_over(const config::Config& next,
                                                               const std::string& only,
                                                               const Commit& commit) {
    const auto check = [&](const plugins::InstanceSet& instances) {
        auto problems = check_offers(next, instances);
        if (!problems.empty()) return problems;
        if (const auto committed = commit(); !committed)
            problems.push_back({"", committed.error().message, "a disk that can be written"});
        return problems;
    };
    auto changes = registry_->reload(
        {.folders = plugin_folders(next), .specs = plugin_specs(next), .only = only}, check);
    if (!changes) return std::unexpected(std::move(changes.error()));
    set_limit(next.plugin_faults, *fault_limit_);
    offers_->set(offers_of(next, registry_->instances()));
    log_warnings(next, registry_->instances());
    engine_->set_options(engine_options(next));
    set_span_targets();
    server_->set_options(server_options(next));
    layers_.set(next.layers);
    return config::ReloadReport{.plugins_added = std::move(changes->added),
                                .plugins_replaced = std::move(changes->replaced),
                                .plugins_removed = std::move(changes->removed),
                                .plugins_unchanged = std::move(changes->unchanged),
                                .needs_restart = config::needs_restart(config_, next)};
}

// The last task says that those before it have returned.
void RunningServer::stop_control() {
    const auto last = std::make_shared<std::promise<void>>();
    (void)control_.post_anyway([last] { last->set_value(); });
    if (last->get_future().wait_for(control_patience) == std::future_status::ready)
        return control_.stop();
    spdlog::error("a plugin that is being made or destroyed does not return: it is left behind");
}

void RunningServer::stop() {
    if (std::exchange(stopped_, true)) return;
    if (gate_) gate_->drain();
    if (running_) {
        engine_->drain(config_.server.drain_timeout);
        engine_->stop_viewers();
        const auto deadline = std::chrono::steady_clock::now() + plugin_patience;
        while (plugins::open_handles() > 0 && std::chrono::steady_clock::now() < deadline) {
            std::this_thread::sleep_for(5ms);  // plugins are closing their chats
        }
    }
    if (gate_) gate_->stop();
    if (workers_) workers_->stop();
    if (values_) values_->stop();
    // What still runs in a plugin is left behind, with the instances: this process is about to end.
    const bool jobs_ended = jobs_.stop(plugin_patience);
    const bool exporters_ended = spans_.stop(export_patience);
    if (!jobs_ended) spdlog::error("jobs of plugins do not end: they are left behind");
    if (!exporters_ended) spdlog::error("an exporter does not return: it is left behind");
    deadlines_.stop();
    const bool lanes_ended = !lanes_ || lanes_->stop_within(plugin_patience) == 0;
    const bool checks_ended = !checks_ || checks_->stop(plugin_patience);
    if (!lanes_ended || !checks_ended)
        spdlog::error("a plugin does not let go of its lane: it is left behind");
    if (store_) store_->close();
    if (registry_ && plugins::open_handles() == 0 && exporters_ended)
        (void)control_.post_anyway([this] { registry_->destroy(); });
    stop_control();
}

}  // namespace patchbay::cli
