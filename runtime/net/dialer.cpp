#include "runtime/net/dialer.hpp"

#include "runtime/net/plain_stream.hpp"
#include "runtime/net/upstream_error.hpp"

#include <fcntl.h>

#include <cerrno>
#include <system_error>
#include <utility>

namespace patchbay::net {

namespace {

constexpr size_t spare_handles_kept = 64;  // each has some 6 KiB

// TLS: libcurl reads and writes, on the handle that has connected.
class CurlStream final : public ByteStream {
public:
    CurlStream(Dialer::Dial handle, int socket) : handle_(std::move(handle)), socket_(socket) {}

    Moved read(std::span<char> room) override { return handle_->read(room); }
    Moved write(std::string_view bytes) override { return handle_->write(bytes); }
    int descriptor() const override { return socket_; }
    std::string reason() const override { return handle_->reason(); }

private:
    Dialer::Dial handle_;
    int socket_;  // libcurl's
};

}  // namespace

Dialer::Dialer(EventLoop& loop, OnEnd on_end)
    : on_end_(std::move(on_end)), multi_(loop, [this] { tell_ended(); }) {}

Dialer::~Dialer() = default;

Dialer::Dial Dialer::dial(HttpCallId call, const HttpCallOptions& options, const Route& route,
                          const std::vector<std::string>& addresses) {
    if (spare_.empty()) spare_.push_back(std::make_unique<CurlHandle>(authorities_));
    Dial handle(spare_.back().release(), GiveBack{this});
    spare_.pop_back();
    handle->prepare(call, options, route, addresses);
    multi_.add(handle->easy());
    return handle;
}

void Dialer::tell_ended() {
    // All of them first: whoever hears of one may let go of another.
    while (const auto ended = multi_.next_ended()) {
        CurlHandle& handle = CurlHandle::of(ended->easy);
        handle.set_outcome(ended->code);
        ended_.push_back(handle.call());
    }
    for (const HttpCallId call : std::exchange(ended_, {})) on_end_(call);
}

Result<std::unique_ptr<ByteStream>> Dialer::connected(Dial dial, const Route& route) {
    const std::string& label = route.upstream.label;
    if (const auto failed = dial->failure(label)) return std::unexpected(*failed);
    const int socket = dial->socket();
    if (socket < 0) return std::unexpected(no_answer_error(label));
    if (route.uses_tls()) return std::make_unique<CurlStream>(std::move(dial), socket);

    // A plain socket is read best without libcurl, which closes its own descriptor of it.
    FileDescriptor own(::fcntl(socket, F_DUPFD_CLOEXEC, 0));
    if (!own) return std::unexpected(broken_error(label, std::generic_category().message(errno)));
    return std::make_unique<PlainStream>(std::move(own));
}

void Dialer::take_back(CurlHandle* handle) {
    std::unique_ptr<CurlHandle> owned(handle);
    multi_.remove(owned->easy());
    if (spare_.size() >= spare_handles_kept) return;
    owned->clear();
    spare_.push_back(std::move(owned));
}

}  // namespace patchbay::net
