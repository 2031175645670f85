// Content-Encoding: gzip for a response that is written bit by bit (RFC 1952, RFC 9110 8.4.1.3).
#pragma once

#include <memory>
#include <string>
#include <string_view>

namespace patchbay::net {

// One stream's state: 18 KiB. Not thread-safe.
class GzipEncoder {
public:
    // Whether an Accept-Encoding names gzip, and not with q=0. "*" asks for nothing in particular.
    static bool is_accepted(std::string_view accept_encoding);

    GzipEncoder();
    ~GzipEncoder();

    // What stands for `bytes`, flushed: the reader can decode all of them at once. Valid until the
    // next call.
    std::string_view encode(std::string_view bytes);
    std::string_view finish();  // the end of the stream; once, the last call

private:
    struct State;

    std::string_view run(std::string_view bytes, int flush);

    std::unique_ptr<State> state_;
    std::string out_;
};

}  // namespace patchbay::net
