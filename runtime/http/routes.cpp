#include "runtime/http/routes.hpp"

#include "runtime/http/handlers.hpp"
#include "runtime/http/target.hpp"

#include <array>

namespace patchbay::http {
namespace {

constexpr auto routes = std::to_array<Route>({
    {"POST", "/api/stream/stream-conversation", Access::user, post_stream_conversation, true},
    {"GET", "/api/stream/stream-simple", Access::user, get_stream_simple, true},
    {"GET", "/api/stream/health", Access::open, get_stream_health},

    {"POST", "/api/interactions", Access::user, post_interaction},
    {"GET", "/api/interactions", Access::user, get_interactions},
    {"GET", "/api/interactions/{id}", Access::user, get_interaction},
    {"PATCH", "/api/interactions/{id}", Access::user, patch_interaction},
    {"DELETE", "/api/interactions/{id}", Access::user, delete_interaction},
    {"GET", "/api/interactions/{id}/messages", Access::user, get_messages},
    {"GET", "/api/interactions/{id}/events", Access::user, get_events, true},
    {"POST", "/api/interactions/{id}/runs", Access::user, post_run, true},
    {"GET", "/api/runs/{id}", Access::user, get_run},
    {"POST", "/api/runs/{id}/cancel", Access::user, post_cancel},
    {"POST", "/api/runs/{id}/resume", Access::user, post_resume},

    {"GET", "/api/admin/plugins", Access::admin, get_plugins},
    {"GET", "/api/admin/plugins/{name}", Access::admin, get_plugin},
    {"PATCH", "/api/admin/plugins/{name}", Access::admin, patch_plugin},
    {"POST", "/api/admin/plugins/{name}/enable", Access::admin, post_enable},
    {"POST", "/api/admin/plugins/{name}/disable", Access::admin, post_disable},
    {"DELETE", "/api/admin/plugins/{name}/overrides", Access::admin, delete_overrides},
    {"GET", "/api/admin/keys", Access::admin, get_keys},
    {"POST", "/api/admin/keys", Access::admin, post_key},
    {"DELETE", "/api/admin/keys/{id}", Access::admin, delete_key},
    {"GET", "/api/admin/streams", Access::admin, get_streams},
    {"GET", "/api/admin/runs/{id}", Access::admin, get_any_run},
    {"POST", "/api/admin/runs/{id}/resume", Access::admin, post_any_resume},
    {"POST", "/api/admin/backup", Access::admin, post_backup},
    {"POST", "/api/admin/reload", Access::admin, post_reload},

    {"GET", "/api/metrics", Access::admin, get_metrics},
    {"GET", "/api/openapi.json", Access::open, get_openapi},
    {"GET", "/livez", Access::open, get_livez},
    {"GET", "/readyz", Access::open, get_readyz},
});

// The next segment of `path`, taken off its front: "/a/b" → "a", leaving "/b".
std::string_view take_segment(std::string_view& path) {
    path.remove_prefix(1);
    const auto segment = path.substr(0, path.find('/'));
    path.remove_prefix(segment.size());
    return segment;
}

bool is_encoded(std::string_view segment, std::string_view text) {
    return segment.find('%') != segment.npos && decoded_segment(segment) == text;
}

bool matches(std::string_view pattern, std::string_view path, std::vector<std::string>& args) {
    args.clear();
    while (pattern.starts_with('/') && path.starts_with('/')) {
        const auto wanted = take_segment(pattern);
        const auto given = take_segment(path);
        if (wanted.starts_with('{')) {
            if (given.empty()) return false;
            args.push_back(decoded_segment(given));
        } else if (wanted != given && !is_encoded(given, wanted)) {
            return false;
        }
    }
    return pattern.empty() && path.empty();
}

void allow(std::string& allowed, std::string_view method) {
    if (!allowed.empty()) allowed += ", ";
    allowed += method;
}

}  // namespace

std::span<const Route> all_routes() { return routes; }

RouteMatch find_route(std::string_view method, std::string_view raw_path) {
    RouteMatch match;
    std::vector<std::string> args;
    for (const auto& route : routes) {
        if (!matches(route.path, raw_path, args)) continue;
        allow(match.allowed, route.method);
        const bool takes_head = route.method == "GET" && !route.streams;
        if (takes_head) allow(match.allowed, "HEAD");
        const bool head = method == "HEAD" && takes_head;
        if (match.route == nullptr && (route.method == method || head)) {
            match.route = &route;
            match.args = args;
        }
    }
    return match;
}

}  // namespace patchbay::http
