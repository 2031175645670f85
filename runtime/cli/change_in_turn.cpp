#include "runtime/cli/change_in_turn.hpp"

#include <spdlog/spdlog.h>

#include <memory>
#include <utility>

namespace patchbay::cli {
namespace {

http::Changed refused(Error error) {
    return std::unexpected(http::ChangeRefusal{.error = std::move(error)});
}

http::Changed outcome_of(Change& change) {
    try {
        return change();
    } catch (const std::exception& thrown) {
        spdlog::error("a change of the config threw: {}", thrown.what());
        return refused({.code = ErrorCode::internal,
                        .message = std::string("A bug in patchbay: ") + thrown.what()});
    }
}

}  // namespace

void change_in_turn(net::Workers& control, Change change, http::OnChanged done) {
    // Shared with the task that may be refused, so that its asker can still be told.
    const auto held = std::make_shared<http::OnChanged>(std::move(done));
    const bool posted =
        control.post([change = std::move(change), held]() mutable { (*held)(outcome_of(change)); });
    if (posted) return;
    (*held)(refused({.code = ErrorCode::unavailable,
                     .message = "Too many changes of the config are waiting; try again later.",
                     .retryable = true}));
}

}  // namespace patchbay::cli
