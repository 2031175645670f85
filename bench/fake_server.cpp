#include "bench/fake_server.hpp"

#include "bench/http_scan.hpp"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <utility>

namespace bench {

namespace {

constexpr uint32_t listener_id = UINT32_MAX;
constexpr size_t most_waiting_bytes = 65536;  // of one stream, before it waits for its reader
constexpr size_t most_request_bytes = 64u << 20;
constexpr int tokens_in_one_go = 64;  // of a stream without a pace

int64_t now_ms() { return now_us() / 1000; }

}  // namespace

struct FakeServer::Connection {
    uint32_t id = 0;
    Socket socket;
    std::string in;
    std::string out;
    size_t out_at = 0;  // what has been sent of `out`
    bool waits_for_room = false;

    bool answering = false;  // a timer is owed
    bool streaming = false;
    AnswerPlan plan;
    TokenWriter* writer = nullptr;
    int64_t tokens_left = 0;
    int64_t due_ms = 0;
    uint32_t stamp = 0;  // of the timer that counts
};

FakeServer::FakeServer(Socket listener, const AnswerPlan& plan)
    : listener_(std::move(listener)),
      epoll_(::epoll_create1(EPOLL_CLOEXEC)),
      plan_(plan),
      wheel_(now_ms()) {
    epoll_event event{.events = EPOLLIN, .data = {.u32 = listener_id}};
    ::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, listener_.get(), &event);
}

FakeServer::~FakeServer() = default;

void FakeServer::run() {
    std::array<epoll_event, 512> events{};
    while (true) {
        const int count = ::epoll_wait(epoll_.get(), events.data(), static_cast<int>(events.size()),
                                       wheel_.wait_ms(100));
        for (int i = 0; i < count; ++i) {
            if (events[i].data.u32 == listener_id)
                accept_all();
            else
                on_ready(events[i].data.u32, events[i].events);
        }
        const int64_t now = now_us();
        due_.clear();
        wheel_.expire(now / 1000, due_);
        for (const TimerWheel::Entry& entry : due_) {
            Connection* connection = connections_[entry.id].get();
            if (connection != nullptr && connection->answering && connection->stamp == entry.stamp)
                tick(*connection, now);
        }
    }
}

