// A connection while the gate has it: it waits for a request, reads it, writes what a reply has
// left unsent, or says farewell. A request that is complete leaves as an Exchange, with the
// connection; this object ends then.
//
// Life       owned by Sessions. An ended one stays valid until the loop's turn is over.
// Threads    the gate's.
#pragma once

#include "runtime/net/connection.hpp"
#include "runtime/net/request_reader.hpp"

#include <patchbay/error.hpp>

#include <memory>
#include <string>
#include <string_view>

namespace patchbay::net {

class Sessions;

class Session final : private Watcher {
public:
    Session(Sessions& sessions, std::unique_ptr<Connection> connection);
    ~Session() override;
    Session(const Session&) = delete;
    Session& operator=(const Session&) = delete;

    // One of these three begins it.
    void read_request();  // leftover bytes first
    void write(std::string bytes, bool keep_alive);
    void refuse(Error error);  // answers with it and closes

    void on_deadline();
    Clock::time_point deadline() const { return deadline_; }
    bool idle() const { return stage_ == Stage::idle; }
    bool writing() const { return stage_ == Stage::writing; }
    void close();

private:
    friend class Sessions;
    enum class Stage { idle, handshake, head, body, writing, lingering, ended };  // reads to `body`

    void on_ready(uint32_t events) override;
    bool reading() const { return stage_ <= Stage::body; }
    void wait_for_request();
    void read_some();
    void follow_handshake();
    void take(std::string_view bytes);
    size_t parse(std::string_view bytes);
    void after_parsing();
    void hand_over();
    void reject(Error error);  // refuse(), for what the client has sent
    void flush();
    void close_gently();
    void linger();
    void watch(uint32_t events);
    void unwatch();

    Sessions& sessions_;
    std::unique_ptr<Connection> connection_;
    std::unique_ptr<RequestReader> reader_;  // from a request's first byte on
    Tally body_tally_;
    size_t counted_ = 0;  // of the body, in body_tally_
    std::string out_;
    size_t sent_ = 0;
    size_t lingered_ = 0;
    size_t index_ = 0;  // in Sessions
    Clock::time_point deadline_;
    uint32_t watched_ = 0;
    Stage stage_ = Stage::idle;
    bool keep_alive_ = true;
    bool refusing_ = false;
    bool told_waiting_ = false;  // what is unsent counts towards the total of all connections
};

}  // namespace patchbay::net
