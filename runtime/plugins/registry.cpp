#include "runtime/plugins/registry.hpp"

#include "runtime/plugins/about.hpp"
#include "runtime/plugins/instance.hpp"
#include "runtime/plugins/library.hpp"
#include "runtime/plugins/library_file.hpp"

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
    InstanceRef instance;  // nullptr = off; one that was turned off for its faults stays here
};

// An instance that was replaced or removed.
struct Retired {
    InstanceStatus status;  // as it was
    std::weak_ptr<Instance> instance;
};

bool is_on(const Entry& entry) { return entry.instance && entry.instance->is_alive(); }

const Entry* find_entry(const std::vector<Entry>& entries, std::string_view name) {
    const auto found = std::ranges::find(
        entries, name, [](const Entry& entry) -> const auto& { return entry.spec.name; });
    return found == entries.end() ? nullptr : &*found;
}

InstanceSet set_of(const std::vector<Entry>& entries) {
    InstanceSet set;
    for (const auto& entry : entries) {
        if (entry.instance) {  // turned off or not: who needs it is to hear that it is off
            set.on.push_back(entry.instance);
        } else {
            set.off.push_back(entry.spec.name);
        }
    }
    return set;
}

// An instance can be turned off for its faults at any time.
InstanceStatus status_now(const Entry& entry) {
    auto status = entry.status;
    if (!entry.instance) return status;
    status.faults = entry.instance->fault_report();
    if (is_on(entry)) return status;
    status.state = InstanceState::off;
    status.reason = status.faults.verdict;
    return status;
}

// A table that is wrong is refused by Instance::create(), in its own words.
void describe(const char* about_json, InstanceStatus& status) {
    auto about = parse_about(about_json);
    if (!about) return;
    status.title = std::move(about->title);
    status.description = std::move(about->description);
    status.config_schema = std::move(about->config_schema);
}

