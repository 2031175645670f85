// Rows of the log: damaged ones are found, and never read beyond their end.
#include "fuzz.hpp"

#include "db/journal_row.hpp"
#include "db/payload.hpp"
#include "db/segment.hpp"

#include <string>

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    if (size < 1) return 0;
    // Half of the time the checksum is made right, so that what is behind it is reached.
    std::string payload;
    if (data[0] % 2 == 0) {
        patchbay::begin_payload(payload);
        payload.append(text_of(data + 1, size - 1));
        if (data[0] % 4 == 0) patchbay::pack_payload(payload);
        patchbay::seal_payload(payload);
    } else {
        payload.assign(text_of(data + 1, size - 1));
    }
    std::vector<patchbay::Event> events;
    (void)patchbay::read_segment(payload, patchbay::RunId{}, 1, events);
    if (auto reader = patchbay::JournalRowReader::open(payload, 1)) {
        patchbay::JournalBlock block;
        while (true) {
            const auto more = reader->next(block);
            if (!more || !*more) break;
        }
    }
    return 0;
}
