#include "runtime/engine/policies.hpp"

#include <array>
#include <utility>

namespace patchbay::engine {
namespace {

template <class Enum, size_t N>
using Names = std::array<std::pair<Enum, std::string_view>, N>;

constexpr Names<OnConflict, 4> conflict_names{{{OnConflict::enqueue, "enqueue"},
                                               {OnConflict::reject, "reject"},
                                               {OnConflict::interrupt, "interrupt"},
                                               {OnConflict::rollback, "rollback"}}};
constexpr Names<OnDisconnect, 3> disconnect_names{{{OnDisconnect::keep_going, "continue"},
                                                   {OnDisconnect::grace, "grace"},
                                                   {OnDisconnect::cancel, "cancel"}}};
constexpr Names<OnCrash, 3> crash_names{{{OnCrash::resume, "continue"},
                                         {OnCrash::regenerate, "regenerate"},
                                         {OnCrash::settle, "settle"}}};
constexpr Names<CancelledBy, 5> cancelled_names{{{CancelledBy::client, "client"},
                                                 {CancelledBy::admin, "admin"},
                                                 {CancelledBy::rollback, "rollback"},
                                                 {CancelledBy::disconnect, "disconnect"},
                                                 {CancelledBy::timeout, "timeout"}}};

template <class Enum, size_t N>
std::string_view find_name(const Names<Enum, N>& names, Enum value) {
    for (const auto& [candidate, name] : names) {
        if (candidate == value) return name;
    }
    return "";
}

template <class Enum, size_t N>
std::optional<Enum> find_value(const Names<Enum, N>& names, std::string_view text) {
    for (const auto& [candidate, name] : names) {
        if (name == text) return candidate;
    }
    return std::nullopt;
}

}  // namespace

std::string_view name_of(OnConflict policy) { return find_name(conflict_names, policy); }
std::string_view name_of(OnDisconnect policy) { return find_name(disconnect_names, policy); }
std::string_view name_of(OnCrash policy) { return find_name(crash_names, policy); }
std::string_view name_of(CancelledBy by) { return find_name(cancelled_names, by); }

std::optional<OnConflict> on_conflict_named(std::string_view text) {
    return find_value(conflict_names, text);
}
std::optional<OnDisconnect> on_disconnect_named(std::string_view text) {
    return find_value(disconnect_names, text);
}
std::optional<OnCrash> on_crash_named(std::string_view text) {
    return find_value(crash_names, text);
}

}  // namespace patchbay::engine
