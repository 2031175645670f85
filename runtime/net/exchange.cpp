#include "runtime/net/exchange.hpp"

#include "runtime/net/gate.hpp"
#include "runtime/net/gate_error.hpp"
#include "runtime/net/response_bytes.hpp"

#include <Poco/String.h>

#include <cassert>
#include <utility>

namespace patchbay::net {

using Poco::Net::HTTPRequest;

Exchange::Exchange(Gate& gate, std::unique_ptr<Connection> connection,
                   std::unique_ptr<HTTPRequest> request, std::string body, bool keep_alive,
                   Tally body_tally)
    : gate_(&gate),
      connection_(std::move(connection)),
      request_(std::move(request)),
      body_(std::move(body)),
      remote_(connection_->remote()),
      entrance_(connection_->entrance()),
      keep_alive_(keep_alive),
      body_tally_(std::move(body_tally)) {}

Exchange::Exchange(Exchange&&) noexcept = default;

Exchange::~Exchange() {
    if (connection_)
        reply(error_response({.code = ErrorCode::internal, .message = "Internal server error"}));
}

bool Exchange::http_1_0() const { return request_->getVersion() == HTTPRequest::HTTP_1_0; }

void Exchange::reply(Response response) {
    assert(connection_);
    const bool keep_alive = keep_alive_ && !response.close && !gate_->draining();
    std::string bytes =
        response_bytes(response, {.head_only = request_->getMethod() == HTTPRequest::HTTP_HEAD,
                                  .http_1_0 = http_1_0(),
                                  .keep_alive = keep_alive});

    const IoResult written = connection_->write(bytes);
    if (written.state == IoResult::State::closed) {
        connection_.reset();
        return;
    }
    bytes.erase(0, written.bytes);
    gate_->take_back(std::move(connection_), std::move(bytes), keep_alive);
}

std::unique_ptr<Connection> Exchange::take_connection() {
    assert(connection_);
    return std::move(connection_);
}

std::string Exchange::list_header(const std::string& name) const {
    std::string list;
    for (auto at = request_->find(name); at != request_->end(); ++at) {
        if (Poco::icompare(at->first, name) != 0) continue;
        list += (list.empty() ? "" : ",") + at->second;
    }
    return list;
}

void Exchange::drop_body() {
    body_ = std::string();
    body_tally_ = Tally();
}

void Exchange::give_back(std::unique_ptr<Connection> connection, std::string unsent,
                         bool keep_alive) {
    gate_->take_back(std::move(connection), std::move(unsent), keep_alive);
}

}  // namespace patchbay::net
