// A page's address, and whether it may be fetched. It is read by libcurl's parser, which is the
// host's as well: what is checked here and what is connected to there cannot differ.
#pragma once

#include <patchbay/error.hpp>

#include <string>
#include <string_view>
#include <vector>

struct PageUrl {
    std::string text;    // normalized, without its fragment
    std::string scheme;  // "http" or "https"
    std::string host;    // in small letters, IDNA's ASCII form, IPv4 as four numbers
};

// bad_request: no URL of http or https, or one with a user's name or password in it.
patchbay::Result<PageUrl> read_url(const std::string& text);
// What `location` means on that page. Errors as above.
patchbay::Result<PageUrl> redirected(const PageUrl& from, const std::string& location);

// What an administrator has allowed.
struct UrlRules {
    std::vector<std::string> hosts;  // "example.org", "*.example.org" (below it), "*" (all)
    bool http = false;
    bool https = true;

    // forbidden, with a sentence for the model.
    patchbay::Result<void> check(const PageUrl& url) const;
};
