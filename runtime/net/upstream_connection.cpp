#include "runtime/net/upstream_connection.hpp"

#include <utility>

namespace patchbay::net {

void UpstreamConnection::listen(Watcher& watcher, uint32_t events) {
    // A descriptor of which nothing is wanted would still be heard of when it breaks.
    if (events == 0) return ignore();
    if (watcher_ != nullptr && watcher_ != &watcher) ignore();
    const uint32_t before = std::exchange(events_, events);
    if (std::exchange(watcher_, &watcher) == nullptr)
        loop_.watch(stream_->descriptor(), events, watcher);
    else if (before != events)
        loop_.rewatch(stream_->descriptor(), events);
}

void UpstreamConnection::ignore() {
    if (std::exchange(watcher_, nullptr) != nullptr) loop_.unwatch(stream_->descriptor());
}

}  // namespace patchbay::net
