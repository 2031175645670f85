// Records of the store, and runs, as callers see them.
#pragma once

#include "db/records.hpp"
#include "runtime/engine/engine.hpp"

#include <nlohmann/json.hpp>

#include <string>

namespace patchbay::http {

nlohmann::json interaction_json(const InteractionRecord& record);
nlohmann::json message_json(const MessageRecord& record);
nlohmann::json run_json(const engine::Engine::SeenRun& run);
nlohmann::json usage_json(const Usage& usage);

// JSON as one line of an event stream: no raw line separators of any kind in it.
std::string wire_text(const nlohmann::json& value);

}  // namespace patchbay::http
