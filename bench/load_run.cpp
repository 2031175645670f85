#include "bench/load_run.hpp"

#include <sys/epoll.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

namespace bench {

// One slot of the load: a connection that carries one stream after another.
struct LoadRun::Stream final : TokenListener {
    Stream(uint32_t slot, bool reader_stalls, Dialect dialect, LoadFigures& all)
        : id(slot), stalls(reader_stalls), scan(dialect), figures(all) {}

    void on_event(int count) override {
        tokens += count;
        figures.tokens += static_cast<uint64_t>(count);
        ++figures.events;
        if (last_event_us == 0)
            figures.first_token.add(read_us - sent_us);
        else
            figures.gap.add(read_us - last_event_us);
        last_event_us = read_us;
    }
    void on_token_sent_at(int64_t at_us) override { figures.way.add(read_us - at_us); }
    void on_complete() override { complete = true; }
    void on_error(std::string_view line) override { error = line.substr(0, 200); }

    void begin() {
        request_sent = 0;
        head.clear();
        in_body = chunked = complete = false;
        body_left = 0;
        tokens = last_event_us = 0;
        error.clear();
        body.reset();
        scan.reset();
    }

    const uint32_t id;
    const bool stalls;        // reads the head and nothing more
    std::string interaction;  // that the next turn goes on with; "" = a new one
    int turn = 0;             // of that conversation, begun ones
    std::string request;
    Socket socket;
    bool connected = false;
    bool running = false;  // a stream is under way
    size_t request_sent = 0;
    int64_t sent_us = 0;  // when the request went out
    int64_t read_us = 0;  // the last read
    std::string head;     // while it is not whole
    bool in_body = false;
    bool chunked = false;
    int64_t body_left = 0;  // when not chunked; -1 = until the connection's end
    ChunkedBody body;
    TokenScan scan;
    int64_t tokens = 0;
    int64_t last_event_us = 0;
    bool complete = false;
    std::string error;
    LoadFigures& figures;
};

LoadRun::LoadRun(LoadOptions options)
    : options_(std::move(options)),
      epoll_(::epoll_create1(EPOLL_CLOEXEC)),
      wheel_(now_us() / 1000) {}

LoadRun::~LoadRun() = default;

LoadFigures LoadRun::run() {
    started_us_ = now_us();
    const int all = options_.streams + options_.stalled;
    for (int i = 0; i < all; ++i) {
        const auto id = static_cast<uint32_t>(i);
        streams_.push_back(
            std::make_unique<Stream>(id, i < options_.stalled, options_.dialect, figures_));
        wheel_.add({.when_ms = started_us_ / 1000 + options_.ramp_ms * i / all,
                    .id = id,
                    .stamp = static_cast<uint32_t>(Timer::open)});
    }
    std::array<epoll_event, 512> events{};
    std::vector<TimerWheel::Entry> due;
    while (retired_ < static_cast<size_t>(options_.streams)) {
        const int count = ::epoll_wait(epoll_.get(), events.data(), static_cast<int>(events.size()),
                                       wheel_.wait_ms(100));
        for (int i = 0; i < count; ++i) on_ready(*streams_[events[i].data.u32], events[i].events);
        due.clear();
        wheel_.expire(now_us() / 1000, due);
        for (const TimerWheel::Entry& entry : due) on_timer(entry);
    }
    figures_.seconds = static_cast<double>(now_us() - started_us_) / 1e6;
    return figures_;
}

void LoadRun::on_timer(const TimerWheel::Entry& entry) {
    Stream& stream = *streams_[entry.id];
    if (entry.stamp == static_cast<uint32_t>(Timer::open)) return open(stream);
    if (!stream.running || stream.stalls) return;
    const int64_t limit_us = options_.stall_seconds * 1'000'000;
    const int64_t stalled_at = std::max(stream.read_us, stream.sent_us) + limit_us;
    if (now_us() >= stalled_at) return end(stream, "stalled");
    wheel_.add({.when_ms = stalled_at / 1000 + 1,
                .id = stream.id,
                .stamp = static_cast<uint32_t>(Timer::stall)});
}

void LoadRun::open(Stream& stream) {
    stream.begin();
    stream.running = true;
    stream.sent_us = stream.read_us = now_us();
    stream.request = options_.request(stream.interaction);
    ++stream.turn;
    if (!stream.stalls) {
        ++figures_.started;
        figures_.most_open = std::max(figures_.most_open, ++open_);
    }
    wheel_.add({.when_ms = stream.sent_us / 1000 + options_.stall_seconds * 1000,
                .id = stream.id,
                .stamp = static_cast<uint32_t>(Timer::stall)});
    if (stream.socket) return send_request(stream);

    stream.socket = start_connecting(options_.server);
    stream.connected = false;
    epoll_event event{.events = EPOLLOUT, .data = {.u32 = stream.id}};
    ::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, stream.socket.get(), &event);
}

