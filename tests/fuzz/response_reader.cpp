// Upstreams' answers: however the bytes are cut, the same answer comes out, or the same fault; and
// what another reader (Beast's) takes for a whole answer is the same answer here.
#include "fuzz.hpp"

#include "runtime/net/response_reader.hpp"

#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>

#include <algorithm>
#include <cctype>
#include <optional>
#include <string>

namespace {

namespace http = boost::beast::http;
using patchbay::net::ResponseReader;
using Found = ResponseReader::Found;

constexpr size_t head_limit = 4096;
constexpr size_t last_chunk_bytes = 5;

struct Outcome {
    Found last = Found::more;
    ResponseReader::Fault fault = ResponseReader::Fault::none;
    int status = 0;
    std::string headers;
    std::string body;
    size_t used = 0;
    bool keeps_connection = false;

    bool operator==(const Outcome&) const = default;
};

void take_head(const ResponseReader& reader, Outcome& outcome) {
    outcome.status = reader.head().status;
    for (const auto& [name, value] : reader.head().headers) {
        expect(!name.empty() && name.find_first_of(" \r\n") == name.npos, "a name is a token");
        expect(value.find_first_of(std::string_view("\r\n\0", 3)) == value.npos,
               "a value is one line");
        outcome.headers += std::string(name) + ": " + std::string(value) + "\n";
    }
}

Outcome read(std::string_view text, size_t step, bool asked_with_head) {
    ResponseReader reader(head_limit);
    reader.begin(asked_with_head);
    Outcome outcome;
    while (outcome.used < text.size()) {
        const std::string piece(text.substr(outcome.used, step));
        std::string_view bytes = piece;
        do {
            outcome.last = reader.next(bytes);
            if (outcome.last == Found::head) take_head(reader, outcome);
            if (outcome.last == Found::body) {
                const auto body = reader.body();
                expect(!body.empty() && body.data() >= piece.data() &&
                           body.data() + body.size() <= piece.data() + piece.size(),
                       "a body's bytes are where they came");
                outcome.body += body;
            }
        } while (outcome.last == Found::head || outcome.last == Found::body);
        outcome.used += piece.size() - bytes.size();
        if (outcome.last != Found::more) break;
        expect(bytes.empty(), "all is taken before more is asked for");
    }
    if (outcome.last == Found::more) outcome.last = reader.close();
    outcome.fault = reader.fault();
    if (outcome.last == Found::failed) outcome.used = 0;  // how far it got is not promised
    outcome.keeps_connection = outcome.last == Found::end && reader.keeps_connection();
    return outcome;
}

// The answer as Beast reads it; nothing where it finds a fault.
struct Other {
    unsigned status;
    std::string body;
    bool keeps_connection;
};
std::optional<Other> read_by_beast(std::string_view text, bool asked_with_head) {
    const size_t end = text.find("\r\n\r\n");
    if (end == text.npos) return std::nullopt;
    http::response_parser<http::string_body> parser;
    parser.header_limit(head_limit - 64);  // it counts a head's bytes in another way
    parser.body_limit(boost::none);
    parser.skip(asked_with_head);
    boost::beast::error_code failed;
    size_t used = parser.put({text.data(), end + 4}, failed);
    if (failed || !parser.is_header_done()) return std::nullopt;
    parser.eager(true);
    // It asserts that it gets a whole last chunk; see runtime/net/request_reader.cpp.
    const size_t least = parser.chunked() ? last_chunk_bytes : 1;
    while (!failed && !parser.is_done() && text.size() - used >= least)
        used += parser.put({text.data() + used, text.size() - used}, failed);
    if (!failed && !parser.is_done() && parser.need_eof()) parser.put_eof(failed);
    if (failed || !parser.is_done()) return std::nullopt;
    return Other{parser.get().result_int(), parser.get().body(), parser.keep_alive()};
}

std::string lower(std::string_view text) {
    std::string made(text);
    std::ranges::transform(made, made.begin(), [](unsigned char c) { return std::tolower(c); });
    return made;
}

size_t count_of(std::string_view text, std::string_view part) {
    size_t count = 0;
    for (size_t at = text.find(part); at != text.npos; at = text.find(part, at + 1)) ++count;
    return count;
}

// Where the two may differ: what we refuse and Beast takes, or reads as something else.
bool is_disputed(const std::string& text, const Other& other) {
    const auto has = [&text](const char* part) { return text.find(part) != text.npos; };
    const bool has_other_coding =
        count_of(text, "transfer-encoding") != count_of(text, "\ntransfer-encoding: chunked\r\n");
    return other.status < 200 ||       // interim, or none
           has_other_coding ||         // that nobody asked for
           has("\"") ||                // line ends in quotes
           has("00000000000") ||       // sizes with zeros in front
           has("\n ") || has("\n\t");  // folded lines
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    if (size < 1) return 0;
    const auto text = text_of(data + 1, size - 1);
    const bool asked_with_head = (data[0] & 0x80) != 0;
    const auto whole = read(text, SIZE_MAX, asked_with_head);
    expect(whole == read(text, 1 + data[0] % 16, asked_with_head),
           "the answer does not depend on how the bytes are cut");
    const auto other = read_by_beast(text, asked_with_head);
    const auto known = lower(text);
    if (!other || is_disputed(known, *other)) return 0;
    expect(whole.last == Found::end, "what is whole for others is whole here");
    expect(static_cast<unsigned>(whole.status) == other->status && whole.body == other->body,
           "others read the same answer");
    expect(!whole.keeps_connection || other->keeps_connection ||
               known.find("proxy-connection") != known.npos,
           "a connection is not kept that others would close");
    return 0;
}
