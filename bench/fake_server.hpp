// A server that plays an OpenAI-compatible upstream for thousands of paced streams, on one thread.
//
// POST /v1/chat/completions    streamed or whole, as AnswerPlan has it
// GET  /v1/models              one model
// GET  /stats                  counters, as JSON
#pragma once

#include "bench/fake_answer.hpp"
#include "bench/socket.hpp"
#include "bench/timer_wheel.hpp"

#include <map>
#include <memory>
#include <string>
#include <vector>

namespace bench {

class FakeServer {
public:
    FakeServer(Socket listener, const AnswerPlan& plan);
    ~FakeServer();

    [[noreturn]] void run();

private:
    struct Connection;

    struct Counters {
        uint64_t requests = 0;
        uint64_t streams_started = 0;
        uint64_t streams_completed = 0;
        uint64_t streams_closed_by_peer = 0;  // before their end
        int64_t last_closed_by_peer_us = 0;   // monotonic
        uint64_t tokens_sent = 0;
        uint64_t stalls = 0;  // a stream had to wait for its reader
        uint64_t faults = 0;  // answers that went wrong, as they should
        uint64_t open_streams = 0;
        uint64_t open_connections = 0;
    };

    void accept_all();
    void on_ready(uint32_t id, uint32_t events);
    void read_requests(Connection& connection);
    bool take_request(Connection& connection);  // false: none is whole yet
    void answer(Connection& connection, std::string_view head, std::string_view body);
    void start_stream(Connection& connection);
    void tick(Connection& connection, int64_t now_us);
    void schedule(Connection& connection, int64_t when_ms);
    bool goes_wrong(const AnswerPlan& plan);
    bool fail_now(Connection& connection);  // true: nothing follows
    void end_answer(Connection& connection);
    void flush(Connection& connection);
    void close(Connection& connection);
    TokenWriter& writer_for(int64_t token_bytes);
    std::string stats_json() const;

    Socket listener_;
    Socket epoll_;
    AnswerPlan plan_;
    TimerWheel wheel_;
    std::vector<TimerWheel::Entry> due_;
    uint32_t last_stamp_ = 0;
    int64_t fault_credit_ = 0;  // percents: an answer goes wrong for each hundred
    std::vector<std::unique_ptr<Connection>> connections_;  // by id; empty when closed
    std::vector<uint32_t> free_ids_;
    std::map<int64_t, TokenWriter> writers_;
    Counters counters_;
};

}  // namespace bench
