#include "runtime/http/dialects/native.hpp"

#include "runtime/engine/json_text.hpp"
#include "runtime/engine/payload.hpp"
#include "runtime/http/message_json.hpp"

#include <nlohmann/json.hpp>

namespace patchbay::http {
namespace {

void append_head(std::string& out, std::string_view name, uint64_t seq) {
    out += "event: ";
    out += name;
    out += "\nid: ";
    engine::append_number(out, seq);
    out += "\ndata: ";
}

void append_event(std::string& out, std::string_view name, uint64_t seq,
                  const nlohmann::json& data) {
    append_head(out, name, seq);
    out += wire_text(data);
    out += "\n\n";
}

}  // namespace

bool NativeDialect::encode(const Event& event, std::string& out) {
    append_head(out, name_of(event.kind), event.seq);
    engine::append_native_data(out, event);
    out += "\n\n";
    return false;
}

void NativeDialect::encode_error(const Error& error,
                                 const std::optional<engine::StreamPlace>& place,
                                 std::string& out) {
    out += "event: error\n";
    if (place) {
        out += "id: ";
        engine::append_number(out, place->seq);
        out += '\n';
    }
    out += "data: ";
    out += wire_text({{"code", name_of(error.code)}, {"error", engine::public_message(error)}});
    out += "\n\n";
}

void NativeDialect::encode_snapshot(const engine::Snapshot& snapshot, std::string& out) {
    append_event(out, "resync", snapshot.seq, {{"from", snapshot.from}, {"to", snapshot.seq}});
    auto messages = nlohmann::json::array();
    for (const auto& message : snapshot.messages) messages.push_back(message_json(message));
    const bool whole = snapshot.messages.empty() || snapshot.messages.front().turn == 1;
    nlohmann::json data{
        {"seq", snapshot.seq}, {"messages", std::move(messages)}, {"earlier_messages", !whole}};
    if (!snapshot.partial_run.empty()) {
        data["partial"] = {{"run_id", snapshot.partial_run.str()}, {"text", snapshot.partial_text}};
    }
    append_event(out, "snapshot", snapshot.seq, data);
}

}  // namespace patchbay::http
