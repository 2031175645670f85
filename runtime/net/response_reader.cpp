#include "runtime/net/response_reader.hpp"

#include <utility>

namespace patchbay::net {

void ResponseReader::begin(bool asked_with_head) {
    *this = ResponseReader(head_limit_);
    asked_with_head_ = asked_with_head;
}

ResponseReader::Found ResponseReader::next(std::string_view& bytes) {
    if (stage_ == Stage::head) return take_head(bytes);
    if (!head_text_.empty()) {  // the head has been looked at
        head_ = {};
        head_text_ = {};
    }
    switch (stage_) {
        case Stage::sized: return take_sized(bytes);
        case Stage::chunked: return take_chunked(bytes);
        case Stage::until_close:
            body_ = std::exchange(bytes, {});
            return body_.empty() ? Found::more : Found::body;
        default: return Found::end;
    }
}

ResponseReader::Found ResponseReader::close() {
    if (stage_ == Stage::until_close) return Found::end;
    return fail(has_head() ? Fault::body : Fault::head, "");
}

ResponseReader::Found ResponseReader::take_head(std::string_view& bytes) {
    while (!bytes.empty()) {
        has_begun_ = true;
        const size_t before = head_text_.size();
        // No more than the limit is kept, and one byte that shows that it is passed.
        head_text_ += bytes.substr(0, head_limit_ + 1 - before);
        if (!may_be_head(head_text_)) return fail(Fault::head, "its answer is not HTTP/1");
        const size_t end = end_of_head(before);
        if ((end == 0 ? head_text_.size() : end) > head_limit_) return fail(Fault::head_too_large);
        if (end == 0) {
            bytes = {};
            break;
        }
        bytes.remove_prefix(end - before);
        head_text_.resize(end);
        const Found found = end_head();
        if (found != Found::more) return found;
    }
    return Found::more;
}

// Behind the blank line, or 0. The first `searched` bytes have no end of a head in them.
size_t ResponseReader::end_of_head(size_t searched) {
    for (size_t end = head_text_.find('\n', searched); end != std::string::npos;
         end = head_text_.find('\n', end + 1)) {
        const size_t length = end - line_start_;
        const bool is_blank = length == 0 || (length == 1 && head_text_[line_start_] == '\r');
        line_start_ = end + 1;
        if (is_blank) return line_start_;
    }
    return 0;
}

ResponseReader::Found ResponseReader::end_head() {
    line_start_ = 0;
    if (const char* fault = parse_head(head_text_, head_)) return fail(Fault::head, fault);
    if (head_.status == 101) return fail(Fault::head, "it changed the protocol unasked");
    if (head_.status < 200) {  // the final answer follows
        head_text_.clear();
        return Found::more;
    }
    keeps_connection_ = head_.keeps_connection;
    if (asked_with_head_ || head_.status == 204 || head_.status == 304) {
        stage_ = Stage::nothing;
    } else if (head_.chunked) {
        stage_ = Stage::chunked;
    } else if (head_.length) {
        stage_ = Stage::sized;
        left_ = *head_.length;
    } else {
        stage_ = Stage::until_close;
        keeps_connection_ = false;
    }
    return Found::head;
}

ResponseReader::Found ResponseReader::take_sized(std::string_view& bytes) {
    if (left_ == 0) return Found::end;
    body_ = bytes.substr(0, left_);
    bytes.remove_prefix(body_.size());
    left_ -= body_.size();
    return body_.empty() ? Found::more : Found::body;
}

ResponseReader::Found ResponseReader::take_chunked(std::string_view& bytes) {
    switch (chunks_.next(bytes, body_)) {
        case ChunkDecoder::Found::data: return Found::body;
        case ChunkDecoder::Found::end: return Found::end;
        case ChunkDecoder::Found::malformed: return fail(Fault::body);
        case ChunkDecoder::Found::more: break;
    }
    return Found::more;
}

ResponseReader::Found ResponseReader::fail(Fault fault, std::string_view text) {
    fault_ = fault;
    fault_text_ = text;
    return Found::failed;
}

}  // namespace patchbay::net
