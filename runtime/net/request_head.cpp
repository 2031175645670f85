#include "runtime/net/request_head.hpp"

#include "runtime/net/header_text.hpp"
#include "runtime/net/url_parts.hpp"

#include <Poco/Base64Encoder.h>
#include <fmt/format.h>

#include <iterator>
#include <memory>
#include <sstream>
#include <string_view>

namespace patchbay::net {

namespace {

bool is_framing(std::string_view name) {
    return same_name(name, "content-length") || same_name(name, "transfer-encoding") ||
           same_name(name, "expect") || same_name(name, "connection");
}

bool names_length(const HttpCallOptions& options) {
    const std::string& method = options.method;
    return !request_body(options).empty() || method == "POST" || method == "PUT" ||
           method == "PATCH";
}

// The value of a header; nullptr = it is not there.
const std::string* header_of(const HttpCallOptions& options, std::string_view wanted) {
    for (const auto& [name, value] : options.headers)
        if (same_name(name, wanted)) return &value;
    return nullptr;
}

// What comes before the path: "example.org:8080", without a port that goes without saying.
std::string authority_of(const Endpoint& upstream) {
    const bool is_v6 = upstream.host.find(':') != std::string::npos;
    const bool is_usual = upstream.port == (upstream.scheme == "https" ? 443 : 80);
    return fmt::format("{}{}{}{}", is_v6 ? "[" : "", upstream.host, is_v6 ? "]" : "",
                       is_usual ? "" : fmt::format(":{}", upstream.port));
}

std::string decoded(const std::string& text) {
    int size = 0;
    const std::unique_ptr<char, FreeText> bytes(
        curl_easy_unescape(nullptr, text.data(), static_cast<int>(text.size()), &size));
    return bytes ? std::string(bytes.get(), static_cast<size_t>(size)) : "";
}

// Basic credentials for the user that a URL names; "" = it names none.
std::string credentials_in(const ParsedUrl& url) {
    if (!has_part(url, CURLUPART_USER) && !has_part(url, CURLUPART_PASSWORD)) return {};
    std::ostringstream text;
    Poco::Base64Encoder encoder(text);
    encoder.rdbuf()->setLineLength(0);
    encoder << decoded(part_of(url, CURLUPART_USER)) << ':'
            << decoded(part_of(url, CURLUPART_PASSWORD));
    encoder.close();
    return text.str();
}

}  // namespace

std::string_view request_body(const HttpCallOptions& options) {
    return options.method == "HEAD" ? std::string_view() : std::string_view(options.body);
}

std::string request_head(const HttpCallOptions& options, const Route& route) {
    const ParsedUrl url = parse_url(options.url);
    const std::string authority = authority_of(route.upstream);
    const std::string query = part_of(url, CURLUPART_QUERY);
    std::string head =
        fmt::format("{} {}{}{}{}{} HTTP/1.1\r\n", options.method,
                    route.asks_proxy() ? "http://" : "", route.asks_proxy() ? authority : "",
                    part_of(url, CURLUPART_PATH, CURLU_URLENCODE), query.empty() ? "" : "?", query);
    const auto add = [&head](std::string_view name, std::string_view value) {
        fmt::format_to(std::back_inserter(head), "{}:{}{}\r\n", name, value.empty() ? "" : " ",
                       value);
    };

    const std::string* host = header_of(options, "host");
    add("Host", host == nullptr ? authority : *host);
    if (route.asks_proxy()) {
        const std::string credentials = credentials_in(parse_url(route.proxy->url));
        if (!credentials.empty() && header_of(options, "proxy-authorization") == nullptr)
            add("Proxy-Authorization", "Basic " + credentials);
        add("Proxy-Connection", "Keep-Alive");
    }
    const std::string credentials = credentials_in(url);
    if (!credentials.empty() && header_of(options, "authorization") == nullptr)
        add("Authorization", "Basic " + credentials);
    if (header_of(options, "accept") == nullptr) add("Accept", "*/*");
    for (const auto& [name, value] : options.headers)
        if (!is_framing(name) && !same_name(name, "host")) add(name, value);
    if (names_length(options)) add("Content-Length", std::to_string(request_body(options).size()));
    return head += "\r\n";
}

}  // namespace patchbay::net
