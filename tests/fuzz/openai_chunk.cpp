// An upstream's chunks: any bytes are a chunk or nothing.
#include "fuzz.hpp"

#include "chunk.hpp"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    static openai::ChunkReader reader;
    if (const auto chunk = reader.read(text_of(data, size))) {
        expect(chunk->content.size() <= size, "no more text than there were bytes");
    }
    return 0;
}
