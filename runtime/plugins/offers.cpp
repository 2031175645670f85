#include "runtime/plugins/offers.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>

namespace patchbay::plugins {
namespace {

using Json = nlohmann::json;

constexpr size_t entries_limit = 1000;
constexpr size_t name_limit = 64;

bool is_name(std::string_view name) {
    const auto fits = [](char letter) {
        return (letter >= 'a' && letter <= 'z') || (letter >= 'A' && letter <= 'Z') ||
               (letter >= '0' && letter <= '9') || letter == '_' || letter == '-';
    };
    return !name.empty() && name.size() <= name_limit && std::ranges::all_of(name, fits);
}

std::string text_member(const Json& entry, const char* name) {
    const auto member = entry.find(name);
    return member != entry.end() && member->is_string() ? member->get<std::string>() : "";
}

// The name, and the schema under `schema_member`, of one entry.
struct Named {
    std::string name;
    std::string description;
    std::string schema_json;
    std::shared_ptr<const JsonSchema> schema;
};

Result<Named> parse_named(const Json& entry, const char* schema_member) {
    Named named{.name = text_member(entry, "name"),
                .description = text_member(entry, "description")};
    if (!is_name(named.name))
        return failure(ErrorCode::bad_request, "/name is not of [a-zA-Z0-9_-]{1,64}");
    const auto schema = entry.find(schema_member);
    if (schema == entry.end() || !schema->is_object())
        return failure(ErrorCode::bad_request,
                       fmt::format("/{} is missing or no object", schema_member));
    auto parsed = JsonSchema::parse(*schema);
    if (!parsed)
        return failure(ErrorCode::bad_request,
                       fmt::format("/{} {}", schema_member, parsed.error().message));
    named.schema_json = schema->dump(-1, ' ', false, Json::error_handler_t::replace);
    named.schema = std::move(*parsed);
    return named;
}

Result<Approval> parse_approval(const Json& entry) {
    const auto text = entry.contains("approval") ? text_member(entry, "approval") : "never";
    if (text == "never") return Approval::never;
    if (text == "always") return Approval::always;
    if (text == "by_policy") return Approval::by_policy;
    return failure(ErrorCode::bad_request, "/approval is not never, always or by_policy");
}

Result<ToolInfo> parse_tool(const Json& entry) {
    auto named = parse_named(entry, "parameters");
    if (!named) return std::unexpected(named.error());
    const auto approval = parse_approval(entry);
    if (!approval) return std::unexpected(approval.error());
    const auto idempotent = entry.find("idempotent");
    if (idempotent != entry.end() && !idempotent->is_boolean())
        return failure(ErrorCode::bad_request, "/idempotent is neither true nor false");
    return ToolInfo{.name = std::move(named->name),
                    .description = std::move(named->description),
                    .parameters_json = std::move(named->schema_json),
                    .parameters = std::move(named->schema),
                    .idempotent = idempotent != entry.end() && idempotent->get<bool>(),
                    .approval = *approval};
}

Result<MethodInfo> parse_method(const Json& entry) {
    auto named = parse_named(entry, "input");
    if (!named) return std::unexpected(named.error());
    return MethodInfo{.name = std::move(named->name),
                      .description = std::move(named->description),
                      .input_json = std::move(named->schema_json),
                      .input = std::move(named->schema)};
}

template <class Info>
Result<std::vector<Info>> parse_list(std::string_view json, const char* function,
                                     Result<Info> (*parse)(const Json&)) {
    const auto list = Json::parse(json, nullptr, false);
    if (!list.is_array())
        return failure(ErrorCode::bad_request, fmt::format("{}() is no JSON array", function));
    if (list.size() > entries_limit)
        return failure(ErrorCode::bad_request,
                       fmt::format("{}() has more than {} entries", function, entries_limit));
    std::vector<Info> infos;
    for (const auto& entry : list) {
        const auto place = fmt::format("{}(): /{}", function, infos.size());
        if (!entry.is_object()) return failure(ErrorCode::bad_request, place + " is no object");
        auto info = parse(entry);
        if (!info) return failure(ErrorCode::bad_request, place + info.error().message);
        if (std::ranges::count(infos, info->name, &Info::name) > 0)
            return failure(ErrorCode::bad_request,
                           fmt::format("{}/name is there twice: {}", place, info->name));
        infos.push_back(std::move(*info));
    }
    return infos;
}

}  // namespace

Result<std::vector<MethodInfo>> parse_methods(std::string_view json) {
    return parse_list<MethodInfo>(json, "methods", parse_method);
}

Result<std::vector<ToolInfo>> parse_tools(std::string_view json) {
    return parse_list<ToolInfo>(json, "describe", parse_tool);
}

std::vector<MethodInfo> chat_alone() {
    return *parse_methods(R"([{"name": "chat", "description": "A turn of a conversation.",
        "input": {"type": "object", "required": ["content"],
                  "properties": {"content": {"type": "array", "minItems": 1}}}}])");
}

}  // namespace patchbay::plugins
