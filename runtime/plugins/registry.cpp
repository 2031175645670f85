#include "runtime/plugins/registry.hpp"

#include "runtime/plugins/instance.hpp"
#include "runtime/plugins/library.hpp"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <mutex>

namespace patchbay::plugins {

struct Registry::Impl {
    // One line of the config, and what became of it.
    struct Entry {
        InstanceStatus status;
        InstanceRef instance;  // nullptr = off
    };

    std::vector<std::string> folders;
    std::shared_ptr<const HostServices> services;
    mutable std::mutex mutex;  // guards entries
    std::vector<Entry> entries;

    Result<InstanceRef> create(const InstanceSpec& spec, InstanceStatus& status) const;
    void add(Entry entry);
};

Result<InstanceRef> Registry::Impl::create(const InstanceSpec& spec, InstanceStatus& status) const {
    const auto path = find_library(spec.library, folders);
    if (!path) return std::unexpected(path.error());
    status.path = path->string();
    const auto library = load_library(*path);
    if (!library) return std::unexpected(library.error());
    status.path = library->path.string();
    status.id = library->entry->id;
    status.version = library->entry->version;
    auto instance = Instance::create(spec, *library, services);
    if (!instance) return instance;
    status.interfaces = (*instance)->interfaces();
    status.models = (*instance)->models();
    return instance;
}

void Registry::Impl::add(Entry entry) {
    const std::lock_guard lock(mutex);
    entries.push_back(std::move(entry));
}

Registry::Registry(std::vector<std::string> folders, HostServices services)
    : impl_(std::make_unique<Impl>()) {
    impl_->folders = std::move(folders);
    impl_->services = std::make_shared<const HostServices>(std::move(services));
}

Registry::~Registry() { destroy(); }

Result<void> Registry::load(const std::vector<InstanceSpec>& specs) {
    for (const auto& spec : specs) {
        Impl::Entry entry;
        entry.status.name = spec.name;
        entry.status.library = spec.library;
        if (!spec.enabled) {
            entry.status.reason = "disabled in the config";
            impl_->add(std::move(entry));
            continue;
        }
        auto instance = impl_->create(spec, entry.status);
        if (instance) {
            entry.instance = std::move(*instance);
            entry.status.state = InstanceState::on;
            spdlog::info("plugin {}: {} {} is on", spec.name, entry.status.id,
                         entry.status.version);
            impl_->add(std::move(entry));
            continue;
        }
        auto error = std::move(instance.error());
        entry.status.reason = error.message;
        spdlog::warn("plugin {} is off: {}", spec.name, error.message);
        impl_->add(std::move(entry));
        if (!spec.required) continue;
        error.message = fmt::format("plugin {} is required, but off: {}", spec.name, error.message);
        return std::unexpected(std::move(error));
    }
    return {};
}

InstanceRef Registry::find(std::string_view name) const {
    const std::lock_guard lock(impl_->mutex);
    for (const auto& entry : impl_->entries) {
        if (entry.status.name == name && entry.instance) return entry.instance;
    }
    return nullptr;
}

std::vector<InstanceRef> Registry::providers() const {
    const std::lock_guard lock(impl_->mutex);
    std::vector<InstanceRef> providers;
    for (const auto& entry : impl_->entries) {
        if (entry.instance && is_provider(*entry.instance)) providers.push_back(entry.instance);
    }
    return providers;
}

std::vector<InstanceStatus> Registry::list() const {
    const std::lock_guard lock(impl_->mutex);
    std::vector<InstanceStatus> list;
    list.reserve(impl_->entries.size());
    for (const auto& entry : impl_->entries) {
        auto& status = list.emplace_back(entry.status);
        if (entry.instance) status.faults = entry.instance->faults();
    }
    return list;
}

void Registry::destroy() {
    std::vector<InstanceRef> instances;
    {
        const std::lock_guard lock(impl_->mutex);
        for (auto& entry : impl_->entries) {
            if (!entry.instance) continue;
            entry.status.state = InstanceState::off;
            entry.status.reason = "the server is stopping";
            entry.status.faults = entry.instance->faults();
            instances.push_back(std::exchange(entry.instance, nullptr));
        }
    }
    for (const auto& instance : instances) instance->destroy();
}

}  // namespace patchbay::plugins
