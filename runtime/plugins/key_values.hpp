// What kv.h draws on: a store of keys and values for each instance, by its name in the config.
#pragma once

#include <patchbay/error.hpp>

#include <cstdint>
#include <functional>
#include <string>

namespace patchbay::plugins {

struct KeyValueCall {
    enum class Action : uint8_t { get, put, remove, list };

    Action action = Action::get;
    std::string instance;
    std::string key;      // of list: the prefix
    std::string value;    // of put; of list: the key after which it begins
    uint64_t ttl_ms = 0;  // of put; 0 = for ever
};

class KeyValues {
public:
    // The value of get, the JSON array of list, else "". not_found (get) or storage.
    using Done = std::move_only_function<void(Result<std::string>)>;

    // Starts the call and returns at once; `done` hears once, on any thread, when it is committed
    // or has failed. Writes are done in the order of their calls. False: too much waits already,
    // or the server is stopping; then `done` hears nothing. [any-thread]
    [[nodiscard]] virtual bool start(KeyValueCall call, Done done) = 0;

protected:
    virtual ~KeyValues() = default;
};

}  // namespace patchbay::plugins
