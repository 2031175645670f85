// /api/admin/plugins and /api/admin/reload: what the config's instances do, and changing them.
#include "runtime/http/error_reply.hpp"
#include "runtime/http/handlers.hpp"
#include "runtime/http/json_input.hpp"
#include "runtime/http/plugin_json.hpp"
#include "runtime/http/server.hpp"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <chrono>
#include <memory>

namespace patchbay::http {
namespace {

using nlohmann::json;

json report_json(const config::ReloadReport& report) {
    return {{"plugins",
             {{"added", report.plugins_added},
              {"replaced", report.plugins_replaced},
              {"removed", report.plugins_removed},
              {"unchanged", report.plugins_unchanged}}},
            {"needs_restart", report.needs_restart}};
}

// 422 with every problem and its JSON pointer.
void answer_problems(CallRef call, const char* what, const config::Problems& found) {
    auto problems = json::array();
    for (const auto& problem : found) {
        problems.push_back({{"pointer", problem.pointer},
                            {"found", problem.found},
                            {"expected", problem.expected}});
    }
    const auto error = caller_error(
        ErrorCode::unprocessable,
        std::string(what) + " was refused, and nothing has changed:\n" + config::sentences(found));
    auto response = error_reply(error, *call, {{"problems", std::move(problems)}});
    answer(std::move(call), std::move(response));
}

void answer_refusal(CallRef call, const char* what, ChangeRefusal refusal) {
    if (!refusal.error) return answer_problems(std::move(call), what, refusal.problems);
    refusal.error->user_safe = true;  // its caller is an administrator
    answer_error(std::move(call), *refusal.error);
}

// Plugins are made and destroyed one after the other, and one may never return.
constexpr auto change_patience = std::chrono::seconds(15);

// A call whose answer waits for a change: by whoever comes first, the change or the clock.
class AwaitedChange {
public:
    static std::shared_ptr<AwaitedChange> of(Server& server, CallRef call) {
        auto made = std::make_shared<AwaitedChange>(server.deadlines(), std::move(call));
        made->deadline_ =
            server.deadlines().after(change_patience, [waiting = std::weak_ptr(made)] {
                if (const auto late = waiting.lock()) late->answer_late();
            });
        return made;
    }
    AwaitedChange(net::Deadlines& deadlines, CallRef call)
        : deadlines_(deadlines), call_(std::move(call)) {}

    // Null when it was answered already.
    CallRef take() { return deadlines_.cancel(deadline_) ? std::move(call_) : nullptr; }

private:
    void answer_late() {
        answer_error(std::move(call_),
                     {.code = ErrorCode::unavailable,
                      .message = "A plugin that is being made or destroyed does not return: the "
                                 "change waits for it. The log names it.",
                      .user_safe = true});
    }

    net::Deadlines& deadlines_;
    net::Deadlines::Id deadline_;
    CallRef call_;
};

void answer_unknown(CallRef call) {
    answer_error(std::move(call), caller_error(ErrorCode::not_found, "No such plugin."));
}

// The instance as it is now; nothing when the config has none of this name.
std::optional<json> plugin_now(Server& server, const std::string& name) {
    const auto statuses = server.registry().list();
    const auto found = std::ranges::find(statuses, name, &plugins::InstanceStatus::name);
    if (found == statuses.end()) return std::nullopt;
    return plugin_json(*found, server.administration().layers().get());
}

void answer_change(Server& server, CallRef asked, config::PluginChange change) {
    auto name = change.name;
    auto done = [&server, name,
                 waiting = AwaitedChange::of(server, std::move(asked))](Changed changed) mutable {
        auto call = waiting->take();
        if (!call) return;
        if (!changed)
            return answer_refusal(std::move(call), "The change", std::move(changed.error()));
        spdlog::info("plugin {}: changed by {} ({} {})", name, call->principal.owner, call->method,
                     call->target.path);
        const auto plugin = plugin_now(server, name);
        if (!plugin) return answer(std::move(call), {.status = 204});
        answer_json(std::move(call), 200, *plugin);
    };
    server.administration().change_plugin(std::move(change), std::move(done));
}

// The fields of a body that may be left out.
Result<Fields> optional_fields(const Call& call) {
    const auto& body = call.exchange->body();
    return Fields::of(body.empty() ? "{}" : std::string_view(body), true);
}

void switch_plugin(Server& server, CallRef call, bool enabled) {
    auto fields = optional_fields(*call);
    if (!fields) return answer_error(std::move(call), fields.error());
    const bool persist = fields->flag("persist").value_or(false);
    if (auto problem = fields->error()) return answer_error(std::move(call), *problem);
    const auto name = call->args.at(0);
    if (!config::has_plugin(*server.administration().layers(), name))
        return answer_unknown(std::move(call));
    answer_change(server, std::move(call),
                  {.name = name, .values = {.enabled = enabled}, .persist = persist});
}

}  // namespace

// GET /api/admin/plugins  ->  {items}: every instance of the config, with its state and why
void get_plugins(Server& server, CallRef call) {
    const auto layers = server.administration().layers();
    answer_json(std::move(call), 200, plugins_json(server.registry().list(), layers.get()));
}

// GET /api/admin/plugins/{name}  ->  the one
void get_plugin(Server& server, CallRef call) {
    const auto plugin = plugin_now(server, call->args.at(0));
    if (!plugin) return answer_unknown(std::move(call));
    answer_json(std::move(call), 200, *plugin);
}

// PATCH /api/admin/plugins/{name}  {config, persist?}  ->  200 with the instance: it runs with the
// new settings; 422 with every problem: then nothing has changed
void patch_plugin(Server& server, CallRef call) {
    auto fields = Fields::of(call->exchange->body(), true);
    if (!fields) return answer_error(std::move(call), fields.error());
    const auto settings = fields->object("config");
    const bool persist = fields->flag("persist").value_or(false);
    if (!settings) fields->complain("config", "is required");
    if (auto problem = fields->error()) return answer_error(std::move(call), *problem);
    const auto name = call->args.at(0);
    if (!config::has_plugin(*server.administration().layers(), name))
        return answer_unknown(std::move(call));
    answer_change(server, std::move(call),
                  {.name = name, .values = {.config = *settings}, .persist = persist});
}

// POST /api/admin/plugins/{name}/enable  {persist?}  ->  200 with the instance, which is on
void post_enable(Server& server, CallRef call) { switch_plugin(server, std::move(call), true); }

// POST /api/admin/plugins/{name}/disable  {persist?}  ->  200; what runs on it goes on
void post_disable(Server& server, CallRef call) { switch_plugin(server, std::move(call), false); }

// DELETE /api/admin/plugins/{name}/overrides  ->  200: the instance is as the file has it; 204 when
// the file has none
void delete_overrides(Server& server, CallRef call) {
    const auto name = call->args.at(0);
    const auto layers = server.administration().layers();
    if (!config::has_plugin(*layers, name) && !layers->persisted.contains(name))
        return answer_unknown(std::move(call));
    answer_change(server, std::move(call), {.name = name, .forget = true});
}

// POST /api/admin/reload  ->  200 with what changed; 422 with every problem: then nothing has
void post_reload(Server& server, CallRef asked) {
    server.administration().reload(
        [waiting = AwaitedChange::of(server, std::move(asked))](Changed report) mutable {
            auto call = waiting->take();
            if (!call) return;
            if (!report)
                return answer_refusal(std::move(call), "The config", std::move(report.error()));
            answer_json(std::move(call), 200, report_json(*report));
        });
}

}  // namespace patchbay::http
