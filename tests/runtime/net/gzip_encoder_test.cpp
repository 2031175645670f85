#include "runtime/net/gzip_encoder.hpp"

#include <gtest/gtest.h>
#include <zlib.h>

namespace patchbay::net {
namespace {

// Decodes a gzip stream piece by piece, as a client does.
class Decoder {
public:
    Decoder() { inflateInit2(&stream_, 15 + 16); }
    ~Decoder() { inflateEnd(&stream_); }

    std::string decode(std::string_view bytes) {
        std::string text;
        stream_.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));
        stream_.avail_in = static_cast<uInt>(bytes.size());
        do {
            char out[4096];
            stream_.next_out = reinterpret_cast<Bytef*>(out);
            stream_.avail_out = sizeof out;
            ended_ = inflate(&stream_, Z_SYNC_FLUSH) == Z_STREAM_END;
            text.append(out, sizeof out - stream_.avail_out);
        } while (stream_.avail_out == 0 && !ended_);
        return text;
    }
    bool ended() const { return ended_; }

private:
    z_stream stream_{};
    bool ended_ = false;
};

TEST(GzipEncoderTest, WhatWasEncodedCanBeReadAtOnce) {
    GzipEncoder encoder;
    Decoder decoder;

    EXPECT_EQ(decoder.decode(encoder.encode("data: one\n\n")), "data: one\n\n");
    EXPECT_EQ(decoder.decode(encoder.encode("data: two\n\n")), "data: two\n\n");
    EXPECT_FALSE(decoder.ended());
    EXPECT_EQ(decoder.decode(encoder.finish()), "");
    EXPECT_TRUE(decoder.ended());
}

TEST(GzipEncoderTest, WhatDoesNotCompressGrowsByLittle) {
    std::string noise(300'000, '\0');
    uint32_t state = 1;
    for (auto& byte : noise) byte = static_cast<char>((state = state * 1664525 + 1013904223) >> 24);
    GzipEncoder encoder;
    Decoder decoder;

    const auto encoded = std::string(encoder.encode(noise));

    EXPECT_LT(encoded.size(), noise.size() / 100 * 102);
    EXPECT_EQ(decoder.decode(encoded), noise);
}

TEST(GzipEncoderTest, EventsThatAreAlikeShrink) {
    GzipEncoder encoder;
    size_t bytes = 0;

    for (int i = 0; i < 100; ++i) {
        bytes += encoder
                     .encode("id: " + std::to_string(i) +
                             "\ndata: {\"type\": \"token\", \"content\": \"word\", "
                             "\"interaction_id\": \"0190f5e2-0000-7000-8000-000000000000\"}\n\n")
                     .size();
    }

    EXPECT_LT(bytes, 100 * 40u);
}

TEST(GzipEncoderTest, OnlyGzipByItsNameIsAccepted) {
    for (const char* header : {"gzip", "deflate, gzip;q=0.5, br", " GZIP ", "br,gzip ; q=1.0"})
        EXPECT_TRUE(GzipEncoder::is_accepted(header)) << header;
    for (const char* header : {"", "*", "identity", "br", "gzip;q=0", "gzip; q=0.000", "gzipped"})
        EXPECT_FALSE(GzipEncoder::is_accepted(header)) << header;
}

}  // namespace
}  // namespace patchbay::net
