// What happens when turns collide, when a client leaves and when the server has crashed.
#pragma once

#include <optional>
#include <string_view>

namespace patchbay::engine {

// A post on an interaction that has an active run.
enum class OnConflict { enqueue, reject, interrupt, rollback };

// The last viewer of a run has left.
enum class OnDisconnect { keep_going, grace, cancel };  // "continue" on the wire

// A run was open when the server died.
enum class OnCrash { resume, regenerate, settle };  // "continue" on the wire

// Who cancelled a run.
enum class CancelledBy { client, admin, rollback, disconnect, timeout };

std::string_view name_of(OnConflict policy);
std::string_view name_of(OnDisconnect policy);
std::string_view name_of(OnCrash policy);
std::string_view name_of(CancelledBy by);

std::optional<OnConflict> on_conflict_named(std::string_view text);
std::optional<OnDisconnect> on_disconnect_named(std::string_view text);
std::optional<OnCrash> on_crash_named(std::string_view text);

}  // namespace patchbay::engine
