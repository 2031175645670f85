#include "runtime/http/call.hpp"

#include "runtime/http/error_reply.hpp"

#include <nlohmann/json.hpp>

namespace patchbay::http {

std::string Call::header(const std::string& name) const { return head().get(name, ""); }

std::optional<std::string> Call::parameter(std::string_view name) const {
    for (const auto& [key, value] : target.query) {
        if (key == name) return value;
    }
    return std::nullopt;
}

void answer(CallRef call, net::Response response) {
    for (auto& header : call->reply_headers) response.headers.push_back(std::move(header));
    call->exchange->reply(std::move(response));
}

void answer_json(CallRef call, int status, const nlohmann::json& body,
                 std::vector<std::pair<std::string, std::string>> headers) {
    headers.emplace_back("Content-Type", "application/json");
    answer(std::move(call),
           {.status = status,
            .headers = std::move(headers),
            .body = body.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace)});
}

void answer_error(CallRef call, const Error& error) {
    auto response = error_reply(error, *call);
    answer(std::move(call), std::move(response));
}

}  // namespace patchbay::http
