// URLs, as libcurl reads them: what it connects to and what we send cannot differ.
#pragma once

#include <curl/curl.h>

#include <memory>
#include <string>

namespace patchbay::net {

struct FreeUrl {
    void operator()(CURLU* url) const { curl_url_cleanup(url); }
};
struct FreeText {
    void operator()(char* text) const { curl_free(text); }
};
using ParsedUrl = std::unique_ptr<CURLU, FreeUrl>;

ParsedUrl parse_url(const std::string& text);         // nullptr = it is none
bool has_part(const ParsedUrl& url, CURLUPart part);  // be it empty
// One part, with flags CURLU_*; "" = it is not there.
std::string part_of(const ParsedUrl& url, CURLUPart part, unsigned flags = 0);

}  // namespace patchbay::net
