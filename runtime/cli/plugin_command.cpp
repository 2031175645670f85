#include "runtime/cli/plugin_command.hpp"

#include "runtime/cli/control_client.hpp"
#include "runtime/cli/offers.hpp"
#include "runtime/cli/table.hpp"
#include "runtime/http/plugin_json.hpp"

#include <ostream>

namespace patchbay::cli {
namespace {

using nlohmann::json;

// What a server with this config would have.
json load_plugins(const config::Config& config) {
    const auto registry = load_without_server(config);
    return http::plugins_json(registry->list(), config.layers.get());
}

std::string text_of(const json& item, const char* key) {
    const auto found = item.find(key);
    return found != item.end() && found->is_string() ? found->get<std::string>() : "";
}

std::string interfaces_of(const json& item) {
    std::string text;
    for (const auto& name : item.value("interfaces", json::array())) {
        if (name.is_string()) text += (text.empty() ? "" : " ") + name.get<std::string>();
    }
    return text.empty() ? "-" : text;
}

void print(const json& list, Terminal terminal) {
    std::vector<Row> rows{{"NAME", "STATE", "VERSION", "INTERFACES", "REASON"}};
    for (const auto& item : list.value("items", json::array())) {
        const auto or_dash = [](std::string text) { return text.empty() ? "-" : text; };
        rows.push_back({text_of(item, "name"), text_of(item, "state"),
                        or_dash(text_of(item, "version")), interfaces_of(item),
                        or_dash(text_of(item, "reason"))});
    }
    print_table(terminal.out, std::move(rows));
}

Result<json> list_of_server(const std::string& data_dir, bool& runs) {
    const ControlClient client(data_dir);
    const auto answer = client.server_runs();
    if (!answer) return std::unexpected(answer.error());
    runs = *answer;
    if (!runs) return json();
    return client.get("/api/admin/plugins");
}

}  // namespace

int plugin_list(const DataFlags& flags, Terminal terminal) {
    const auto data_dir = config::load_data_dir(flags.load_options());
    if (!data_dir) return fail(terminal, data_dir.error());
    bool runs = false;
    auto list = list_of_server(*data_dir, runs);
    if (!list) return fail(terminal, list.error());
    if (!runs) {
        const auto config = config::load(flags.load_options());
        if (!config) return fail(terminal, config.error());
        list = load_plugins(*config);
    }
    using Handler = json::error_handler_t;
    if (flags.json)
        terminal.out << list->dump(-1, ' ', false, Handler::replace) << "\n";
    else
        print(*list, terminal);
    return done;
}

}  // namespace patchbay::cli
