// A request on its way through the server: what it asks, who asks, and the duty to answer it.
//
// Life       made on a worker when a route was found; moved from thread to thread; whoever holds it
//            owes the answer.
#pragma once

#include "runtime/http/target.hpp"
#include "runtime/net/exchange.hpp"
#include "runtime/plugins/authenticator.hpp"

#include <patchbay/error.hpp>

#include <nlohmann/json_fwd.hpp>

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace patchbay::http {

struct ServerOptions;

struct Call {
    Call(net::Exchange taken, std::shared_ptr<const ServerOptions> current)
        : exchange(std::move(taken)), options(std::move(current)) {}

    std::optional<net::Exchange> exchange;         // gone once it was answered or became a stream
    std::shared_ptr<const ServerOptions> options;  // as they were when it came
    std::string request_id;
    std::string method;
    Target target;
    std::vector<std::string> args;  // what stood in the route's {…}, decoded
    std::vector<std::pair<std::string, std::string>> reply_headers;  // X-Request-Id, CORS
    plugins::Principal principal;
    bool starts_stream = false;  // of a route that streams: its 500 says so

    const Poco::Net::HTTPRequest& head() const { return exchange->request(); }
    std::string header(const std::string& name) const;                  // "" = absent
    std::optional<std::string> parameter(std::string_view name) const;  // of the query
};

using CallRef = std::unique_ptr<Call>;

// Answers. [any-thread]
void answer(CallRef call, net::Response response);
void answer_json(CallRef call, int status, const nlohmann::json& body,
                 std::vector<std::pair<std::string, std::string>> headers = {});
void answer_error(CallRef call, const Error& error);

}  // namespace patchbay::http
