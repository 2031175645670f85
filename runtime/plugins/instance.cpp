#include "runtime/plugins/instance.hpp"

#include "runtime/plugins/abi_text.hpp"
#include "runtime/plugins/about.hpp"
#include "runtime/plugins/host_interfaces.hpp"
#include "runtime/plugins/models.hpp"
#include "runtime/plugins/plugin_call.hpp"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <mutex>
#include <set>

namespace patchbay::plugins {
namespace {

// A copy of the name that lives as long as the process: a crash or the watchdog may read it when
// the instance is gone. There are as many as a config has instances.
const std::string* lasting(const std::string& name) {
    static auto* const mutex = new std::mutex;
    static auto* const names = new std::set<std::string>;
    const std::lock_guard lock(*mutex);
    return &*names->insert(name).first;
}

// The last reference may go on a lane, where destroy() must not run.
void give_up(Instance* last) {
    std::unique_ptr<Instance> instance(last);
    if (!instance->is_made() || !instance->services().run_control) return;
    spdlog::info("plugin {}: an instance without users goes", instance->name());
    const auto run_control = instance->services().run_control;  // a copy: it outlives the instance
    run_control([instance = std::move(instance)]() mutable { instance.reset(); });
}

}  // namespace

const std::string& name_of(const Instance& instance) { return instance.name(); }
const std::vector<ModelInfo>& models_of(const Instance& instance) { return instance.models(); }
const std::vector<MethodInfo>& methods_of(const Instance& instance) { return instance.methods(); }
const std::vector<ToolInfo>& tools_of(const Instance& instance) { return instance.tools(); }
bool is_agent(const Instance& instance) { return instance.tables().agent != nullptr; }
bool needs_no_model(const Instance& instance) { return instance.needs_no_model(); }
bool is_provider(const Instance& instance) { return instance.tables().provider != nullptr; }
bool is_alive(const Instance& instance) { return instance.is_alive(); }
bool is_auth(const Instance& instance) { return instance.tables().auth != nullptr; }

Instance::Instance(const InstanceSpec& spec, const Library& library,
                   std::shared_ptr<const HostServices> services)
    : name_(lasting(spec.name)),
      entry_(library.entry),
      services_(std::move(services)),
      metrics_(*name_, services_->metrics),
      faults_(services_->fault_limit) {
    host_.abi = {.abi = PATCHBAY_ABI_MAJOR,
                 .draft = PATCHBAY_ABI_DRAFT,
                 .version = services_->version.c_str(),
                 .get_interface = host_get_interface,
                 .set_error = host_set_error};
    host_.instance = this;
}

Instance::~Instance() {
    { const std::lock_guard unused_by_others(marked_instances()); }
    destroy();
}

Result<InstanceRef> Instance::create(const InstanceSpec& spec, const Library& library,
                                     std::shared_ptr<const HostServices> services) {
    const auto about = parse_about(library.entry->about_json);
    if (!about) return std::unexpected(about.error());
    if (auto fits = check_config(*about, spec.config_json); !fits)
        return std::unexpected(fits.error());

    InstanceRef instance(new Instance(spec, library, std::move(services)), give_up);
    instance->needs_no_model_ = about->needs_no_model;
    if (auto done = instance->negotiate(about->interfaces); !done)
        return std::unexpected(done.error());
    if (auto done = instance->start(spec.config_json); !done) return std::unexpected(done.error());
    if (auto done = instance->read_offers(); !done) return std::unexpected(done.error());
    return instance;
}

Result<const void*> Instance::ask_for(std::string_view interface_id) {
    PluginCall call(*this, "get_interface", PluginCall::Where::control);
    const void* table = nullptr;
    if (!call.guarded([&] { table = entry_->get_interface(borrow(interface_id)); }))
        return std::unexpected(call.error_of(PATCHBAY_E_INTERNAL));
    return table;
}

Result<void> Instance::negotiate(const std::vector<std::string>& promised) {
    auto tables = negotiate_interfaces([this](std::string_view id) { return ask_for(id); });
    if (!tables) return std::unexpected(tables.error());
    tables_ = *tables;
    if (!tables_.ids().empty()) return {};
    return failure(ErrorCode::unsupported,
                   promised.empty()
                       ? "it offers no interface that this host knows"
                       : fmt::format("it offers no interface that this host knows, only {}",
                                     fmt::join(promised, ", ")));
}

Result<void> Instance::start(const std::string& config_json) {
    PluginCall call(*this, "create", PluginCall::Where::control);
    patchbay_status status = PATCHBAY_E_INTERNAL;
    in_create_.store(true, std::memory_order_release);
    const bool returned =
        call.guarded([&] { status = entry_->create(host(), borrow(config_json), &state_); });
    in_create_.store(false, std::memory_order_release);
    if (!returned || status < 0) return std::unexpected(call.error_of(status));
    alive_.store(true, std::memory_order_release);
    return {};
}

Result<void> Instance::read_offers() {
    if (tables_.agent) methods_ = chat_alone();
    auto read = read_offer("provider.models", tables_.provider ? tables_.provider->models : nullptr,
                           parse_models, models_);
    if (read)
        read = read_offer("agent.methods", tables_.agent ? tables_.agent->methods : nullptr,
                          parse_methods, methods_);
    if (read)
        read = read_offer("tool.describe", tables_.tool ? tables_.tool->describe : nullptr,
                          parse_tools, tools_);
    return read;
}

template <class Info>
Result<void> Instance::read_offer(const char* slot, patchbay_str (*say)(void* instance),
                                  Result<std::vector<Info>> (*parse)(std::string_view),
                                  std::vector<Info>& offer) {
    if (!say) return {};
    PluginCall call(*this, slot, PluginCall::Where::control);
    patchbay_str json{};
    if (!call.guarded([&] { json = say(state_); }))
        return std::unexpected(call.error_of(PATCHBAY_E_INTERNAL));
    auto offered = parse(view(json));
    if (!offered) return std::unexpected(offered.error());
    offer = std::move(*offered);
    return {};
}

void Instance::destroy() {
    if (!alive_.exchange(false, std::memory_order_acq_rel)) return;
    PluginCall call(*this, "destroy", PluginCall::Where::control);
    call.guarded([&] { entry_->destroy(state_); });
    state_ = nullptr;
}

void Instance::fault(std::string_view what, FaultWeight weight) {
    const bool too_many = faults_.add(what, weight);
    if (may_log()) spdlog::warn("plugin {}: {} (fault {})", name(), what, faults_.total());
    if (too_many) spdlog::error("plugin {} is off: {}", name(), faults_.report().verdict);
}

void Instance::note(std::string_view what) {
    if (may_log()) spdlog::info("plugin {}: {}", name(), what);
}

bool Instance::may_log() { return fault_lines_.next() == LineLimit::Verdict::write; }

}  // namespace patchbay::plugins
