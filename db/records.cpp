#include "db/records.hpp"

namespace patchbay {

std::string_view name_of(RunStatus status) {
    switch (status) {
        case RunStatus::queued: return "queued";
        case RunStatus::running: return "running";
        case RunStatus::waiting: return "waiting";
        case RunStatus::completed: return "completed";
        case RunStatus::failed: return "failed";
        case RunStatus::cancelled: return "cancelled";
        case RunStatus::interrupted: return "interrupted";
    }
    return "unknown";
}

std::string_view name_of(MessageStatus status) {
    switch (status) {
        case MessageStatus::complete: return "complete";
        case MessageStatus::partial: return "partial";
        case MessageStatus::rolled_back: return "rolled_back";
    }
    return "unknown";
}

std::string_view name_of(Role role) {
    switch (role) {
        case Role::user: return "user";
        case Role::premium: return "premium";
        case Role::admin: return "admin";
    }
    return "unknown";
}

std::optional<Role> role_named(std::string_view text) {
    for (const Role role : {Role::user, Role::premium, Role::admin}) {
        if (text == name_of(role)) return role;
    }
    return std::nullopt;
}

}  // namespace patchbay
