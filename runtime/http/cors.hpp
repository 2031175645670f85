// Cross-origin requests.
#pragma once

#include "runtime/net/exchange.hpp"

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace patchbay::http {

class Cors {
public:
    // Origins as browsers send them; "http://localhost:*" allows every port.
    explicit Cors(std::vector<std::string> origins) : origins_(std::move(origins)) {}

    bool allows(std::string_view origin) const;

    // Of any answer, and of the answer to OPTIONS. No permission without
    // Access-Control-Allow-Origin.
    net::Headers headers_for(const std::string& origin) const;
    net::Headers preflight_for(const std::string& origin) const;

private:
    std::vector<std::string> origins_;
};

}  // namespace patchbay::http
