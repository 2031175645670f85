// One request, its connection, and the duty to answer it once.
#pragma once

#include "runtime/net/connection.hpp"

#include <Poco/Net/HTTPRequest.h>

#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace patchbay::net {

class Gate;

using Headers = std::vector<std::pair<std::string, std::string>>;

struct Response {
    int status = 200;
    Headers headers;  // no Content-Length, no Connection
    std::string body;
    bool close = false;  // close the connection afterwards
};

// Movable; belongs to one thread at a time; its gate outlives it. Exactly one of reply() and
// take_connection() is owed; when neither has been called, the destructor answers 500.
class Exchange {
public:
    Exchange(Gate& gate, std::unique_ptr<Connection> connection,
             std::unique_ptr<Poco::Net::HTTPRequest> request, std::string body, bool keep_alive,
             Tally body_tally = {});
    Exchange(Exchange&&) noexcept;
    Exchange& operator=(Exchange&&) = delete;
    ~Exchange();

    const Poco::Net::HTTPRequest& request() const { return *request_; }

    // All lines of a header that is a list, joined by commas; "" = absent.
    std::string list_header(const std::string& name) const;

    std::string& body() { return body_; }
    const std::string& body() const { return body_; }
    const std::string& remote() const { return remote_; }
    Entrance entrance() const { return entrance_; }
    bool keep_alive() const { return keep_alive_; }
    bool http_1_0() const;

    // Sends the response: what the socket takes is written here and now, without blocking; the gate
    // writes the rest and then reads the next request. HEAD gets no body. [any-thread]
    void reply(Response response);

    // For a stream: the caller writes to the connection itself, and hands it back with
    // Gate::give_back() when its response is complete, or drops it.
    std::unique_ptr<Connection> take_connection();
    Gate& gate() { return *gate_; }

    // Nobody reads the body any more: gives its memory back before the exchange ends.
    void drop_body();

private:
    friend class EventStream;

    // take_connection() undone: reply() is owed again.
    void put_back(std::unique_ptr<Connection> connection) { connection_ = std::move(connection); }

    // The response is complete but for `unsent`.
    void give_back(std::unique_ptr<Connection> connection, std::string unsent, bool keep_alive);

    Gate* gate_;
    std::unique_ptr<Connection> connection_;
    std::unique_ptr<Poco::Net::HTTPRequest> request_;
    std::string body_;
    std::string remote_;
    Entrance entrance_;
    bool keep_alive_;
    Tally body_tally_;
};

}  // namespace patchbay::net
