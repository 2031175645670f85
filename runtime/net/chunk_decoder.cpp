#include "runtime/net/chunk_decoder.hpp"

namespace patchbay::net {

namespace {

constexpr uint8_t max_digits = 15;  // of a size: no overflow
constexpr uint32_t max_discarded = 64 * 1024;

int digit_of(char c) {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return -1;
}

}  // namespace

ChunkDecoder::Found ChunkDecoder::next(std::string_view& bytes, std::string_view& data) {
    while (!bytes.empty()) {
        if (at_ == At::data) {
            data = bytes.substr(0, left_);
            left_ -= data.size();
            bytes.remove_prefix(data.size());
            if (left_ == 0) at_ = At::data_end;
            return Found::data;
        }
        const char c = bytes.front();
        bytes.remove_prefix(1);
        if (!take(c)) return Found::malformed;
        if (ended_) return Found::end;
    }
    return Found::more;
}

bool ChunkDecoder::take(char c) {
    switch (at_) {
        case At::size: return take_size(c);
        case At::extension:
            if (c == '\n') return end_size();
            if (c == '\r') at_ = At::size_end;
            return ++discarded_ <= max_discarded;
        case At::size_end: return c == '\n' && end_size();
        case At::data: break;  // next() takes it
        case At::data_end: at_ = c == '\r' ? At::data_lf : At::size; return c == '\r' || c == '\n';
        case At::data_lf: at_ = At::size; return c == '\n';
        case At::trailer:
            if (c == '\r' && line_is_empty_) {
                at_ = At::last_lf;
            } else if (c == '\n') {
                ended_ = line_is_empty_;
                line_is_empty_ = true;
            } else {
                line_is_empty_ = false;
            }
            return ++discarded_ <= max_discarded;
        case At::last_lf: ended_ = true; return c == '\n';
    }
    return false;
}

bool ChunkDecoder::take_size(char c) {
    if (const int digit = digit_of(c); digit >= 0) {
        left_ = left_ * 16 + static_cast<uint64_t>(digit);
        return ++digits_ <= max_digits;
    }
    if (digits_ == 0) return false;
    if (c == '\n') return end_size();
    if (c == '\r') {
        at_ = At::size_end;
        return true;
    }
    at_ = At::extension;
    return c == ';' || c == ' ' || c == '\t';
}

bool ChunkDecoder::end_size() {
    at_ = left_ == 0 ? At::trailer : At::data;
    digits_ = 0;
    discarded_ = 0;
    return true;
}

}  // namespace patchbay::net
