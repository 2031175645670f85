// Opens streams against a server, reads them, and keeps the figures.
#pragma once

#include "bench/histogram.hpp"
#include "bench/http_scan.hpp"
#include "bench/socket.hpp"
#include "bench/timer_wheel.hpp"
#include "bench/token_scan.hpp"

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace bench {

struct LoadOptions {
    Address server;
    // Head and body of a turn, as they go out; of a conversation that goes on: with its id, else
    // "".
    std::function<std::string(std::string_view interaction)> request;
    Dialect dialect = Dialect::openai;
    int streams = 100;           // at the same time
    int stalled = 0;             // streams beside them whose reader stops after the head
    int turns = 1;               // of each conversation, one after the other
    int64_t ramp_ms = 1000;      // over which they are opened
    int64_t seconds = 0;         // 0 = each stream once; else new ones follow until then
    int64_t expect_tokens = 0;   // 0 = any number
    int64_t stall_seconds = 30;  // a stream that brings nothing for so long has failed
};

struct LoadFigures {
    uint64_t started = 0;
    uint64_t whole = 0;  // with their end, and with the expected tokens
    uint64_t tokens = 0;
    uint64_t events = 0;  // with text
    uint64_t reads = 0;   // with text
    uint64_t bytes = 0;
    uint64_t most_open = 0;
    uint64_t stalled = 0;  // readers that stopped; counted nowhere else
    double seconds = 0;
    Histogram first_token;                     // from the request's sending to the first token
    Histogram gap;                             // between two events of a stream
    Histogram way;                             // of a token, from the fake upstream to here
    std::map<std::string, uint64_t> failures;  // why, and how many
};

class LoadRun {
public:
    explicit LoadRun(LoadOptions options);
    ~LoadRun();

    LoadFigures run();  // until all streams have ended

private:
    struct Stream;
    enum class Timer : uint32_t { open, stall };

    void open(Stream& stream);
    void stop_reading(Stream& stream);
    void on_ready(Stream& stream, uint32_t events);
    void send_request(Stream& stream);
    void read(Stream& stream);
    void take_bytes(Stream& stream, std::string_view bytes);
    bool take_head(Stream& stream, std::string_view& bytes);
    void check_end(Stream& stream);
    void end(Stream& stream, const std::string& failure);  // "" = it is whole
    void on_timer(const TimerWheel::Entry& entry);

    LoadOptions options_;
    Socket epoll_;
    TimerWheel wheel_;
    int64_t started_us_ = 0;
    std::vector<std::unique_ptr<Stream>> streams_;
    uint64_t open_ = 0;
    uint64_t retired_ = 0;
    LoadFigures figures_;
};

}  // namespace bench
