#include "runtime/cli/reload_command.hpp"

#include "runtime/cli/control_client.hpp"

#include <ostream>

namespace patchbay::cli {
namespace {

using nlohmann::json;

void print(const json& report, std::ostream& out) {
    for (const char* change : {"added", "replaced", "removed"}) {
        for (const auto& name : report["plugins"][change])
            out << "Plugin " << name.get<std::string>() << ": " << change << ".\n";
    }
    for (const auto& pointer : report["needs_restart"])
        out << pointer.get<std::string>() << " changes at the next start only.\n";
    out << "Reloaded.\n";
}

}  // namespace

int reload(const DataFlags& flags, Terminal terminal) {
    const auto data_dir = config::load_data_dir(flags.load_options());
    if (!data_dir) return fail(terminal, data_dir.error());
    const ControlClient client(*data_dir);
    const auto runs = client.server_runs();
    if (!runs) return fail(terminal, runs.error());
    if (!*runs) {
        return fail(terminal, Error{.code = ErrorCode::unavailable,
                                    .message = "No server runs on " + *data_dir +
                                               ": there is nothing to reload."});
    }
    const auto reply = client.ask("POST", "/api/admin/reload", "{}");
    if (!reply) return fail(terminal, reply.error());
    const bool refused = reply->status >= 400;
    if (flags.json) {
        terminal.out << reply->body.dump(-1, ' ', false, json::error_handler_t::replace) << "\n";
    } else if (refused) {
        terminal.err << reply->error().message << "\n";
    } else {
        print(reply->body, terminal.out);
    }
    if (!refused) return done;
    return reply->error().code == ErrorCode::unprocessable ? bad_usage : failed;
}

}  // namespace patchbay::cli
