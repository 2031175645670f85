#include "runtime/net/url_parts.hpp"

namespace patchbay::net {

ParsedUrl parse_url(const std::string& text) {
    if (text.find('\0') != std::string::npos) return nullptr;
    ParsedUrl url(curl_url());
    if (!url || curl_url_set(url.get(), CURLUPART_URL, text.c_str(), 0) != CURLUE_OK)
        return nullptr;
    return url;
}

bool has_part(const ParsedUrl& url, CURLUPart part) {
    char* text = nullptr;
    const bool found = curl_url_get(url.get(), part, &text, 0) == CURLUE_OK;
    curl_free(text);
    return found;
}

std::string part_of(const ParsedUrl& url, CURLUPart part, unsigned flags) {
    char* text = nullptr;
    if (curl_url_get(url.get(), part, &text, flags) != CURLUE_OK) return {};
    const std::unique_ptr<char, FreeText> owned(text);
    return text;
}

}  // namespace patchbay::net
