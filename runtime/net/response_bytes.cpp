#include "runtime/net/response_bytes.hpp"

#include <Poco/DateTimeFormat.h>
#include <Poco/DateTimeFormatter.h>
#include <Poco/Net/HTTPResponse.h>
#include <Poco/Timestamp.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <ctime>

namespace patchbay::net {

namespace {

// The current date as HTTP writes it, made once a second on each thread.
std::string_view http_date() {
    struct Cached {
        std::time_t second;
        std::array<char, 32> text;
        size_t size;
    };
    static thread_local Cached cached{};
    const std::time_t now = std::time(nullptr);
    if (cached.second != now) {
        const std::string text = Poco::DateTimeFormatter::format(
            Poco::Timestamp::fromEpochTime(now), Poco::DateTimeFormat::HTTP_FORMAT);
        cached.size = std::min(text.size(), cached.text.size());
        std::memcpy(cached.text.data(), text.data(), cached.size);
        cached.second = now;
    }
    return {cached.text.data(), cached.size};
}

bool is_token(std::string_view name) {
    return !name.empty() && std::ranges::all_of(name, [](char c) {
        return c > ' ' && c < 0x7f &&
               std::string_view("()<>@,;:\\\"/[]?={}").find(c) == std::string_view::npos;
    });
}

}  // namespace

void append_status(std::string& out, int status) {
    using Poco::Net::HTTPResponse;
    out.append("HTTP/1.1 ").append(std::to_string(status)).append(" ");
    out.append(HTTPResponse::getReasonForStatus(static_cast<HTTPResponse::HTTPStatus>(status)));
    out.append("\r\nDate: ").append(http_date()).append("\r\n");
}

void append_header(std::string& out, std::string_view name, std::string_view value) {
    if (!is_token(name)) return;
    out.append(name).append(": ");
    const size_t start = out.size();
    out.append(value);
    std::replace_if(
        out.begin() + static_cast<std::ptrdiff_t>(start), out.end(),
        [](char c) { return c == '\r' || c == '\n' || c == '\0'; }, ' ');
    out.append("\r\n");
}

std::string response_bytes(const Response& response, Framing framing) {
    const bool bodiless = response.status == 204 || response.status == 304;
    std::string out;
    out.reserve(256 + response.body.size());
    append_status(out, response.status);
    for (const auto& [name, value] : response.headers) append_header(out, name, value);
    if (!bodiless)
        out.append("Content-Length: ").append(std::to_string(response.body.size())).append("\r\n");
    if (!framing.keep_alive)
        out.append("Connection: close\r\n");
    else if (framing.http_1_0)
        out.append("Connection: keep-alive\r\n");
    out.append("\r\n");
    if (!bodiless && !framing.head_only) out.append(response.body);
    return out;
}

}  // namespace patchbay::net
