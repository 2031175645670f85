// One question to one middleware: what it makes of a turn.
#pragma once

#include "runtime/plugins/request.hpp"
#include "runtime/plugins/turn_filter.hpp"

namespace patchbay::plugins {

class TurnCheck final : public Request {
public:
    TurnCheck(net::Lane& lane, InstanceRef instance, const TurnView& turn, OnTurnVerdict done);

    static void ask(std::unique_ptr<TurnCheck> check, const TurnView& turn);

    patchbay_status complete(const patchbay_verdict* verdict) override;

private:
    patchbay_status call_on_request(const TurnView& turn, std::optional<Error>& failed);
    void on_late();
    void give(Result<TurnChange> change);

    void call_cancel(patchbay_reason reason) override;
    void call_close() override {}  // the state may go on in a filter, and closes itself
    void on_broken(Error error) override;

    std::shared_ptr<TurnState> state_;
    OnTurnVerdict done_;  // empty once it was told
    bool has_input_;
    bool asking_ = false;
    std::optional<Result<TurnChange>> verdict_;  // as it came in on_request()
};

}  // namespace patchbay::plugins
