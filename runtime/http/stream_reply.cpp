#include "runtime/http/stream_reply.hpp"

#include "runtime/http/dialects/native.hpp"
#include "runtime/http/error_reply.hpp"
#include "runtime/http/query_input.hpp"

#include <nlohmann/json.hpp>

namespace patchbay::http {
namespace {

// A call that has become a stream, or may still be answered whole.
struct Opening {
    CallRef call;
    std::unique_ptr<net::EventStream> stream;
    DialectFactory dialects;
};

Opening open(net::Lane& lane, CallRef call, DialectFactory dialects) {
    auto stream = std::make_unique<net::EventStream>(lane, std::move(*call->exchange),
                                                     call->options->streams);
    call->exchange.reset();
    return {std::move(call), std::move(stream), std::move(dialects)};
}

void reply(Opening opening, net::Response response) {
    for (auto& header : opening.call->reply_headers) response.headers.push_back(std::move(header));
    opening.stream->reply(std::move(response));
}

void begin_stream(Server& server, Opening opening, const StreamStart& start,
                  engine::ViewPlan plan) {
    auto headers = std::move(opening.call->reply_headers);
    headers.emplace_back("X-Interaction-Id", start.interaction.str());
    if (!start.run.empty()) headers.emplace_back("X-Run-Id", start.run.str());
    opening.stream->send_head(headers);
    server.engine().attach(start.interaction, std::move(plan), std::move(opening.stream),
                           opening.dialects.make(start));
}

nlohmann::json details_of(const engine::TurnRefused& refused) {
    auto details = nlohmann::json::object();
    if (!refused.active_run.empty()) details["active_run_id"] = refused.active_run.str();
    const auto code = refused.error.code;
    if (code == ErrorCode::conflict || code == ErrorCode::precondition_failed) {
        details["last_seq"] = refused.last_seq;
    }
    return details;
}

// A duplicate's interaction may live on another lane: the call goes there as if it were new.
void attach_to_duplicate(Server& server, Opening opening, const engine::TurnStarted& started,
                         const std::string& owner) {
    if (opening.stream->gone()) return;  // nobody is there to attach
    const bool can_replace = opening.dialects.can_replace;
    opening.call->exchange.emplace(net::EventStream::release(std::move(opening.stream)));
    stream_view(server, std::move(opening.call),
                {.interaction = started.interaction,
                 .owner = owner,
                 .run = started.run,
                 .can_replace = can_replace},
                std::move(opening.dialects));
}

}  // namespace

DialectFactory native_dialects() {
    return {.make = [](const StreamStart&) { return std::make_unique<NativeDialect>(); }};
}

void stream_turn(Server& server, CallRef call, engine::TurnRequest turn, DialectFactory dialects) {
    net::Lane& lane = server.engine().home_of(turn.interaction);
    lane.post([&server, &lane, turn = std::move(turn), call = std::move(call),
               dialects = std::move(dialects)]() mutable {
        auto opening = open(lane, std::move(call), std::move(dialects));
        const bool is_new = turn.is_new;
        const auto owner = turn.owner;
        auto done = [&server, is_new, owner,
                     opening = std::move(opening)](engine::TurnResult result) mutable {
            if (!result) {
                auto response =
                    error_reply(result.error().error, *opening.call, details_of(result.error()));
                return reply(std::move(opening), std::move(response));
            }
            if (result->duplicate) {
                return attach_to_duplicate(server, std::move(opening), *result, owner);
            }
            begin_stream(server, std::move(opening), {result->interaction, result->run, is_new},
                         {.after = result->before_seq, .run = result->run});
        };
        server.engine().begin_turn(std::move(turn), std::move(done));
    });
}

void start_in_background(Server& server, CallRef call, engine::TurnRequest turn) {
    net::Lane& lane = server.engine().home_of(turn.interaction);
    lane.post([&server, turn = std::move(turn), call = std::move(call)]() mutable {
        auto done = [call = std::move(call)](engine::TurnResult result) mutable {
            if (!result) {
                auto response =
                    error_reply(result.error().error, *call, details_of(result.error()));
                return answer(std::move(call), std::move(response));
            }
            const auto run = result->run.str();
            answer_json(std::move(call), 202,
                        {{"run_id", run}, {"interaction_id", result->interaction.str()}},
                        {{"Location", "/api/runs/" + run}, {"X-Run-Id", run}});
        };
        server.engine().begin_turn(std::move(turn), std::move(done));
    });
}

void stream_view(Server& server, CallRef call, engine::ViewRequest view, DialectFactory dialects) {
    net::Lane& lane = server.engine().home_of(view.interaction);
    lane.post([&server, &lane, view = std::move(view), call = std::move(call),
               dialects = std::move(dialects)]() mutable {
        auto opening = open(lane, std::move(call), std::move(dialects));
        const StreamStart start{view.interaction, view.run.value_or(RunId{}), false};
        auto done = [&server, start,
                     opening = std::move(opening)](Result<engine::ViewPlan> plan) mutable {
            if (!plan) {
                auto response = error_reply(plan.error(), *opening.call);
                return reply(std::move(opening), std::move(response));
            }
            if (plan->nothing_more) return reply(std::move(opening), {.status = 204});
            begin_stream(server, std::move(opening), start, std::move(*plan));
        };
        server.engine().plan_view(std::move(view), std::move(done));
    });
}

void resume_stream(Server& server, CallRef call, const ResumePoint& point,
                   DialectFactory dialects) {
    const auto run = server.store().run(point.run);
    if (!run) {
        return answer_error(std::move(call),
                            engine::missing_or(engine::no_such_run(), run.error()));
    }
    engine::ViewRequest view{.interaction = run->interaction,
                             .owner = call->principal.owner,
                             .after = point.seq,
                             .run = point.run,
                             .can_replace = dialects.can_replace};
    stream_view(server, std::move(call), std::move(view), std::move(dialects));
}

Result<std::optional<uint64_t>> last_seq_of(const Call& call) {
    const auto text = call.header("Last-Event-ID");
    if (text.empty()) return std::nullopt;
    const auto seq = decimal(text);
    if (seq) return *seq;
    return std::unexpected(
        caller_error(ErrorCode::bad_request, "Last-Event-ID: must be a decimal integer."));
}

Result<std::optional<ResumePoint>> resume_point_of(const Call& call) {
    const auto text = call.header("Last-Event-ID");
    if (text.empty()) return std::nullopt;
    const auto colon = text.find(':');
    const auto run = RunId::parse(text.substr(0, colon));
    const auto seq = colon == std::string::npos ? std::nullopt : decimal(text.substr(colon + 1));
    if (!run || !seq) {
        return std::unexpected(caller_error(ErrorCode::bad_request,
                                            "Last-Event-ID: must be RUN_ID:SEQ, as it was sent."));
    }
    return ResumePoint{*run, *seq};
}

}  // namespace patchbay::http
