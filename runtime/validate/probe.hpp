// Stands at the border between host and plugin: runs every call into the plugin, and notes what it
// sees.
//
// One a session. call() is called on the lane; find() from wherever the plugin is.
#pragma once

#include "runtime/validate/breach.hpp"
#include "runtime/validate/carrier.hpp"

#include <patchbay/testing/turns.hpp>

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

namespace patchbay::validate {

enum class Tag { control, lane, worker };

// How the border is run; each test chooses what it is about.
struct Conduct {
    bool guard_views = false;   // views are untouchable once a call has returned
    bool move_threads = false;  // every call comes on another OS thread
    bool measure = false;       // how long each call on a lane takes
};

// A call into the plugin that runs now.
struct CurrentCall {
    const char* slot;  // "provider.open"
    Tag tag;
    uint64_t number;  // 1, 2, …
};

// Counts the threads that are not the plugin's. Once, before it is loaded.
void count_own_threads();

// While one of these lives, inside of a call into the plugin, its clock stands still, and nothing
// is weighed: what the host's side does there costs time and memory that are not the plugin's.
class OwnTime {
public:
    OwnTime();
    ~OwnTime();
    OwnTime(const OwnTime&) = delete;
    OwnTime& operator=(const OwnTime&) = delete;
};

class Probe {
public:
    Probe(Conduct conduct, testing::Turns& turns);

    // Runs `body`, which calls the plugin: of a worker on another thread, while this one waits.
    // False when it let an exception out.
    bool call(const char* slot, Tag tag, const std::function<void()>& body);

    // The call that this thread is in, or nullptr: then it is a thread of the plugin's own.
    static const CurrentCall* current();

    // Notes a breach. The call it happened in is added. [any-thread]
    void find(Breach breach, std::string what);

    // The same where nothing was found before: what may be the consequence of another breach.
    void find_alone(Breach breach, std::string what);

    // Whether a function of the host that is tagged `tag` may be called here and now; else notes
    // it, as a call from a thread of the plugin's own or from a call of the other kind.
    bool allows(const char* function, Tag tag);

    std::vector<Finding> findings() const;  // [any-thread]

    // Threads that are the plugin's: what they do comes at a time of their own.
    bool plugin_has_threads() const;

    // How long calls blocked their thread: by slot, and the how-manieth call of that slot it was.
    // Time spent waiting for a processor is not the plugin's, and left out.
    using CallKey = std::pair<std::string, size_t>;
    const std::map<CallKey, std::chrono::nanoseconds>& times() const { return times_; }

    // From now on calls are weighed, or no more: what they leave on the heap. Freeing much is slow
    // to weigh.
    void weigh(bool on) { weighs_ = on; }
    int64_t weight() const { return weight_; }  // bytes

    bool guards_views() const { return conduct_.guard_views; }

private:
    void run(const CurrentCall& call, const std::function<void()>& body, bool& threw);

    const Conduct conduct_;
    testing::Turns& turns_;
    std::unique_ptr<Carrier> carrier_;
    uint64_t calls_ = 0;
    std::map<std::string, size_t> calls_by_slot_;
    std::map<CallKey, std::chrono::nanoseconds> times_;
    bool weighs_ = false;
    int64_t weight_ = 0;
    mutable std::mutex mutex_;  // of findings_
    std::vector<Finding> findings_;
};

}  // namespace patchbay::validate