void FakeServer::accept_all() {
    while (true) {
        Socket socket(::accept4(listener_.get(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC));
        if (!socket) return;
        const int on = 1;
        ::setsockopt(socket.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
        if (free_ids_.empty()) {
            free_ids_.push_back(static_cast<uint32_t>(connections_.size()));
            connections_.emplace_back();
        }
        auto connection = std::make_unique<Connection>();
        connection->id = free_ids_.back();
        free_ids_.pop_back();
        epoll_event event{.events = EPOLLIN, .data = {.u32 = connection->id}};
        ::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, socket.get(), &event);
        connection->socket = std::move(socket);
        connections_[connection->id] = std::move(connection);
        ++counters_.open_connections;
    }
}

void FakeServer::on_ready(uint32_t id, uint32_t events) {
    Connection* connection = connections_[id].get();
    if (connection == nullptr) return;
    if ((events & EPOLLOUT) != 0) flush(*connection);
    if (connections_[id] != nullptr && (events & ~EPOLLOUT) != 0) read_requests(*connection);
}

void FakeServer::read_requests(Connection& connection) {
    std::array<char, 16384> bytes;
    const ssize_t count = ::recv(connection.socket.get(), bytes.data(), bytes.size(), 0);
    if (count < 0 && (errno == EAGAIN || errno == EINTR)) return;
    if (count <= 0 || connection.in.size() > most_request_bytes) return close(connection);
    connection.in.append(bytes.data(), static_cast<size_t>(count));
    const uint32_t id = connection.id;
    while (connections_[id] != nullptr && !connection.answering && take_request(connection)) {
    }
}

bool FakeServer::take_request(Connection& connection) {
    const std::string_view bytes = connection.in;
    const std::string_view head = head_in(bytes);
    if (head.empty()) return false;
    std::string body;
    size_t used = head.size();
    if (header_value(head, "Transfer-Encoding") == "chunked") {
        ChunkedBody chunked;
        std::string_view rest = bytes.substr(head.size());
        while (!rest.empty() && !chunked.ended() && !chunked.broken()) body += chunked.next(rest);
        if (chunked.broken()) {
            close(connection);
            return true;
        }
        if (!chunked.ended()) return false;
        used = bytes.size() - rest.size();
    } else {
        const auto length = static_cast<size_t>(header_number(head, "Content-Length").value_or(0));
        if (bytes.size() < used + length) return false;
        body = bytes.substr(used, length);
        used += length;
    }
    const std::string whole_head(head);
    connection.in.erase(0, used);
    ++counters_.requests;
    answer(connection, whole_head, body);
    return true;
}

void FakeServer::answer(Connection& connection, std::string_view head, std::string_view body) {
    const std::string_view line = first_line(head);
    if (line.starts_with("POST /v1/chat/completions ")) {
        connection.plan = plan_for(head, body, plan_);
        if (!goes_wrong(connection.plan)) connection.plan.fault = Fault::none;
        const Fault fault = connection.plan.fault;
        if (fault != Fault::status_500 && fault != Fault::status_429)
            return start_stream(connection);
        append_refusal(connection.out, fault);
        return flush(connection);
    }
    if (line.starts_with("GET /stats "))
        append_json(connection.out, "200 OK", stats_json());
    else if (line.starts_with("GET /v1/models "))
        append_json(connection.out, "200 OK",
                    R"({"object":"list","data":[{"id":"fake","object":"model",)"
                    R"("created":1795000000,"owned_by":"bench"}]})");
    else
        append_json(connection.out, "404 Not Found",
                    R"({"error":{"message":"no such path","type":"invalid_request_error"}})");
    flush(connection);
}

bool FakeServer::goes_wrong(const AnswerPlan& plan) {
    if (plan.fault == Fault::none) return false;
    fault_credit_ += plan.fault_percent;
    if (fault_credit_ < 100) return false;
    fault_credit_ -= 100;
    ++counters_.faults;
    return true;
}

void FakeServer::start_stream(Connection& connection) {
    const AnswerPlan& plan = connection.plan;
    connection.answering = true;
    connection.streaming = plan.stream;
    connection.tokens_left = plan.tokens;
    int64_t wait = plan.first_ms;
    if (plan.stream) {
        ++counters_.streams_started;
        ++counters_.open_streams;
        connection.writer = &writer_for(plan.token_bytes);
        append_stream_head(connection.out);
        const uint32_t id = connection.id;
        if (wait > 0) flush(connection);  // else it goes out with the first token
        if (connections_[id] == nullptr) return;
    } else {
        wait += plan.tokens * plan.delay_ms;
    }
    schedule(connection, now_ms() + wait);
    if (wait == 0) tick(connection, now_us());
}

void FakeServer::schedule(Connection& connection, int64_t when_ms) {
    connection.due_ms = when_ms;
    connection.stamp = ++last_stamp_;
    wheel_.add({.when_ms = when_ms, .id = connection.id, .stamp = connection.stamp});
}

void FakeServer::tick(Connection& connection, int64_t now) {
    if (!connection.streaming) {
        append_whole_answer(connection.out, connection.plan);
        return end_answer(connection);
    }
    if (connection.out.size() - connection.out_at > most_waiting_bytes) {
        ++counters_.stalls;  // the pace goes on when there is room
        return schedule(connection, now / 1000 + std::max<int64_t>(connection.plan.delay_ms, 5));
    }
    const bool is_due =
        connection.plan.tokens - connection.tokens_left >= connection.plan.fault_after;
    if (connection.plan.fault != Fault::none && is_due && fail_now(connection)) return;
    const bool paced = connection.plan.delay_ms > 0;
    for (int i = 0; i < (paced ? 1 : tokens_in_one_go) && connection.tokens_left > 0; ++i) {
        connection.writer->append_token(connection.out, now);
        --connection.tokens_left;
        ++counters_.tokens_sent;
    }
    if (connection.tokens_left == 0) {
        append_stream_end(connection.out, connection.plan);
        ++counters_.streams_completed;
        return end_answer(connection);
    }
    // After the last due time, not after now: a late tick must not slow the pace down.
    schedule(connection, connection.due_ms + connection.plan.delay_ms);
    flush(connection);
}

bool FakeServer::fail_now(Connection& connection) {
    const Fault fault = std::exchange(connection.plan.fault, Fault::none);
    if (fault == Fault::stall) return true;  // no timer is set: the reader has to leave
    bool ends = false;
    append_fault(connection.out, fault, ends);
    if (!ends) return false;
    if (fault == Fault::truncate || fault == Fault::error) {
        end_answer(connection);
        return true;
    }
    flush(connection);
    if (fault == Fault::reset) {
        const linger at_once{.l_onoff = 1, .l_linger = 0};
        ::setsockopt(connection.socket.get(), SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
    }
    --counters_.open_streams;
    connection.streaming = false;  // we leave, not the peer
    close(connection);
    return true;
}

void FakeServer::end_answer(Connection& connection) {
    connection.answering = false;
    if (connection.streaming) --counters_.open_streams;
    connection.streaming = false;
    const uint32_t id = connection.id;
    flush(connection);
    while (connections_[id] != nullptr && !connection.answering && take_request(connection)) {
    }
}

void FakeServer::flush(Connection& connection) {
    const std::string& out = connection.out;
    const ssize_t sent = ::send(connection.socket.get(), out.data() + connection.out_at,
                                out.size() - connection.out_at, MSG_NOSIGNAL);
    if (sent < 0 && errno != EAGAIN && errno != EINTR) return close(connection);
    if (sent > 0) connection.out_at += static_cast<size_t>(sent);
    const bool all = connection.out_at == out.size();
    if (all) {
        connection.out.clear();
        connection.out_at = 0;
    }
    if (connection.waits_for_room == !all) return;
    connection.waits_for_room = !all;
    epoll_event event{.events = all ? uint32_t{EPOLLIN} : uint32_t{EPOLLIN | EPOLLOUT},
                      .data = {.u32 = connection.id}};
    ::epoll_ctl(epoll_.get(), EPOLL_CTL_MOD, connection.socket.get(), &event);
}

void FakeServer::close(Connection& connection) {
    if (connection.streaming) {
        --counters_.open_streams;
        ++counters_.streams_closed_by_peer;
        counters_.last_closed_by_peer_us = now_us();
    }
    --counters_.open_connections;
    free_ids_.push_back(connection.id);
    connections_[connection.id].reset();
}

TokenWriter& FakeServer::writer_for(int64_t token_bytes) {
    return writers_.try_emplace(token_bytes, token_bytes).first->second;
}

std::string FakeServer::stats_json() const {
    std::array<char, 512> text{};
    std::snprintf(
        text.data(), text.size(),
        R"({"open_streams":%llu,"open_connections":%llu,"requests":%llu,)"
        R"("streams_started":%llu,"streams_completed":%llu,"streams_closed_by_peer":%llu,)"
        R"("last_closed_by_peer_us":%lld,"tokens_sent":%llu,"stalls":%llu,"faults":%llu,)"
        R"("now_us":%lld})",
        static_cast<unsigned long long>(counters_.open_streams),
        static_cast<unsigned long long>(counters_.open_connections),
        static_cast<unsigned long long>(counters_.requests),
        static_cast<unsigned long long>(counters_.streams_started),
        static_cast<unsigned long long>(counters_.streams_completed),
        static_cast<unsigned long long>(counters_.streams_closed_by_peer),
        static_cast<long long>(counters_.last_closed_by_peer_us),
        static_cast<unsigned long long>(counters_.tokens_sent),
        static_cast<unsigned long long>(counters_.stalls),
        static_cast<unsigned long long>(counters_.faults), static_cast<long long>(now_us()));
    return text.data();
}

}  // namespace bench
