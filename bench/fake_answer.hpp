// What the fake upstream says: OpenAI's chat completions, as bytes.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace bench {

// How one answer goes; by flags, and per request by the headers X-Fake-Tokens, X-Fake-Delay-Ms,
// X-Fake-First-Ms and X-Fake-Token-Bytes.
struct AnswerPlan {
    int64_t tokens = 100;
    int64_t delay_ms = 20;  // between tokens; 0 = as fast as the reader takes them
    int64_t first_ms = 0;   // before the first
    int64_t token_bytes = 16;
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
void append_whole_answer(std::string& out, const AnswerPlan& plan);
void append_json(std::string& out, std::string_view status, std::string_view json);

}  // namespace bench
