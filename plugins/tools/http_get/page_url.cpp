#include "page_url.hpp"

#include <patchbay/failed.hpp>

#include <curl/curl.h>

#include <algorithm>
#include <memory>

namespace {

using patchbay::ErrorCode;
using patchbay::Result;
using patchbay::user_error;

constexpr size_t most_bytes = 8 * 1024;  // of a URL

struct FreeUrl {
    void operator()(CURLU* url) const { curl_url_cleanup(url); }
};
using ParsedUrl = std::unique_ptr<CURLU, FreeUrl>;

std::string part_of(const ParsedUrl& url, CURLUPart part, unsigned flags = 0) {
    char* text = nullptr;
    if (curl_url_get(url.get(), part, &text, flags) != CURLUE_OK) return {};
    const std::unique_ptr<char, decltype(&curl_free)> owned(text, &curl_free);
    return text;
}

// On a handle that has a URL already, a relative one is resolved.
bool set(const ParsedUrl& url, const std::string& text) {
    return url && !text.empty() && text.size() <= most_bytes &&
           text.find('\0') == std::string::npos &&
           curl_url_set(url.get(), CURLUPART_URL, text.c_str(), CURLU_URLENCODE) == CURLUE_OK;
}

std::string in_small_letters(std::string text) {
    for (char& c : text)
        if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + 32);
    return text;
}

Result<PageUrl> checked(const ParsedUrl& url) {
    curl_url_set(url.get(), CURLUPART_FRAGMENT, nullptr, 0);
    PageUrl page = {.text = part_of(url, CURLUPART_URL),
                    .scheme = part_of(url, CURLUPART_SCHEME),
                    .host = in_small_letters(part_of(url, CURLUPART_HOST, CURLU_PUNYCODE))};
    if (page.host.ends_with('.')) page.host.pop_back();  // the root of DNS, written out
    if (page.text.empty() || page.host.empty())
        return std::unexpected(user_error(ErrorCode::bad_request, "this is not a URL"));
    if (page.scheme != "http" && page.scheme != "https")
        return std::unexpected(
            user_error(ErrorCode::bad_request, "only http and https URLs can be fetched"));
    if (!part_of(url, CURLUPART_USER).empty() || !part_of(url, CURLUPART_PASSWORD).empty())
        return std::unexpected(user_error(ErrorCode::bad_request,
                                          "a URL with a user's name or password in it is "
                                          "not fetched"));
    return page;
}

bool fits(std::string_view pattern, std::string_view host) {
    if (pattern == "*") return true;
    if (!pattern.starts_with("*.")) return pattern == host;
    return host.size() > pattern.size() - 1 && host.ends_with(pattern.substr(1));
}

}  // namespace

Result<PageUrl> read_url(const std::string& text) {
    const ParsedUrl url(curl_url());
    if (!set(url, text))
        return std::unexpected(user_error(ErrorCode::bad_request, "this is not a URL"));
    return checked(url);
}

Result<PageUrl> redirected(const PageUrl& from, const std::string& location) {
    const ParsedUrl url(curl_url());
    if (!set(url, from.text) || !set(url, location))
        return std::unexpected(
            user_error(ErrorCode::upstream, from.host + " redirects to what is not a URL"));
    return checked(url);
}

Result<void> UrlRules::check(const PageUrl& url) const {
    if (!(url.scheme == "https" ? https : http))
        return std::unexpected(
            user_error(ErrorCode::forbidden, url.scheme + " URLs may not be fetched here"));
    if (std::ranges::none_of(hosts, [&](const auto& pattern) { return fits(pattern, url.host); }))
        return std::unexpected(user_error(
            ErrorCode::forbidden, url.host + " is not among the hosts that may be fetched here"));
    return {};
}
