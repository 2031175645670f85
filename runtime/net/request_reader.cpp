#include "runtime/net/request_reader.hpp"

#include <boost/beast/core/string.hpp>
#include <boost/beast/http/basic_parser.hpp>
#include <boost/beast/http/error.hpp>

#include <algorithm>
#include <cassert>
#include <utility>

namespace patchbay::net {

namespace beast = boost::beast;
namespace http = boost::beast::http;

namespace {

// Poco keeps headers in a list that each new one walks through: more of them cost their square.
constexpr size_t max_fields = 128;
constexpr size_t first_body_reserve = 64 * 1024;
constexpr size_t last_chunk_bytes = 5;

std::string text_of(beast::string_view view) { return {view.data(), view.size()}; }

// The value of Origin in a head that will not be parsed; "" = not there.
std::string origin_in(std::string_view head) {
    constexpr std::string_view name = "\r\norigin:";
    const auto same = [](char a, char b) {
        return std::tolower(static_cast<unsigned char>(a)) == b;
    };
    const auto found = std::search(head.begin(), head.end(), name.begin(), name.end(), same);
    if (found == head.end()) return "";
    auto value = head.substr(static_cast<size_t>(found - head.begin()) + name.size());
    value = value.substr(0, value.find('\r'));
    while (value.starts_with(' ')) value.remove_prefix(1);
    return std::string(value);
}

// Of a name, an address or a port. RFC 9112, 3.2: a Host of anything else is refused.
bool is_host_character(char c) {
    const bool is_alphanumeric =
        (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
    return is_alphanumeric ||
           std::string_view("-._~%!$&'()*+,;=:[]").find(c) != std::string_view::npos;
}

bool is_token_start(char c) { return c > ' ' && c < 0x7f && c != ':'; }

}  // namespace

// What Beast finds goes straight into Poco's message, without Beast's own container between.
struct RequestReader::Parser final : http::basic_parser<true> {
    std::unique_ptr<Poco::Net::HTTPRequest> request = std::make_unique<Poco::Net::HTTPRequest>();
    std::string body;
    const char* fault = nullptr;  // ours, beside Beast's
    size_t fields = 0;
    unsigned lengths = 0, codings = 0, hosts = 0;
    bool expects_continue = false;
    bool in_head = true;

    void on_request_impl(http::verb, beast::string_view method, beast::string_view target,
                         int version, beast::error_code&) override {
        request->setMethod(text_of(method));
        request->setURI(text_of(target));
        request->setVersion(version == 11 ? Poco::Net::HTTPMessage::HTTP_1_1
                                          : Poco::Net::HTTPMessage::HTTP_1_0);
    }

    void on_field_impl(http::field field, beast::string_view name, beast::string_view value,
                       beast::error_code& failed) override {
        if (!in_head) return;  // a trailer never becomes a header
        if (++fields > max_fields) {
            failed = http::error::header_limit;
            return;
        }
        check(field, value);
        request->add(text_of(name), text_of(value));
    }

    void on_body_init_impl(const boost::optional<std::uint64_t>& length,
                           beast::error_code&) override {
        if (length) body.reserve(std::min<std::uint64_t>(*length, first_body_reserve));
    }

    std::size_t on_body_impl(beast::string_view bytes, beast::error_code&) override {
        body.append(bytes.data(), bytes.size());
        return bytes.size();
    }

    std::size_t on_chunk_body_impl(std::uint64_t, beast::string_view bytes,
                                   beast::error_code&) override {
        body.append(bytes.data(), bytes.size());
        return bytes.size();
    }

    void on_response_impl(int, beast::string_view, int, beast::error_code&) override {}
    void on_header_impl(beast::error_code&) override {}
    // Beast lets line ends stand in quotes, where another reader sees the end of the chunk's head.
    void on_chunk_header_impl(std::uint64_t, beast::string_view extensions,
                              beast::error_code& failed) override {
        if (extensions.find_first_of("\r\n") != beast::string_view::npos)
            failed = http::error::bad_chunk_extension;
    }
    void on_finish_impl(beast::error_code&) override {}

    void check(http::field field, beast::string_view value) {
        if (field == http::field::content_length) {
            ++lengths;
            if (!std::ranges::all_of(value, [](char c) { return c >= '0' && c <= '9'; }))
                fault = "Content-Length is not a number.";
        } else if (field == http::field::transfer_encoding) {
            ++codings;
            if (!beast::iequals(value, "chunked"))
                fault = "The only transfer coding understood is \"chunked\".";
        } else if (field == http::field::host) {
            ++hosts;
            if (!std::ranges::all_of(value, is_host_character)) fault = "Host is malformed.";
        } else if (field == http::field::expect) {
            expects_continue = beast::iequals(value, "100-continue");
        }
    }