void LoadRun::on_ready(Stream& stream, uint32_t events) {
    if (!stream.socket) return;
    if (!stream.connected) {
        int failed = 0;
        socklen_t size = sizeof failed;
        ::getsockopt(stream.socket.get(), SOL_SOCKET, SO_ERROR, &failed, &size);
        if (failed != 0) return end(stream, std::string("connect: ") + std::strerror(failed));
        stream.connected = true;
        stream.sent_us = now_us();  // the time to the first token leaves out the connection
        return send_request(stream);
    }
    if ((events & EPOLLOUT) != 0) return send_request(stream);
    read(stream);
}

void LoadRun::send_request(Stream& stream) {
    const std::string& request = stream.request;
    const ssize_t sent = ::send(stream.socket.get(), request.data() + stream.request_sent,
                                request.size() - stream.request_sent, MSG_NOSIGNAL);
    if (sent < 0 && errno != EAGAIN) return end(stream, "connection lost");
    if (sent > 0) stream.request_sent += static_cast<size_t>(sent);
    const bool all = stream.request_sent == request.size();
    epoll_event event{.events = all ? uint32_t{EPOLLIN} : uint32_t{EPOLLOUT},
                      .data = {.u32 = stream.id}};
    ::epoll_ctl(epoll_.get(), EPOLL_CTL_MOD, stream.socket.get(), &event);
}

void LoadRun::read(Stream& stream) {
    std::array<char, 65536> bytes;
    const ssize_t count = ::recv(stream.socket.get(), bytes.data(), bytes.size(), 0);
    if (count < 0 && (errno == EAGAIN || errno == EINTR)) return;
    if (count <= 0) {
        if (!stream.running) {  // the server has closed a connection that nobody uses
            stream.socket = Socket();
            return;
        }
        const bool ends_so = stream.in_body && !stream.chunked && stream.body_left < 0;
        return end(stream, ends_so && stream.complete ? "" : "connection lost");
    }
    if (stream.stalls) return stop_reading(stream);
    stream.read_us = now_us();
    figures_.bytes += static_cast<uint64_t>(count);
    const int64_t tokens_before = stream.tokens;
    take_bytes(stream, std::string_view(bytes.data(), static_cast<size_t>(count)));
    if (stream.tokens > tokens_before) ++figures_.reads;
    check_end(stream);
}

// Its bytes stay where they are: in the kernel, and then at the server.
void LoadRun::stop_reading(Stream& stream) {
    ++figures_.stalled;
    epoll_event event{.events = 0, .data = {.u32 = stream.id}};
    ::epoll_ctl(epoll_.get(), EPOLL_CTL_MOD, stream.socket.get(), &event);
}

void LoadRun::take_bytes(Stream& stream, std::string_view bytes) {
    if (!stream.in_body && !take_head(stream, bytes)) return;
    if (stream.chunked) {
        while (!bytes.empty() && !stream.body.ended() && !stream.body.broken())
            stream.scan.feed(stream.body.next(bytes), stream);
        return;
    }
    if (stream.body_left > 0) stream.body_left -= std::min(stream.body_left, std::ssize(bytes));
    stream.scan.feed(bytes, stream);
}

// Takes the head off `bytes`; false when it is not whole or the answer is of no use.
bool LoadRun::take_head(Stream& stream, std::string_view& bytes) {
    stream.head += bytes;
    const std::string_view head = head_in(stream.head);
    if (head.empty()) return false;
    bytes.remove_prefix(bytes.size() - (stream.head.size() - head.size()));
    stream.in_body = true;
    stream.chunked = header_value(head, "Transfer-Encoding") == "chunked";
    stream.body_left = header_number(head, "Content-Length").value_or(-1);
    stream.interaction = header_value(head, "X-Interaction-Id");
    if (const int status = status_of(head); status != 200)
        stream.error =
            "status " + std::to_string(status) + ": " + std::string(bytes.substr(0, 200));
    return true;
}

void LoadRun::check_end(Stream& stream) {
    if (stream.body.broken()) return end(stream, "broken chunk");
    if (!stream.error.empty()) return end(stream, stream.error);
    const bool over =
        stream.chunked ? stream.body.ended() : stream.in_body && stream.body_left == 0;
    if (!over) return;
    if (!stream.complete) return end(stream, "ended without its last event");
    if (options_.expect_tokens != 0 && stream.tokens != options_.expect_tokens)
        return end(stream, "wrong number of tokens");
    end(stream, "");
}

void LoadRun::end(Stream& stream, const std::string& failure) {
    stream.running = false;
    --open_;
    if (failure.empty()) {
        ++figures_.whole;
    } else {
        ++figures_.failures[failure];
        stream.socket = Socket();
    }
    const int64_t age_us = now_us() - started_us_;
    const bool goes_on = failure.empty() && stream.turn < options_.turns;
    if (!goes_on) {
        stream.interaction.clear();
        stream.turn = 0;
    }
    if (!goes_on && age_us >= options_.seconds * 1'000'000) {
        ++retired_;
        stream.socket = Socket();
        return;
    }
    // A failure waits a moment, so that a server which refuses everything is not hammered.
    wheel_.add({.when_ms = now_us() / 1000 + (failure.empty() ? 0 : 100),
                .id = stream.id,
                .stamp = static_cast<uint32_t>(Timer::open)});
}

}  // namespace bench
