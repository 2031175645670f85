// plugins::KeyValues over the store: what kv.h promises to plugins.
//
// Threads    reads run on the workers. Writes are gathered by a thread of their own and committed
//            together, so that they keep their order, and many of them take the log's writer no
//            more time than one.
// Life       borrows store and workers. Stopped after the workers and before the lanes, on which
//            answers arrive.
#pragma once

#include "db/store.hpp"
#include "runtime/net/workers.hpp"
#include "runtime/plugins/key_values.hpp"

#include <condition_variable>
#include <deque>
#include <mutex>
#include <thread>
#include <vector>

namespace patchbay::engine {

class KeyValueService final : public plugins::KeyValues {
public:
    KeyValueService(Store& store, net::Workers& workers);
    ~KeyValueService() override;  // stop()

    bool start(plugins::KeyValueCall call, Done done) override;

    void stop();  // commits what waits; idempotent

private:
    struct Write {
        ValueChange change;
        Done done;
    };

    bool read(plugins::KeyValueCall call, Done done);
    bool write(plugins::KeyValueCall call, Done done);
    void run();
    std::vector<Write> take();  // under the lock
    void commit(std::vector<Write> writes);

    Store& store_;
    net::Workers& workers_;
    std::mutex mutex_;  // guards the next three
    std::deque<Write> waiting_;
    size_t waiting_bytes_ = 0;
    bool stopping_ = false;
    std::condition_variable ready_;
    std::jthread writer_;
};

}  // namespace patchbay::engine
