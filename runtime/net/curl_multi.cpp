#include "runtime/net/curl_multi.hpp"

#include <curl/curl.h>
#include <sys/epoll.h>

#include <new>
#include <utility>

namespace patchbay::net {

// One of libcurl's sockets, while libcurl wants to hear of it.
struct CurlMulti::Socket final : Watcher {
    explicit Socket(CurlMulti& multi) : owner(multi) {}

    void on_ready(uint32_t events) override {
        // An error or a hang-up makes itself known to whoever reads or writes.
        const bool broken = (events & (EPOLLERR | EPOLLHUP)) != 0;
        int bits = 0;
        if ((events & EPOLLIN) != 0 || (broken && reads)) bits |= CURL_CSELECT_IN;
        if ((events & EPOLLOUT) != 0 || (broken && writes)) bits |= CURL_CSELECT_OUT;
        owner.act(fd, bits);
    }

    CurlMulti& owner;
    int fd = -1;
    bool reads = false;
    bool writes = false;
};

struct CurlMulti::Callbacks {
    static int socket(CURL*, curl_socket_t fd, int what, void* self, void* socket) {
        static_cast<CurlMulti*>(self)->set_interest(fd, what, static_cast<Socket*>(socket));
        return 0;
    }
    static int timer(CURLM*, long timeout_ms, void* self) {
        static_cast<CurlMulti*>(self)->set_timer(timeout_ms);
        return 0;
    }
};

CurlMulti::CurlMulti(EventLoop& loop, std::function<void()> on_action)
    : loop_(loop), on_action_(std::move(on_action)) {
    static const CURLcode initialised = curl_global_init(CURL_GLOBAL_DEFAULT);  // once a process
    if (initialised != CURLE_OK || (multi_ = curl_multi_init()) == nullptr) throw std::bad_alloc();
    curl_multi_setopt(multi_, CURLMOPT_SOCKETFUNCTION, Callbacks::socket);
    curl_multi_setopt(multi_, CURLMOPT_SOCKETDATA, this);
    curl_multi_setopt(multi_, CURLMOPT_TIMERFUNCTION, Callbacks::timer);
    curl_multi_setopt(multi_, CURLMOPT_TIMERDATA, this);
}

CurlMulti::~CurlMulti() {
    curl_multi_cleanup(multi_);
    loop_.cancel(timer_);
}

void CurlMulti::add(void* easy) { curl_multi_add_handle(multi_, easy); }

void CurlMulti::remove(void* easy) { curl_multi_remove_handle(multi_, easy); }

std::optional<CurlMulti::Ended> CurlMulti::next_ended() {
    int left = 0;
    while (const CURLMsg* message = curl_multi_info_read(multi_, &left))
        if (message->msg == CURLMSG_DONE) return Ended{message->easy_handle, message->data.result};
    return std::nullopt;
}

void CurlMulti::set_interest(int fd, int what, Socket* socket) {
    if (what == CURL_POLL_REMOVE) {
        loop_.unwatch(fd);
        if (socket != nullptr) free_sockets_.push_back(socket);
        return;
    }
    const bool is_new = socket == nullptr;
    if (is_new) {
        if (free_sockets_.empty())
            free_sockets_.push_back(sockets_.emplace_back(std::make_unique<Socket>(*this)).get());
        socket = free_sockets_.back();
        free_sockets_.pop_back();
        socket->fd = fd;
        curl_multi_assign(multi_, fd, socket);
    }
    socket->reads = (what & CURL_POLL_IN) != 0;
    socket->writes = (what & CURL_POLL_OUT) != 0;
    const uint32_t events = (socket->reads ? EPOLLIN : 0u) | (socket->writes ? EPOLLOUT : 0u);
    if (is_new)
        loop_.watch(fd, events, *socket);
    else
        loop_.rewatch(fd, events);
}

void CurlMulti::set_timer(long timeout_ms) {
    if (timeout_ms < 0) {
        due_.reset();  // the loop's timer stays: it looks here when it fires
        return;
    }
    // Of this instant, not of the turn: libcurl ignores a call before its time, and asks no second
    // time for the same one.
    due_ = Clock::now() + std::chrono::milliseconds(timeout_ms);
    arm(*due_);
}

void CurlMulti::arm(Clock::time_point when) {
    if (timer_ != 0 && timer_when_ <= when) return;
    loop_.cancel(timer_);
    timer_when_ = when;
    timer_ = loop_.at(when, [this] { on_timer(); });
}

void CurlMulti::on_timer() {
    timer_ = 0;
    if (!due_) return;
    if (Clock::now() < *due_) return arm(*due_);
    due_.reset();
    act(CURL_SOCKET_TIMEOUT, 0);
}

void CurlMulti::act(int fd, int bits) {
    int running = 0;
    curl_multi_socket_action(multi_, fd, bits, &running);
    on_action_();
}

}  // namespace patchbay::net
