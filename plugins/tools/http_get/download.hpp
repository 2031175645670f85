// One GET, of as much of its answer as is wanted.
#pragma once

#include "page_url.hpp"

#include <patchbay/call.hpp>

#include <chrono>
#include <cstddef>
#include <string>

struct Download {
    uint32_t status = 0;
    std::string location = {};  // of a redirect; "" = it is none
    std::string content_type = {};
    std::string refusal = {};  // why its body was not read; "" = it was
    std::string bytes = {};    // at most one piece more than was wanted
    bool cut = false;          // there was more
};

struct DownloadLimits {
    size_t bytes;
    std::chrono::milliseconds time;
    bool public_only;
};

// Reads neither redirects' bodies nor what is no text. Throws Failed, with what the model may read.
patchbay::task<Download> download(patchbay::Call& call, const PageUrl& url, DownloadLimits limits);
