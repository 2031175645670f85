// Reads one HTTP/1 request from bytes as they come.
//
// Strict     a body has one length: one Content-Length of digits, or "chunked" and nothing else.
//            A folded header, a bare LF, two Hosts, or none in HTTP/1.1, are refused.
// Memory     grows with what has come, never with what a header promises.
#pragma once

#include <patchbay/error.hpp>

#include <Poco/Net/HTTPRequest.h>

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

namespace patchbay::net {

class RequestReader {
public:
    enum class Stage { head, body, done, failed };

    RequestReader(size_t head_limit, size_t body_limit);
    ~RequestReader();

    // Takes what it can of `bytes` and says how much that was; the rest must come again, with more
    // behind it. Not after done or failed.
    size_t feed(std::string_view bytes);

    Stage stage() const { return stage_; }
    const Error& error() const { return error_; }  // when failed

    // The header Origin, as far as it has come: for the answer to a request that fails.
    std::string origin() const;

    // The head has come, the body has not, and the client waits for "100 Continue".
    bool wants_continue() const;
    size_t body_size() const;

    // When done; each once.
    bool keep_alive() const;
    std::unique_ptr<Poco::Net::HTTPRequest> take_request();
    std::string take_body();

private:
    struct Parser;

    void take_head(std::string_view head);
    size_t take_body_bytes(std::string_view bytes);
    size_t end_of_head(std::string_view bytes);
    void fail(ErrorCode code, std::string message);

    std::unique_ptr<Parser> parser_;
    size_t head_limit_;
    size_t scanned_ = 0;  // of the head: it has no end, and no fault, before here
    Stage stage_ = Stage::head;
    Error error_;
    std::string origin_;  // of a head that was not parsed
};

}  // namespace patchbay::net
