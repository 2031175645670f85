#include "runtime/plugins/bound_child.hpp"

#include "runtime/plugins/abi_text.hpp"
#include "runtime/plugins/owner.hpp"

#include <fmt/format.h>

#include <utility>

namespace patchbay::plugins {
namespace {

bool is_valid(const patchbay_chat_start& request) {
    for (const auto* text : {&request.agent, &request.method, &request.input_json, &request.model,
                             &request.messages_json, &request.system, &request.options_json,
                             &request.tools_json, &request.extra_json}) {
        if (!is_text(*text)) return false;
    }
    return is_object_or_empty(request.input_json) && is_object_or_empty(request.options_json) &&
           is_object_or_empty(request.extra_json) && is_array_or_empty(request.messages_json) &&
           is_array_or_empty(request.tools_json);
}

}  // namespace

BoundChild::BoundChild(Owner& owner, const patchbay_chat_handler& handler, void* user)
    : Attachment(owner, Kind::child), handler_(handler), user_(user) {}

BoundChild::~BoundChild() {
    if (pending_) pending_->drop();
}

patchbay_status BoundChild::start(const patchbay_chat_start& request) {
    if (!handler_.done || !is_valid(request)) return PATCHBAY_E_BAD_REQUEST;
    if (!take_handle(HandleKind::child)) return PATCHBAY_E_LIMIT;
    auto started = owner().scope()->start_child(request, *this);
    if (!started) {
        owner().instance().note("chat.start: " + printable(started.error().message, 500));
        return status_of(started.error().code);
    }
    pending_ = *started;
    return PATCHBAY_OK;
}

void BoundChild::abort() {
    if (!pending_) return;
    std::exchange(pending_, nullptr)->drop();
    owner().lane().post([this] {
        patchbay_chat_end end{};
        end.reason = PATCHBAY_FINISH_CANCELLED;
        on_done(end);
    });
}

void BoundChild::go_on() {
    if (pending_) pending_->resume();
}

patchbay_status BoundChild::on_events(std::span<const patchbay_event> events) {
    if (!handler_.events) return PATCHBAY_OK;
    const bool is_inside = PluginCall::is_inside(owner().instance());
    if (!is_inside && waiting_.events().empty()) return tell(events);
    // The child is the same plugin's, which is in emit() now: it hears of it on a later turn.
    if (waiting_.events().empty()) owner().lane().post([this] { tell_waiting(); });
    for (const auto& event : events) waiting_.add(event);
    return PATCHBAY_PAUSE;
}

// Comes before done(), which is posted later.
void BoundChild::tell_waiting() {
    const auto batch = std::exchange(waiting_, {});
    if (!pending_) return;  // cancelled meanwhile
    const auto status = tell(batch.events());
    if (status != PATCHBAY_PAUSE) go_on();
}

patchbay_status BoundChild::tell(std::span<const patchbay_event> events) {
    patchbay_status status = PATCHBAY_OK;
    owner().call_plugin("chat.events", [&] {
        status = handler_.events(user_, events.data(), static_cast<uint32_t>(events.size()));
    });
    return status == PATCHBAY_PAUSE ? PATCHBAY_PAUSE : PATCHBAY_OK;
}

void BoundChild::on_done(const patchbay_chat_end& end) {
    pending_ = nullptr;
    drop_handle();
    owner().call_plugin("chat.done", [&] { handler_.done(user_, &end); });
    owner().completed(*this);  // deletes this
}

}  // namespace patchbay::plugins
