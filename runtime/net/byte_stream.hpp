// A connected stream of bytes to an upstream: a plain socket, or TLS.
//
// Life       connected from the beginning; the connection is closed when this goes.
// Threads    [lane] all of it. Nothing blocks.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>

namespace patchbay::net {

class ByteStream {
public:
    enum class State { moved, would_block, closed, broken };
    struct Moved {
        State state;
        size_t bytes = 0;    // when moved; not 0
        bool hides = false;  // when read: more may be there though the descriptor does not show it
    };

    virtual ~ByteStream() = default;

    virtual Moved read(std::span<char> room) = 0;
    // What would block has to be offered again: the same bytes from the same place.
    virtual Moved write(std::string_view bytes) = 0;

    virtual int descriptor() const = 0;
    virtual std::string reason() const = 0;  // why it is broken, for people
};

}  // namespace patchbay::net
