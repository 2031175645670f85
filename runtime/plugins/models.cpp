#include "runtime/plugins/models.hpp"

#include <nlohmann/json.hpp>

#include <fmt/format.h>

namespace patchbay::plugins {
namespace {

using Json = nlohmann::json;

constexpr size_t models_limit = 10000;

// Reads members of one entry; remembers the first that is wrong.
class Entry {
public:
    explicit Entry(const Json& json) : json_(json) {}

    uint64_t count(const char* name) {
        const auto* member = find(name);
        if (!member) return 0;
        if (!member->is_number_unsigned()) return wrong(name, "is no count"), 0;
        return member->get<uint64_t>();
    }

    std::optional<int64_t> price(const char* name) {
        const auto* member = find(name);
        if (!member) return std::nullopt;
        if (!member->is_number_integer() || member->get<int64_t>() < 0) {
            wrong(name, "is no whole number of micro-dollars");
            return std::nullopt;
        }
        return member->get<int64_t>();
    }

    bool flag(const char* name) {
        const auto* member = find(name);
        if (!member) return false;
        if (!member->is_boolean()) return wrong(name, "is neither true nor false"), false;
        return member->get<bool>();
    }

    std::string id() {
        const auto* member = find("id");
        if (!member || !member->is_string() || member->get_ref<const std::string&>().empty()) {
            wrong("id", "is missing or no text");
            return {};
        }
        return member->get<std::string>();
    }

    const std::string& problem() const { return problem_; }

private:
    const Json* find(const char* name) const {
        const auto member = json_.find(name);
        return member == json_.end() || member->is_null() ? nullptr : &*member;
    }

    void wrong(const char* name, const char* what) {
        if (problem_.empty()) problem_ = fmt::format("/{} {}", name, what);
    }

    const Json& json_;
    std::string problem_;
};

}  // namespace

Result<std::vector<ModelInfo>> parse_models(std::string_view json) {
    const auto list = Json::parse(json, nullptr, false);
    if (!list.is_array()) return failure(ErrorCode::bad_request, "models() is no JSON array");
    if (list.size() > models_limit)
        return failure(ErrorCode::bad_request,
                       fmt::format("models() lists more than {} models", models_limit));
    std::vector<ModelInfo> models;
    models.reserve(list.size());
    for (const auto& item : list) {
        const auto place = fmt::format("models(): /{}", models.size());
        if (!item.is_object()) return failure(ErrorCode::bad_request, place + " is no object");
        Entry entry(item);
        models.push_back({.id = entry.id(),
                          .context_window = entry.count("context_window"),
                          .max_output_tokens = entry.count("max_output_tokens"),
                          .prefill = entry.flag("prefill"),
                          .input_price = entry.price("input_price"),
                          .output_price = entry.price("output_price"),
                          .cached_price = entry.price("cached_price")});
        if (!entry.problem().empty())
            return failure(ErrorCode::bad_request, place + entry.problem());
    }
    return models;
}

}  // namespace patchbay::plugins
