// Finds the tokens and the end in a streamed answer, without parsing its JSON: this runs on the
// same processors as what it measures.
//
// A token of the fake upstream is '~', then (when there is room) twelve hexadecimal digits with the
// microsecond at which it was sent, then filler. So tokens can be counted, and their way timed,
// also when several arrive joined in one event.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace bench {

inline constexpr size_t stamp_digits = 12;

enum class Dialect { openai, patchbay };

class TokenListener {
public:
    virtual ~TokenListener() = default;
    virtual void on_event(int tokens) = 0;  // an event with text: how many tokens
    virtual void on_token_sent_at(
        int64_t sent_us) = 0;        // once for each stamped token, before on_event
    virtual void on_complete() = 0;  // the dialect's own end
    virtual void on_error(std::string_view line) = 0;  // an error event
};

class TokenScan {
public:
    explicit TokenScan(Dialect dialect) : dialect_(dialect) {}

    void feed(std::string_view body, TokenListener& listener);
    void reset() { partial_.clear(); }

private:
    void take_line(std::string_view line, TokenListener& listener) const;
    static void take_tokens(std::string_view line, TokenListener& listener);

    Dialect dialect_;
    std::string partial_;  // a line whose end has not come
};

}  // namespace bench
