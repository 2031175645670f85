// Every route of the server, in one table.
#pragma once

#include "runtime/http/call.hpp"

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace patchbay::http {

class Server;

enum class Access { open, user, admin };  // open: no credentials are asked for

// Runs on a worker; owes the call's answer.
using Handler = void (*)(Server&, CallRef);

struct Route {
    std::string_view method;
    std::string_view path;  // "/api/runs/{id}": {…} matches one segment
    Access access;
    Handler handler;
    bool streams = false;  // its failure is "Failed to start stream"
};

std::span<const Route> all_routes();

struct RouteMatch {
    const Route* route = nullptr;  // nullptr: no such path, or another method
    std::vector<std::string> args;
    std::string allowed;  // "GET, POST": methods of the path; "" = no such path
};

// HEAD is served by a GET route.
RouteMatch find_route(std::string_view method, std::string_view raw_path);

}  // namespace patchbay::http
