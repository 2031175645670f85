// What the fake upstream says: OpenAI's chat completions, as bytes.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace bench {

// What goes wrong with an answer, after so many of its tokens.
enum class Fault {
    none,
    status_500,  // instead of an answer
    status_429,  // instead of an answer, with Retry-After
    cut,         // the connection ends in the midst of a chunk
    reset,       // the connection is reset
    stall,       // nothing more comes
    truncate,    // the body ends as it should, but without a reason and [DONE]
    garbage,     // an event that is no JSON; then it goes on
    error,       // an event that is an error, and the end
};

std::optional<Fault> fault_named(std::string_view name);  // "500", "429", "cut", …

// How one answer goes; by flags, and per request by the headers X-Fake-Tokens, X-Fake-Delay-Ms,
// X-Fake-First-Ms, X-Fake-Token-Bytes, X-Fake-Fault and X-Fake-Fault-After.
struct AnswerPlan {
    int64_t tokens = 100;
    int64_t delay_ms = 20;  // between tokens; 0 = as fast as the reader takes them
    int64_t first_ms = 0;   // before the first
    int64_t token_bytes = 16;
    Fault fault = Fault::none;
    int64_t fault_after = 0;      // tokens
    int64_t fault_percent = 100;  // of the answers, spread evenly
    bool stream = false;
    bool include_usage = false;
};

// `head` and `body` of a request to POST /v1/chat/completions.
AnswerPlan plan_for(std::string_view head, std::string_view body, AnswerPlan plan);

// Writes tokens; one for all streams of a size, so that a token costs a copy and a stamp.
class TokenWriter {
public:
    explicit TokenWriter(int64_t token_bytes);

    int64_t token_bytes() const { return token_bytes_; }
    void append_token(std::string& out, int64_t sent_us);

private:
    int64_t token_bytes_;
    std::string chunk_;    // one whole chunk of the chunked coding
    size_t stamp_at_ = 0;  // where its time stamp goes; 0 = there is no room
};

void append_stream_head(std::string& out);
void append_stream_end(std::string& out, const AnswerPlan& plan);
// A fault that shows in the bytes: what stands instead of the next token. `ends` = of the body.
void append_fault(std::string& out, Fault fault, bool& ends);
void append_refusal(std::string& out, Fault fault);  // status_500, status_429
void append_whole_answer(std::string& out, const AnswerPlan& plan);
void append_json(std::string& out, std::string_view status, std::string_view json);

}  // namespace bench
