#include "runtime/plugins/registry.hpp"

#include "runtime/plugins/instance.hpp"
#include "runtime/plugins/library.hpp"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <mutex>
#include <utility>

namespace patchbay::plugins {

namespace {

// One line of the config, and what became of it.
struct Entry {
    InstanceSpec spec;
    InstanceStatus status;
    InstanceRef instance;  // nullptr = off
};

const Entry* find_entry(const std::vector<Entry>& entries, std::string_view name) {
    const auto found = std::ranges::find(
        entries, name, [](const Entry& entry) -> const auto& { return entry.spec.name; });
    return found == entries.end() ? nullptr : &*found;
}

InstanceSet set_of(const std::vector<Entry>& entries) {
    InstanceSet set;
    for (const auto& entry : entries) {
        if (entry.instance) {
            set.on.push_back(entry.instance);
        } else {
            set.off.push_back(entry.spec.name);
        }
    }
    return set;
}

RegistryChanges changes_between(const std::vector<Entry>& before, const std::vector<Entry>& after) {
    RegistryChanges changes;
    for (const auto& entry : after) {
        const Entry* old = find_entry(before, entry.spec.name);
        const bool was_on = old && old->instance;
        const bool is_on = entry.instance != nullptr;
        const bool same = old && old->instance == entry.instance;
        auto& kind = same      ? changes.unchanged
                     : !is_on  ? changes.removed
                     : !was_on ? changes.added
                               : changes.replaced;
        kind.push_back(entry.spec.name);
    }
    for (const auto& entry : before) {
        if (!find_entry(after, entry.spec.name)) changes.removed.push_back(entry.spec.name);
    }
    return changes;
}

}  // namespace

config::Problem off_problem(const std::string& name, const std::string& reason) {
    return {"/plugins/" + name, reason, "a plugin that starts, or \"enabled\": false"};
}

InstanceRef InstanceSet::find(std::string_view name) const {
    const auto found = std::ranges::find(
        on, name, [](const InstanceRef& instance) -> const auto& { return instance->name(); });
    return found == on.end() ? nullptr : *found;
}

struct Registry::Impl {
    std::vector<std::string> folders;
    std::shared_ptr<const HostServices> services;
    mutable std::mutex mutex;  // guards entries, which only [control] changes
    std::vector<Entry> entries;

    Entry make(const InstanceSpec& spec) const;
    Result<InstanceRef> create(const InstanceSpec& spec, InstanceStatus& status) const;
};

Entry Registry::Impl::make(const InstanceSpec& spec) const {
    Entry entry{.spec = spec, .status = {.name = spec.name, .library = spec.library}};
    if (!spec.enabled) {
        entry.status.reason = "disabled in the config";
        return entry;
    }
    auto instance = create(spec, entry.status);
    if (instance) {
        entry.instance = std::move(*instance);
        entry.status.state = InstanceState::on;
        spdlog::info("plugin {}: {} {} is on", spec.name, entry.status.id, entry.status.version);
    } else {
        entry.status.reason = std::move(instance.error().message);
        spdlog::warn("plugin {} is off: {}", spec.name, entry.status.reason);
    }
    return entry;
}

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
    status.interfaces = (*instance)->tables().ids();
    status.models = (*instance)->models();
    return instance;
}

Registry::Registry(std::vector<std::string> folders, HostServices services)
    : impl_(std::make_unique<Impl>()) {
    impl_->folders = std::move(folders);
    impl_->services = std::make_shared<const HostServices>(std::move(services));
}

Registry::~Registry() { destroy(); }

Result<void> Registry::load(const std::vector<InstanceSpec>& specs) {
    for (const auto& spec : specs) {
        auto entry = impl_->make(spec);
        const auto reason = entry.status.reason;
        const bool missing = spec.enabled && spec.required && !entry.instance;
        {
            const std::lock_guard lock(impl_->mutex);
            impl_->entries.push_back(std::move(entry));
        }
        if (missing) {
            return failure(ErrorCode::unavailable,
                           fmt::format("plugin {} is required, but off: {}", spec.name, reason));
        }
    }
    return {};
}

config::Checked<RegistryChanges> Registry::reload(std::vector<std::string> folders,
                                                  const std::vector<InstanceSpec>& specs,
                                                  const Check& check) {
    auto old_folders = std::exchange(impl_->folders, std::move(folders));
    std::vector<Entry> next;
    config::Problems problems;
    for (const auto& spec : specs) {
        const Entry* old = find_entry(impl_->entries, spec.name);
        const bool same = old && old->spec == spec;
        if (same && (old->instance || !spec.enabled)) {
            next.push_back(*old);
            continue;
        }
        const auto& made = next.emplace_back(impl_->make(spec));
        if (spec.enabled && !made.instance && (!same || spec.required)) {
            problems.push_back(off_problem(spec.name, made.status.reason));
        }
    }
    if (problems.empty()) problems = check(set_of(next));
    if (!problems.empty()) {
        impl_->folders = std::move(old_folders);
        return std::unexpected(std::move(problems));
    }
    auto changes = changes_between(impl_->entries, next);
    const std::lock_guard lock(impl_->mutex);
    impl_->entries.swap(next);
    return changes;
}

InstanceRef Registry::find(std::string_view name) const {
    const std::lock_guard lock(impl_->mutex);
    const Entry* entry = find_entry(impl_->entries, name);
    return entry ? entry->instance : nullptr;
}

InstanceSet Registry::instances() const {
    const std::lock_guard lock(impl_->mutex);
    return set_of(impl_->entries);
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
