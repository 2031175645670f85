// Every part of a running server, wired: made in this order, stopped in the opposite one.
#pragma once

#include "db/store.hpp"
#include "runtime/config/config.hpp"
#include "runtime/config/current.hpp"
#include "runtime/config/layers.hpp"
#include "runtime/engine/credential_directory.hpp"
#include "runtime/engine/engine.hpp"
#include "runtime/engine/key_value_service.hpp"
#include "runtime/engine/models.hpp"
#include "runtime/http/server.hpp"
#include "runtime/net/deadlines.hpp"
#include "runtime/net/gate.hpp"
#include "runtime/net/lane.hpp"
#include "runtime/net/resolver.hpp"
#include "runtime/net/tls_context.hpp"
#include "runtime/net/workers.hpp"
#include "runtime/observe/metrics.hpp"
#include "runtime/observe/plugin_metrics.hpp"
#include "runtime/observe/spans.hpp"
#include "runtime/plugins/check_lane.hpp"
#include "runtime/plugins/job_pool.hpp"
#include "runtime/plugins/registry.hpp"
#include "runtime/plugins/watchdog.hpp"

#include <patchbay/error.hpp>

#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace patchbay::cli {

// The config with all its flags, in two steps.
struct ConfigSource {
    std::function<config::Checked<config::Layers>()> read;  // the files, as they are now
    std::function<config::Checked<config::Config>(config::Layers)> check;
    // Where layers that run have changed for one plugin: no other reference is resolved again.
    std::function<config::Checked<config::Config>(config::Layers, const std::string& plugin)>
        check_change;
};

class RunningServer {
public:
    RunningServer(const config::Config& config, ConfigSource source);
    ~RunningServer();  // stop()

    // Opens the store, loads the plugins, takes over what was open, and listens. One sentence when
    // it cannot.
    Result<void> start();

    // As bound: "http://127.0.0.1:8080".
    const std::vector<std::string>& addresses() const { return gate_->addresses(); }

    // Set when this was the data folder's first start: where the admin key lies.
    const std::string& new_admin_key_file() const { return new_admin_key_file_; }
    const std::string& new_admin_key() const { return new_admin_key_; }

    // Takes over what a running server can of the changed config, whole or not at all, beside the
    // streams that go on. `done` hears on the control thread, or at once when too many changes
    // wait. [any-thread]
    void reload(http::OnChanged done);

    // The same for what an administrator changes about one plugin, and nothing else: no file but
    // that plugin's library, and those that its settings refer to, is looked at again. One change
    // at a time. [any-thread]
    void change_plugin(config::PluginChange change, http::OnChanged done);

    // Stops in order: no new connections and runs; drain_timeout for what runs; then the rest.
    void stop();

private:
    Result<void> open_tls();
    Result<void> open_store();
    Result<void> make_admin_key();
    Result<void> load_plugins();
    void make_engine();
    void add_metrics(observe::Metrics& metrics) const;
    void set_span_targets();
    Result<void> listen();
    void stop_control();
    http::Changed reload_now();
    Result<void> overrides_unchanged(const config::Layers& running) const;  // else conflict
    http::Changed change_now(const config::PluginChange& change);
    // `commit`: the last step that may fail.
    using Commit = std::function<Result<void>()>;
    config::Checked<config::ReloadReport> take_over(const config::Config& next,
                                                    const std::string& only, const Commit& commit);
    http::ServerOptions server_options(const config::Config& config) const;
    net::GateOptions gate_options() const;

    const config::Config config_;  // as at the start
    const ConfigSource source_;
    config::Current<std::shared_ptr<const config::Layers>> layers_;  // of what runs
    const std::shared_ptr<plugins::FaultLimit> fault_limit_ =
        std::make_shared<plugins::FaultLimit>();
    std::string new_admin_key_file_;
    std::string new_admin_key_;
    bool running_ = false;  // the lanes run: there is something to drain
    bool stopped_ = false;

    std::shared_ptr<net::CurrentTls> tls_;  // null = plain HTTP
    net::Workers control_;                  // one thread: instances are created and destroyed there
    engine::CredentialDirectory credentials_;
    net::Resolver resolver_;
    net::Deadlines deadlines_;  // of who waits for a plugin
    std::unique_ptr<Store> store_;
    std::shared_ptr<observe::PluginMetrics> plugin_metrics_ =
        std::make_shared<observe::PluginMetrics>();
    observe::Spans spans_;
    plugins::JobPool jobs_;  // for what plugins do that blocks
    plugins::Watchdog watchdog_{&jobs_};
    std::unique_ptr<net::Workers> workers_;  // for what the server does
    std::unique_ptr<engine::KeyValueService> values_;
    std::unique_ptr<plugins::Registry> registry_;
    std::unique_ptr<net::Lanes> lanes_;
    std::unique_ptr<plugins::CheckLane> checks_;
    std::unique_ptr<engine::CurrentOffers> offers_;
    std::unique_ptr<engine::Engine> engine_;
    std::unique_ptr<http::Server> server_;
    std::unique_ptr<net::Gate> gate_;
};

}  // namespace patchbay::cli
