#include "runtime/plugins/interfaces.hpp"

#include <fmt/format.h>

#include <initializer_list>
#include <utility>

namespace patchbay::plugins {
namespace {

// Slots that must be there. Those of middleware may all be NULL, but for what frees its state.
using Slots = std::initializer_list<std::pair<const char*, bool>>;

Result<void> check(std::string_view interface_id, Slots slots) {
    for (const auto& [name, present] : slots) {
        if (!present)
            return failure(ErrorCode::bad_request,
                           fmt::format("the table of {} has a NULL {}", interface_id, name));
    }
    return {};
}

Result<void> check_table(const patchbay_provider_1& table) {
    return check(PATCHBAY_PROVIDER_1, {{"open", table.open != nullptr},
                                       {"resume", table.resume != nullptr},
                                       {"cancel", table.cancel != nullptr},
                                       {"close", table.close != nullptr}});
}

Result<void> check_table(const patchbay_agent_1& table) {
    return check(PATCHBAY_AGENT_1, {{"open", table.open != nullptr},
                                    {"resume", table.resume != nullptr},
                                    {"cancel", table.cancel != nullptr},
                                    {"close", table.close != nullptr}});
}

Result<void> check_table(const patchbay_auth_1& table) {
    return check(PATCHBAY_AUTH_1, {{"check", table.check != nullptr},
                                   {"cancel", table.cancel != nullptr},
                                   {"close", table.close != nullptr}});
}

// What sees events needs an on_request, which gives it its state.
Result<void> check_table(const patchbay_middleware_1& table) {
    const bool sees_events = table.on_events != nullptr || table.on_end != nullptr;
    return check(PATCHBAY_MIDDLEWARE_1,
                 {{"on_request", !sees_events || table.on_request != nullptr},
                  {"close", table.on_request == nullptr || table.close != nullptr}});
}

Result<void> check_table(const patchbay_tool_1& table) {
    return check(PATCHBAY_TOOL_1, {{"describe", table.describe != nullptr},
                                   {"call", table.call != nullptr},
                                   {"resume", table.resume != nullptr},
                                   {"cancel", table.cancel != nullptr},
                                   {"close", table.close != nullptr}});
}

Result<void> check_table(const patchbay_exporter_1& table) {
    return check(PATCHBAY_EXPORTER_1, {{"export_spans", table.export_spans != nullptr}});
}

template <class Table>
Result<void> negotiate(const AskForInterface& ask, const char* id, const Table*& table) {
    const auto offered = ask(id);
    if (!offered) return std::unexpected(offered.error());
    table = static_cast<const Table*>(*offered);
    return table ? check_table(*table) : Result<void>{};
}

}  // namespace

std::span<const std::string_view> known_interfaces() {
    static constexpr std::string_view ids[] = {PATCHBAY_PROVIDER_1, PATCHBAY_AGENT_1,
                                               PATCHBAY_AUTH_1,     PATCHBAY_MIDDLEWARE_1,
                                               PATCHBAY_TOOL_1,     PATCHBAY_EXPORTER_1};
    return ids;
}

std::vector<std::string> InterfaceTables::ids() const {
    std::vector<std::string> ids;
    if (provider) ids.emplace_back(PATCHBAY_PROVIDER_1);
    if (agent) ids.emplace_back(PATCHBAY_AGENT_1);
    if (auth) ids.emplace_back(PATCHBAY_AUTH_1);
    if (middleware) ids.emplace_back(PATCHBAY_MIDDLEWARE_1);
    if (tool) ids.emplace_back(PATCHBAY_TOOL_1);
    if (exporter) ids.emplace_back(PATCHBAY_EXPORTER_1);
    return ids;
}

Result<InterfaceTables> negotiate_interfaces(const AskForInterface& ask) {
    InterfaceTables tables;
    for (auto done : {negotiate(ask, PATCHBAY_PROVIDER_1, tables.provider),
                      negotiate(ask, PATCHBAY_AGENT_1, tables.agent),
                      negotiate(ask, PATCHBAY_AUTH_1, tables.auth),
                      negotiate(ask, PATCHBAY_MIDDLEWARE_1, tables.middleware),
                      negotiate(ask, PATCHBAY_TOOL_1, tables.tool),
                      negotiate(ask, PATCHBAY_EXPORTER_1, tables.exporter)}) {
        if (!done) return std::unexpected(done.error());
    }
    return tables;
}

}  // namespace patchbay::plugins
