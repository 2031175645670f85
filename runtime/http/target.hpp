// What a request's target names: RFC 9112, 3.2, in origin or absolute form.
#pragma once

#include <patchbay/error.hpp>

#include <string>
#include <utility>
#include <vector>

namespace patchbay::http {

struct Target {
    std::string raw_path;  // as it was sent: "%2F" is a letter of a segment there, no border of two
    std::string path;      // decoded, for people and plugins
    std::vector<std::pair<std::string, std::string>> query;  // decoded
};

// bad_request when it is neither form, cannot be decoded, or is then no UTF-8 or has a NUL.
Result<Target> read_target(const std::string& target);

// A segment of a raw path, decoded. It was read by read_target() before, so that it can be.
std::string decoded_segment(std::string_view segment);

}  // namespace patchbay::http
