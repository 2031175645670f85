#include "runtime/engine/models.hpp"

#include "runtime/config/near_name.hpp"

#include <algorithm>

namespace patchbay::engine {
namespace {

// The listed model, or one made up for a provider that accepts any id.
std::optional<plugins::ModelInfo> listed(const plugins::Instance& provider, const std::string& id,
                                         bool accept_any) {
    const auto& models = plugins::models_of(provider);
    const auto found = std::ranges::find(models, id, &plugins::ModelInfo::id);
    if (found != models.end()) return *found;
    if (accept_any && models.empty() && !id.empty()) return plugins::ModelInfo{.id = id};
    return std::nullopt;
}

// Off from the start, or turned off since.
std::unexpected<Error> off(const std::string& instance) {
    return std::unexpected(Error{.code = ErrorCode::unavailable,
                                 .message = "The provider '" + instance + "' is off.",
                                 .user_safe = true});
}

constexpr size_t longest_id = 256;  // bytes; a longer one is not compared with others

}  // namespace

std::string ModelChoice::full_name() const {
    return (provider ? name_of(*provider) : "?") + "/" + model.id;
}

ModelTable::ModelTable(const plugins::InstanceSet& instances, ModelOptions options)
    : off_(instances.off), options_(std::move(options)) {
    std::ranges::copy_if(instances.on, std::back_inserter(providers_),
                         [](const auto& instance) { return is_provider(*instance); });
}

config::Problems ModelTable::problems() const {
    config::Problems problems;
    const auto check = [&](const std::string& pointer, const std::string& id, bool alias) {
        const auto choice = resolve_known(id, alias);
        if (choice || choice.error().code != ErrorCode::model_not_found) return;
        const bool qualified = id.find('/') != std::string::npos;
        if (!qualified && (providers_.empty() || !off_.empty())) return;  // it may be theirs
        problems.push_back({pointer, "\"" + id + "\"", "a model that is there" + near_ids(id)});
    };
    check("/models/default", options_.default_model, true);
    for (const auto& [alias, targets] : options_.aliases) {
        for (size_t i = 0; i < targets.size(); ++i)
            check("/models/aliases/" + alias + "/" + std::to_string(i), targets[i], false);
    }
    return problems;
}

Result<ModelChoice> ModelTable::resolve(const std::string& id) const {
    const auto& wanted = id.empty() ? options_.default_model : id;
    auto choice = resolve_known(wanted, true);
    if (choice || choice.error().code != ErrorCode::model_not_found) return choice;
    if (options_.unknown_to_default && wanted != options_.default_model) {
        return resolve_known(options_.default_model, true);
    }
    return choice;
}

Result<ModelChoice> ModelTable::resolve_known(const std::string& id, bool follow_aliases) const {
    if (const auto slash = id.find('/'); slash != std::string::npos) {
        auto choice = resolve_qualified(id.substr(0, slash), id.substr(slash + 1));
        if (choice || choice.error().code != ErrorCode::model_not_found) return choice;
    }
    const auto alias =
        std::ranges::find(options_.aliases, id, [](auto& entry) { return entry.first; });
    if (follow_aliases && alias != options_.aliases.end()) {
        Result<ModelChoice> last = failure(ErrorCode::model_not_found, "empty alias " + id);
        for (const auto& target : alias->second) {
            last = resolve_known(target, false);
            if (last) return last;
        }
        return last;
    }
    return resolve_listed(id);
}

Result<ModelChoice> ModelTable::resolve_qualified(const std::string& instance,
                                                  const std::string& model) const {
    const auto found = std::ranges::find(
        providers_, instance,
        [](const auto& provider) -> const auto& { return name_of(*provider); });
    if (found != providers_.end()) {
        if (!is_alive(**found)) return off(instance);
        if (auto info = listed(**found, model, true)) return ModelChoice{*found, *info};
        return failure(ErrorCode::model_not_found, "The provider '" + instance +
                                                       "' has no model '" + model + "'" +
                                                       near_ids(instance + "/" + model) + ".");
    }
    if (std::ranges::find(off_, instance) != off_.end()) return off(instance);
    return failure(ErrorCode::model_not_found, "No provider is called '" + instance + "'.");
}

Result<ModelChoice> ModelTable::resolve_listed(const std::string& id) const {
    const plugins::Instance* turned_off = nullptr;
    for (const auto& provider : providers_) {
        auto info = listed(*provider, id, false);
        if (info && is_alive(*provider)) return ModelChoice{provider, *info};
        if (info && !turned_off) turned_off = provider.get();
    }
    if (turned_off) return off(name_of(*turned_off));
    return failure(ErrorCode::model_not_found, "Unknown model '" + id + "'" + near_ids(id) + ".");
}

std::vector<std::string> ModelTable::known_ids() const {
    std::vector<std::string> ids;
    for (const auto& [alias, targets] : options_.aliases) ids.push_back(alias);
    for (const auto& provider : providers_) {
        for (const auto& model : models_of(*provider)) {
            ids.push_back(name_of(*provider) + "/" + model.id);
        }
    }
    return ids;
}

std::string ModelTable::near_ids(const std::string& id) const {
    if (id.size() > longest_id) return "";
    auto ids = known_ids();
    const auto rank = [&](const std::string& known) {
        const auto slash = known.find('/');
        const auto bare = slash == std::string::npos ? known : known.substr(slash + 1);
        return std::min(config::edits(id, known), config::edits(id, bare));
    };
    std::ranges::stable_sort(ids, {}, rank);
    if (ids.size() > 3) ids.resize(3);
    if (ids.empty()) return "";
    std::string text = "; near: " + ids.front();
    for (size_t i = 1; i < ids.size(); ++i) text += ", " + ids[i];
    return text;
}

}  // namespace patchbay::engine
