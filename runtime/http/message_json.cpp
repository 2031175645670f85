#include "runtime/http/message_json.hpp"

namespace patchbay::http {
namespace {

using nlohmann::json;

json parsed(const std::string& text) {
    return text.empty() ? json(nullptr) : json::parse(text, nullptr, false);
}

json id_or_null(const MessageId& id) { return id.empty() ? json(nullptr) : json(id.str()); }
json time_or_null(int64_t ms) { return ms == 0 ? json(nullptr) : json(ms); }

}  // namespace

json interaction_json(const InteractionRecord& record) {
    return {{"id", record.id.str()},
            {"title", record.title},
            {"agent", record.agent},
            {"model", record.model},
            {"metadata", parsed(record.metadata_json)},
            {"last_seq", record.last_seq},
            {"compacted_to", record.compacted_to},
            {"turns", record.turns},
            {"created_at_ms", record.created_at_ms},
            {"updated_at_ms", record.updated_at_ms}};
}

json message_json(const MessageRecord& record) {
    return {{"id", record.id.str()},
            {"run_id", record.run.str()},
            {"turn", record.turn},
            {"seq", record.seq},
            {"parent_id", id_or_null(record.parent)},
            {"role", record.role},
            {"content", parsed(record.content_json)},
            {"status", name_of(record.status)},
            {"created_at_ms", record.created_at_ms}};
}

json usage_json(const Usage& usage) {
    return {{"prompt_tokens", usage.prompt_tokens},
            {"completion_tokens", usage.completion_tokens},
            {"cached_tokens", usage.cached_tokens},
            {"cache_write_tokens", usage.cache_write_tokens},
            {"reasoning_tokens", usage.reasoning_tokens},
            {"estimated", usage.estimated}};
}

json run_json(const engine::Engine::SeenRun& run) {
    const auto& record = run.record;
    return {{"id", record.id.str()},
            {"interaction_id", record.interaction.str()},
            {"turn", record.turn},
            {"status", name_of(record.status)},
            {"attempt", record.attempt},
            {"agent", record.agent},
            {"provider", record.provider},
            {"model", record.model},
            {"first_seq", record.first_seq},
            {"last_seq", record.last_seq},
            {"usage", usage_json(record.usage)},
            {"cost_micros", record.cost_micros ? json(*record.cost_micros) : json(nullptr)},
            {"error", parsed(record.error_json)},
            {"questions", parsed(run.questions_json)},
            {"started_at_ms", time_or_null(record.started_at_ms)},
            {"ended_at_ms", time_or_null(record.ended_at_ms)}};
}

std::string wire_text(const json& value) {
    return value.dump(-1, ' ', true, json::error_handler_t::replace);
}

}  // namespace patchbay::http
