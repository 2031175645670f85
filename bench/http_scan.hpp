// Just enough HTTP/1.1 for the bench programs, on bytes that lie in a buffer.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace bench {

// The head of a message at the start of `bytes`, up to and with its blank line; "" when it is not
// whole yet.
std::string_view head_in(std::string_view bytes);

std::string_view first_line(std::string_view head);
std::string_view header_value(std::string_view head, std::string_view name);  // "" when absent
std::optional<int64_t> header_number(std::string_view head, std::string_view name);
int status_of(std::string_view head);  // of a response; 0 when it is none

// Takes the chunked coding off, wherever reads cut it.
class ChunkedBody {
public:
    // Removes what it can use from the front of `bytes` and gives a run of the body's bytes; ""
    // when `bytes` is used up or the body has ended.
    std::string_view next(std::string_view& bytes);

    bool ended() const { return state_ == State::ended; }
    bool broken() const { return state_ == State::broken; }
    void reset() { *this = {}; }

private:
    enum class State { size, extension, data, after_data, trailer, ended, broken };

    void read_size(char byte);
    void end_size_line();

    State state_ = State::size;
    uint64_t left_ = 0;  // of this chunk's data
    bool has_digit_ = false;
    uint64_t line_bytes_ = 0;  // of a trailer line
};

}  // namespace bench
