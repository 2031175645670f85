// Reads the answers of a connection, one after the other, from bytes as they come. Nothing of a
// body is copied.
//
// Limits     the head's, interim heads (1xx) each by itself. A body has none here.
// Memory     the head, until the first byte behind it is asked for.
#pragma once

#include "runtime/net/chunk_decoder.hpp"
#include "runtime/net/response_head.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace patchbay::net {

class ResponseReader {
public:
    enum class Found { more, head, body, end, failed };
    enum class Fault { none, head_too_large, head, body };

    explicit ResponseReader(size_t head_limit) : head_limit_(head_limit) {}

    void begin(bool asked_with_head);  // another request has been sent

    // The next of what has come; takes it from the front of `bytes`. `more`: all of it is taken and
    // nothing is to be told. Not after `end` or `failed`, before begin().
    Found next(std::string_view& bytes);
    // The upstream has closed: `end` where that is the body's end, `failed` where it is not.
    Found close();

    const ResponseHead& head() const { return head_; }           // when found, until next()
    std::string_view body() const { return body_; }              // when found; in what came
    Fault fault() const { return fault_; }                       // when failed
    std::string_view fault_text() const { return fault_text_; }  // of the head, in a few words

    bool has_begun() const { return has_begun_; }  // a byte has come
    bool has_head() const { return stage_ != Stage::head; }
    // After `end`: nothing forbids another request on the connection.
    bool keeps_connection() const { return keeps_connection_; }

private:
    enum class Stage : uint8_t { head, nothing, sized, chunked, until_close };

    Found take_head(std::string_view& bytes);
    size_t end_of_head(size_t searched);
    Found end_head();
    Found take_sized(std::string_view& bytes);
    Found take_chunked(std::string_view& bytes);
    Found fail(Fault fault, std::string_view text = {});

    size_t head_limit_;
    std::string head_text_;
    size_t line_start_ = 0;  // of the last line in head_text_
    ResponseHead head_;
    std::string_view body_;
    ChunkDecoder chunks_;
    uint64_t left_ = 0;  // of a sized body
    std::string_view fault_text_;
    Stage stage_ = Stage::head;
    Fault fault_ = Fault::none;
    bool asked_with_head_ = false;
    bool has_begun_ = false;
    bool keeps_connection_ = false;
};

}  // namespace patchbay::net
