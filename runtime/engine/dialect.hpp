// A dialect: how one HTTP surface shows the engine's events.
#pragma once

#include "db/records.hpp"

#include <patchbay/error.hpp>

#include <optional>
#include <string>
#include <vector>

namespace patchbay::engine {

// What a viewer gets in place of events that were compacted away.
struct Snapshot {
    uint64_t from = 0;                    // the first seq that is missing
    uint64_t seq = 0;                     // the snapshot stands for everything up to here
    std::vector<MessageRecord> messages;  // the newest, as many as a snapshot may hold
    RunId partial_run;                    // empty: no answer is being written
    std::string partial_text;             // of that run
};

// Where in the log a stream ends.
struct StreamPlace {
    RunId run;
    uint64_t seq = 0;
};

// One viewer's encoder. Belongs to its lane; keeps what it needs between events.
class Dialect {
public:
    virtual ~Dialect() = default;

    // Whether its readers can take back text that they have shown.
    virtual bool can_replace() const = 0;

    // Appends the wire form of a committed event to `out`, nothing when the dialect does not show
    // it. True when it was the last event of the stream.
    virtual bool encode(const Event& event, std::string& out) = 0;

    // Appends the error with which the stream ends and that is no event of the log. `place`, where
    // there is one, becomes its id: who comes back with it must not get the same error again.
    virtual void encode_error(const Error& error, const std::optional<StreamPlace>& place,
                              std::string& out) = 0;

    // Appends `resync` and `snapshot`. Only for dialects that can_replace().
    virtual void encode_snapshot(const Snapshot& snapshot, std::string& out) = 0;
};

}  // namespace patchbay::engine