RegistryChanges changes_between(const std::vector<Entry>& before, const std::vector<Entry>& after) {
    RegistryChanges changes;
    for (const auto& entry : after) {
        const Entry* old = find_entry(before, entry.spec.name);
        const bool same = old && old->instance == entry.instance;
        auto& kind = same                   ? changes.unchanged
                     : !entry.instance      ? changes.removed
                     : old && old->instance ? changes.replaced
                                            : changes.added;
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

using Folders = std::vector<std::string>;

struct Registry::Impl {
    Folders first_folders;  // of load(); a reload brings its own
    std::shared_ptr<const HostServices> services;
    std::string copies;
    mutable std::mutex mutex;  // guards entries and retired, which only [control] changes
    std::vector<Entry> entries;
    std::vector<Retired> retired;

    Entry make(const InstanceSpec& spec, const Folders& folders) const;
    bool stays(const Entry* old, const InstanceSpec& spec, const RegistryPlan& plan) const;
    bool has_other_code(const Entry& entry, const Folders& folders) const;
    void replace(std::vector<Entry> next);
    Result<InstanceRef> create(const InstanceSpec& spec, const Folders& folders,
                               InstanceStatus& status) const;
};

Entry Registry::Impl::make(const InstanceSpec& spec, const Folders& folders) const {
    Entry entry{.spec = spec, .status = {.name = spec.name, .library = spec.library}};
    if (!spec.enabled) {
        entry.status.reason = "disabled";
        return entry;
    }
    auto instance = create(spec, folders, entry.status);
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

Result<InstanceRef> Registry::Impl::create(const InstanceSpec& spec, const Folders& folders,
                                           InstanceStatus& status) const {
    const auto path = find_library(spec.library, folders);
    if (!path) return std::unexpected(path.error());
    status.path = path->string();
    const auto library = load_library(*path, copies);
    if (!library) return std::unexpected(library.error());
    status.path = library->path.string();
    status.sha256 = library->sha256;
    status.id = library->entry->id;
    status.version = library->entry->version;
    describe(library->entry->about_json, status);
    auto instance = Instance::create(spec, *library, services);
    if (!instance) return instance;
    status.interfaces = (*instance)->tables().ids();
    status.models = (*instance)->models();
    return instance;
}

// The old one goes on answering: same as before, on, and its file still holds the same code.
bool Registry::Impl::stays(const Entry* old, const InstanceSpec& spec,
                           const RegistryPlan& plan) const {
    if (!old || old->spec != spec) return false;
    if (!spec.enabled || (!plan.only.empty() && plan.only != spec.name)) return true;
    return is_on(*old) && !has_other_code(*old, plan.folders);
}

// A file that cannot be read now is no other code: what runs needs it no more.
bool Registry::Impl::has_other_code(const Entry& entry, const Folders& folders) const {
    const auto path = find_library(entry.spec.library, folders);
    if (!path) return false;
    const auto file = read_library_file(*path);
    return file && file->sha256 != entry.status.sha256;
}

// Puts `next` in place. The old references go after the lock, perhaps with the last user.
void Registry::Impl::replace(std::vector<Entry> next) {
    const std::lock_guard lock(mutex);
    entries.swap(next);
    std::erase_if(retired, [](const Retired& each) { return each.instance.expired(); });
    for (const auto& old : next) {
        const Entry* now = find_entry(entries, old.spec.name);
        if (old.instance && (!now || now->instance != old.instance))
            retired.push_back({old.status, old.instance});
    }
}

Registry::Registry(std::vector<std::string> folders, HostServices services, std::string copies)
    : impl_(std::make_unique<Impl>()) {
    if (!copies.empty()) remove_library_copies(copies);
    impl_->copies = std::move(copies);
    impl_->first_folders = std::move(folders);
    impl_->services = std::make_shared<const HostServices>(std::move(services));
}

Registry::~Registry() { destroy(); }

Result<void> Registry::load(const std::vector<InstanceSpec>& specs) {
    for (const auto& spec : specs) {
        auto entry = impl_->make(spec, impl_->first_folders);
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

config::Checked<RegistryChanges> Registry::reload(const RegistryPlan& plan, const Check& check) {
    std::vector<Entry> next;
    config::Problems problems;
    for (const auto& spec : plan.specs) {
        const Entry* old = find_entry(impl_->entries, spec.name);
        if (impl_->stays(old, spec, plan)) {
            next.push_back(*old);
            continue;
        }
        const auto& made = next.emplace_back(impl_->make(spec, plan.folders));
        const bool may_stay_off = old && old->spec == spec && !is_on(*old) && !spec.required;
        if (spec.enabled && !made.instance && !may_stay_off)
            problems.push_back(off_problem(spec.name, made.status.reason));
    }
    if (problems.empty()) problems = check(set_of(next));
    if (!problems.empty()) return std::unexpected(std::move(problems));
    auto changes = changes_between(impl_->entries, next);
    impl_->replace(std::move(next));
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
    std::vector<InstanceRef> held;  // the last reference may be ours, and goes after the lock
    const std::lock_guard lock(impl_->mutex);
    std::vector<InstanceStatus> list;
    list.reserve(impl_->entries.size());
    for (const auto& entry : impl_->entries) list.push_back(status_now(entry));
    for (const auto& old : impl_->retired) {
        const auto instance = old.instance.lock();
        if (!instance) continue;
        held.push_back(instance);
        auto found = std::ranges::find(list, old.status.name, &InstanceStatus::name);
        if (found == list.end()) {
            found = list.insert(list.end(), old.status);
            found->reason = "removed from the config";
        }
        ++found->draining;
        if (auto faults = instance->fault_report(); faults.total > 0)
            found->draining_faults.push_back(std::move(faults));
        const Entry* entry = find_entry(impl_->entries, old.status.name);
        if (!entry || !entry->instance) found->state = InstanceState::draining;
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
            entry.status.faults = entry.instance->fault_report();
            instances.push_back(std::exchange(entry.instance, nullptr));
        }
    }
    for (const auto& instance : instances) instance->destroy();
}

}  // namespace patchbay::plugins
