#include "runtime/net/gzip_encoder.hpp"

#include <Poco/String.h>

#include <zlib.h>

#include <cassert>
#include <new>

namespace patchbay::net {
namespace {

// Events are short and alike: a window of 2 KiB finds what there is to find, and keeps the memory
// of a stream small.
constexpr int level = 3;
constexpr int window_bits = 11;
constexpr int gzip_framing = 16;
constexpr int memory_level = 3;

// "q=0", "q=0.000"
bool refuses(const std::string& parameter) {
    const auto text = Poco::trim(parameter);
    return text.starts_with("q=") && text.find_first_not_of("0.", 2) == std::string::npos;
}

}  // namespace

struct GzipEncoder::State {
    z_stream stream{};

    State() {
        if (deflateInit2(&stream, level, Z_DEFLATED, window_bits + gzip_framing, memory_level,
                         Z_DEFAULT_STRATEGY) != Z_OK)
            throw std::bad_alloc();
    }
    ~State() { deflateEnd(&stream); }
    State(const State&) = delete;
    State& operator=(const State&) = delete;
};

bool GzipEncoder::is_accepted(std::string_view accept_encoding) {
    while (!accept_encoding.empty()) {
        const auto comma = accept_encoding.find(',');
        const auto entry = Poco::toLower(std::string(accept_encoding.substr(0, comma)));
        accept_encoding.remove_prefix(comma == std::string_view::npos ? accept_encoding.size()
                                                                      : comma + 1);
        const auto semicolon = entry.find(';');
        if (Poco::trim(entry.substr(0, semicolon)) != "gzip") continue;
        return semicolon == std::string::npos || !refuses(entry.substr(semicolon + 1));
    }
    return false;
}

GzipEncoder::GzipEncoder() : state_(std::make_unique<State>()) {}

GzipEncoder::~GzipEncoder() = default;

std::string_view GzipEncoder::encode(std::string_view bytes) { return run(bytes, Z_SYNC_FLUSH); }

std::string_view GzipEncoder::finish() { return run({}, Z_FINISH); }

std::string_view GzipEncoder::run(std::string_view bytes, int flush) {
    z_stream& stream = state_->stream;
    stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));
    stream.avail_in = static_cast<uInt>(bytes.size());
    out_.resize(bytes.size() / 2 + 64);
    size_t used = 0;
    do {
        if (used == out_.size()) out_.resize(out_.size() * 2);
        stream.next_out = reinterpret_cast<Bytef*>(out_.data() + used);
        stream.avail_out = static_cast<uInt>(out_.size() - used);
        [[maybe_unused]] const int result = deflate(&stream, flush);
        assert(result == Z_OK || result == Z_STREAM_END || result == Z_BUF_ERROR);
        used = out_.size() - stream.avail_out;
    } while (stream.avail_out == 0);
    return std::string_view(out_).substr(0, used);
}

}  // namespace patchbay::net
