#include "runtime/cli/events_command.hpp"

#include "runtime/cli/data_access.hpp"

#include <ostream>

namespace patchbay::cli {
namespace {

using nlohmann::ordered_json;

constexpr size_t page_events = 1000;
constexpr size_t page_bytes = 1024 * 1024;

ordered_json data_of(const Event& event) {
    if (event.kind == EventKind::delta) {
        ordered_json data{{"text", event.body}, {"channel", name_of(event.channel)}};
        if (!event.extra.empty()) data["extra"] = ordered_json::parse(event.extra, nullptr, false);
        return data;
    }
    return ordered_json::parse(event.body, nullptr, false);
}

std::string line_of(const Event& event) {
    auto data = data_of(event);
    if (data.is_discarded()) data = event.body;  // shown as it is, for whoever looks into it
    const ordered_json line{{"seq", event.seq},
                            {"event", name_of(event.kind)},
                            {"run_id", event.run.str()},
                            {"attempt", event.attempt},
                            {"created_at_ms", event.created_at_ms},
                            {"data", std::move(data)}};
    return line.dump(-1, ' ', false, ordered_json::error_handler_t::replace);
}

Result<void> print_log(Store& store, const InteractionId& id, std::ostream& out) {
    if (const auto found = store.interaction(id); !found) return std::unexpected(found.error());
    for (uint64_t after = 0;;) {
        const auto page = store.events(id, after, page_events, page_bytes, std::nullopt);
        if (!page) return std::unexpected(page.error());
        for (const auto& event : page->events) out << line_of(event) << "\n";
        if (page->read_to <= after || !out) return {};
        after = page->read_to;
    }
}

}  // namespace

int events(const DataFlags& flags, const std::string& interaction, Terminal terminal) {
    const auto id = InteractionId::parse(interaction);
    if (!id) {
        return fail(terminal, {ErrorCode::bad_request,
                               "ID is an interaction's id, as in the X-Interaction-Id header."});
    }
    const auto data_dir = config::load_data_dir(flags.load_options());
    if (!data_dir) return fail(terminal, data_dir.error());
    auto store = open_store(*data_dir, StoreMode::read_only);
    if (!store) return fail(terminal, store.error());

    const auto printed = print_log(**store, *id, terminal.out);
    (*store)->close();
    if (printed) return done;
    if (printed.error().code != ErrorCode::not_found) return fail(terminal, printed.error());
    return fail(terminal, {ErrorCode::not_found,
                           "There is no interaction " + interaction + " in " + *data_dir + "."});
}

}  // namespace patchbay::cli
