// Takes the framing of a chunked body (RFC 9112, 7.1) off it, as bytes come. It copies nothing and
// keeps nothing: a chunk's head may come in any pieces.
//
// Strict     but for lines that end with LF alone, which are taken as everybody does.
// Limits     what a chunk's extensions, and the trailers, may be in all; both are thrown away.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace patchbay::net {

class ChunkDecoder {
public:
    enum class Found { more, data, end, malformed };

    // Takes from the front of `bytes`. `more`: all of it, and it goes on. `data`: up to the end of
    // `data`, which lies in `bytes` and is not empty. `end`: the body's last byte. Not after `end`
    // or `malformed`.
    Found next(std::string_view& bytes, std::string_view& data);

private:
    enum class At : uint8_t {
        size,
        extension,
        size_end,
        data,
        data_end,
        data_lf,
        trailer,
        last_lf
    };

    bool take(char c);  // of the framing; false = malformed
    bool take_size(char c);
    bool end_size();

    uint64_t left_ = 0;       // of the chunk
    uint32_t discarded_ = 0;  // of this chunk's extension, or of the trailers
    uint8_t digits_ = 0;
    At at_ = At::size;
    bool line_is_empty_ = true;  // of the trailers
    bool ended_ = false;
};

}  // namespace patchbay::net