    // What is wrong with the head as a whole; nullptr = nothing.
    const char* find_fault() const {
        const bool is_1_0 = request->getVersion() == Poco::Net::HTTPMessage::HTTP_1_0;
        if (fault != nullptr) return fault;
        if (lengths > 1) return "Content-Length is there twice.";
        if (lengths + codings > 1) return "The body's length is given twice.";
        if (codings > 0 && is_1_0) return "HTTP/1.0 has no transfer codings.";
        if (hosts > 1) return "Host is there twice.";
        if (hosts == 0 && !is_1_0) return "Host is missing.";
        return nullptr;
    }
};

RequestReader::RequestReader(size_t head_limit, size_t body_limit)
    : parser_(std::make_unique<Parser>()), head_limit_(head_limit) {
    parser_->header_limit(static_cast<uint32_t>(std::min<size_t>(head_limit, UINT32_MAX)));
    parser_->body_limit(uint64_t{body_limit});
}

RequestReader::~RequestReader() = default;

size_t RequestReader::feed(std::string_view bytes) {
    assert(stage_ == Stage::head || stage_ == Stage::body);
    size_t used = 0;
    if (stage_ == Stage::head) {
        used = end_of_head(bytes);
        if (stage_ == Stage::failed) origin_ = origin_in(bytes);
        if (used == 0) return 0;
        take_head(bytes.substr(0, used));
    }
    if (stage_ == Stage::body) used += take_body_bytes(bytes.substr(used));
    return used;
}

// Where the head ends, or 0. Beast limits only what is unread of a head, line by line; so the whole
// of it is gathered first, and what Beast would let pass is refused here.
size_t RequestReader::end_of_head(std::string_view bytes) {
    if (scanned_ == 0 && !bytes.empty() && !is_token_start(bytes.front())) {
        fail(ErrorCode::bad_request, "This is not HTTP.");
        return 0;
    }
    const std::string_view head = bytes.substr(0, head_limit_);
    for (size_t end = head.find('\n', scanned_); end != std::string_view::npos;
         end = head.find('\n', scanned_)) {
        if (end == 0 || head[end - 1] != '\r') {
            fail(ErrorCode::bad_request, "A line does not end with CR LF.");
            return 0;
        }
        if (end >= 3 && head[end - 2] == '\n') return end + 1;
        // The line after this one is looked at when its first byte has come.
        if (end + 1 == head.size()) break;
        if (head[end + 1] == ' ' || head[end + 1] == '\t') {
            fail(ErrorCode::bad_request, "A header is folded over two lines.");
            return 0;
        }
        scanned_ = end + 1;
    }
    if (bytes.size() >= head_limit_)
        fail(ErrorCode::head_too_large,
             "The head is larger than " + std::to_string(head_limit_) + " bytes.");
    return 0;
}

void RequestReader::take_head(std::string_view head) {
    beast::error_code failed;
    parser_->put({head.data(), head.size()}, failed);
    parser_->in_head = false;
    if (const char* fault = parser_->find_fault(); fault != nullptr && !failed)
        return fail(ErrorCode::bad_request, fault);
    if (failed == http::error::body_limit)
        return fail(ErrorCode::too_large, "The body is too large.");
    if (failed == http::error::header_limit)
        return fail(ErrorCode::head_too_large, "The head has too many headers.");
    if (failed)
        return fail(ErrorCode::bad_request, "The head is malformed: " + failed.message() + ".");
    assert(parser_->is_header_done());

    parser_->eager(true);
    stage_ = parser_->is_done() ? Stage::done : Stage::body;
}

size_t RequestReader::take_body_bytes(std::string_view bytes) {
    size_t used = 0;
    beast::error_code failed;
    // Beast 1.74 asserts that it gets five bytes or more once it has seen the last chunk's first
    // line. A chunked body always ends with as many ("0 CR LF CR LF"), so that waiting for them
    // ends.
    const size_t least = parser_->chunked() ? last_chunk_bytes : 1;
    while (bytes.size() - used >= least && !parser_->is_done() && !failed)
        used += parser_->put({bytes.data() + used, bytes.size() - used}, failed);

    if (failed && failed != http::error::need_more) {
        const bool large = failed == http::error::body_limit;
        fail(large ? ErrorCode::too_large : ErrorCode::bad_request,
             large ? "The body is too large." : "The body is malformed: " + failed.message() + ".");
    } else if (parser_->is_done()) {
        stage_ = Stage::done;
    } else if (bytes.size() - used > head_limit_) {
        fail(ErrorCode::bad_request, "A chunk's head or the trailers are too large.");
    }
    return used;
}

void RequestReader::fail(ErrorCode code, std::string message) {
    stage_ = Stage::failed;
    error_ = Error{.code = code, .message = std::move(message)};
}

bool RequestReader::wants_continue() const {
    return stage_ == Stage::body && parser_->expects_continue && parser_->body.empty() &&
           parser_->request->getVersion() == Poco::Net::HTTPMessage::HTTP_1_1;
}

size_t RequestReader::body_size() const { return parser_->body.size(); }

std::string RequestReader::origin() const {
    return origin_.empty() ? parser_->request->get("Origin", "") : origin_;
}

bool RequestReader::keep_alive() const { return parser_->keep_alive(); }

std::unique_ptr<Poco::Net::HTTPRequest> RequestReader::take_request() {
    return std::move(parser_->request);
}

std::string RequestReader::take_body() { return std::move(parser_->body); }

}  // namespace patchbay::net
