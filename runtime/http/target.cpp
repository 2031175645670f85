#include "runtime/http/target.hpp"

#include "runtime/http/error_reply.hpp"
#include "runtime/http/json_input.hpp"

#include <Poco/Exception.h>
#include <Poco/URI.h>

namespace patchbay::http {
namespace {

Error malformed(std::string message = "The request target is malformed.") {
    return caller_error(ErrorCode::bad_request, std::move(message));
}

bool is_absolute(std::string_view target) {
    return target.starts_with("http://") || target.starts_with("https://");
}

// The path of a target in either form, as it was sent.
std::string raw_path_of(std::string_view target) {
    if (is_absolute(target)) {
        target.remove_prefix(target.find("://") + 3);
        target.remove_prefix(std::min(target.find_first_of("/?"), target.size()));
    }
    target = target.substr(0, target.find('?'));
    return target.empty() ? "/" : std::string(target);
}

}  // namespace

Result<Target> read_target(const std::string& target) {
    const bool absolute = is_absolute(target);
    const bool has_form = absolute || target.starts_with('/');
    // A fragment is never sent: whoever sends one wants it to be read in two ways.
    if (!has_form || target.find('#') != std::string::npos) return std::unexpected(malformed());
    Target read{.raw_path = raw_path_of(target)};
    try {
        const Poco::URI uri(absolute ? target : "http://host" + target);
        if (uri.getHost().empty()) return std::unexpected(malformed());
        Poco::URI::decode(read.raw_path, read.path);
        read.query = uri.getQueryParameters();
    } catch (const Poco::Exception&) {
        return std::unexpected(malformed());
    }
    if (read.path.find('\0') != std::string::npos || !is_utf8(read.path))
        return std::unexpected(malformed());
    for (const auto& [name, value] : read.query) {
        if (!is_utf8(name))
            return std::unexpected(malformed("A query parameter's name is not valid UTF-8."));
        if (!is_utf8(value)) return std::unexpected(malformed(name + ": is not valid UTF-8."));
    }
    return read;
}

std::string decoded_segment(std::string_view segment) {
    std::string decoded;
    Poco::URI::decode(std::string(segment), decoded);
    return decoded;
}

}  // namespace patchbay::http
