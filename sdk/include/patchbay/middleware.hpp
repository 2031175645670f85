// Middleware stands between clients and agents: it sees each turn before it is stored, and each
// event before it is.
//
//   class Polite : public patchbay::Middleware {
//       patchbay::Admission on_request(const patchbay::Turn&, const patchbay::Gate&,
//                                      const patchbay::Output&) override {
//           return patchbay::Change{.system = "Be polite."};
//       }
//   };
//
// One that wants to see the answer names the class that does, `using Watcher = …;`, and returns one
// for the turn. What a class does not override costs nothing: its slot is NULL.
#pragma once

#include <patchbay/plugin.hpp>
#include <patchbay/secrets.hpp>
#include <patchbay/stream.hpp>

#include <algorithm>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace patchbay {

// What is asked: abi/middleware.h says what each field holds. Borrowed until on_request() returns.
struct Turn {
    std::string_view surface;
    std::string_view owner;
    std::string_view credential_id;
    std::string_view interaction_id;
    std::string_view agent;
    std::string_view model;         // "" = the default
    std::string_view method;        // of the agent; "" = chat
    std::string_view content_json;  // an array of parts
    std::string_view input_json;    // an object; "" = a conversation's turn
    std::string_view options_json;  // an object
    std::string_view traceparent;
    std::string_view extra_json;
    Role role = Role::user;
    uint32_t attempt = 1;  // more: after a crash, of a turn that was let in
};

// What is made of a turn; "" leaves a field as it is.
struct Change {
    std::string content_json = {};
    std::string input_json = {};  // only of a turn that has an input
    std::string options_json = {};
    std::string model = {};
    std::string system = {};  // text before the conversation
    std::string answer = {};  // the whole answer: neither agent nor model is asked

    bool empty() const noexcept {
        return content_json.empty() && input_json.empty() && options_json.empty() &&
               model.empty() && system.empty() && answer.empty();
    }
};

// What a turn waits before while it is decided about. A handle: see owner.hpp.
class Gate : public Owner {
public:
    Gate(const Host& host, patchbay_request request) noexcept
        : Owner(host, request, [](const Owner& owner, std::string_view reason) noexcept {
              const auto error = view_of(ErrorCode::internal, reason);
              complete(owner, {.allow = nullptr, .change = nullptr, .deny = &error});
          }) {}

    // The one verdict that a pending on_request() owes. [lane]
    void pass(const Change& change = {}) const noexcept {
        patchbay_change view = {};
        view.content_json = view_of(std::string_view(change.content_json));
        view.input_json = view_of(std::string_view(change.input_json));
        view.options_json = view_of(std::string_view(change.options_json));
        view.model = view_of(std::string_view(change.model));
        view.system = view_of(std::string_view(change.system));
        view.answer = view_of(std::string_view(change.answer));
        complete(*this, {.allow = nullptr, .change = &view, .deny = nullptr});
    }
    void refuse(const Error& error) const noexcept {
        const auto view = view_of(error);
        complete(*this, {.allow = nullptr, .change = nullptr, .deny = &view});
    }

private:
    static void complete(const Owner& owner, const patchbay_verdict& verdict) noexcept {
        if (const auto* table = owner.host().interfaces().verdict)
            table->complete(owner.host().raw(), owner.handle(), &verdict);
    }
};

// What on_events() did with its batch.
enum class Events : patchbay_status {
    pass = PATCHBAY_EVENTS_PASS,    // all go on as they are
    taken = PATCHBAY_EVENTS_TAKEN,  // none does, but what was written to out() meanwhile
};

// Sees one turn's answer.
//
// Life       from on_request() until the host closes it.
// Threads    [lane]: its functions never overlap.
// Failure    what on_events() returns or throws as one fails the run: what it was to take out is
//            not shown.
class TurnWatcher {
public:
    explicit TurnWatcher(const Output& out) noexcept : out_(out) {}
    virtual ~TurnWatcher() = default;
    TurnWatcher(const TurnWatcher&) = delete;
    TurnWatcher& operator=(const TurnWatcher&) = delete;

    // No verdict is wanted any more; one that comes all the same is ignored.
    virtual void cancel(patchbay_reason) {}

    // The events are borrowed. To replace one write another to out(), to drop it write none, to
    // hold it keep a copy and write it from a later call.
    virtual Result<Events> on_events(std::span<const Event>) { return Events::pass; }

    // The answer ends, as PATCHBAY_FINISH_…; what is held is written in here, or lost.
    virtual void on_end(uint32_t) {}

    // Where events of its own go, from on_events() and on_end() alone.
    const Output& out() const noexcept { return out_; }

protected:
    // Emits them all, or none: for what became longer than it came. A delta whose text is too long
    // for one event goes on as several, cut between characters. `limit` where the texts together
    // are more than the 1 MiB that the host takes from one call.
    Result<void> write(std::span<const Event> events) const;

private:
    Output out_;
};

namespace detail {

inline size_t texts_size(const Event& event) {
    return event.text.size + event.name.size + event.id.size + event.extra_json.size;
}

// Adds what one event becomes where none may have more than `most` bytes of text.
inline void add_in_pieces(Event event, size_t most, std::vector<Event>& pieces) {
    auto rest = text_of(event.text);
    while (event.kind == PATCHBAY_EVENT_DELTA && texts_size(event) > most) {
        size_t size = most - std::min(most, texts_size(event) - rest.size());
        while (size > 0 && (rest[size] & 0xC0) == 0x80) --size;
        const bool bare = rest.size() == texts_size(event);
        if (size == 0 && bare) break;  // no UTF-8: the host will say so
        event.text = view_of(rest.substr(0, size));
        pieces.push_back(event);
        rest.remove_prefix(size);
        event.text = view_of(rest);
        event.name = event.id = event.extra_json = {};  // with the first alone
    }
    pieces.push_back(event);
}

}  // namespace detail

inline Result<void> TurnWatcher::write(std::span<const Event> events) const {
    constexpr size_t most_of_event = size_t{64} * 1024;
    constexpr size_t most_of_call = size_t{1024} * 1024;
    size_t size = 0;
    std::vector<Event> pieces;
    pieces.reserve(events.size());
    for (const auto& event : events) {
        size += detail::texts_size(event);
        if (size > most_of_call)
            return failure(ErrorCode::limit, "what goes on is more than 1 MiB at once");
        detail::add_in_pieces(event, most_of_event, pieces);
    }
    if (pieces.empty() || out_.emit(pieces) != Flow::rejected) return {};
    return failure(ErrorCode::internal, "the host refused what goes on");
}

struct Pending {};  // the verdict comes later, by the gate

// What becomes of a turn: `return Change{…};`, `return {};` to let it pass, `return
// failure(ErrorCode::forbidden, "…");`, or `return Pending();`. With a watcher:
// `return Admission(Change(), std::make_unique<MyWatcher>(out));`.
class Admission {
public:
    Admission() = default;
    Admission(Change change) : change_(std::move(change)) {}  // NOLINT: as is written above
    Admission(Pending) : pending_(true) {}                    // NOLINT
    Admission(std::unexpected<Error> error) : error_(std::move(error.error())) {}  // NOLINT
    template <std::derived_from<TurnWatcher> Watcher>
    Admission(std::unique_ptr<Watcher> watcher) : watcher_(std::move(watcher)) {}  // NOLINT
    Admission(Change change, std::unique_ptr<TurnWatcher> watcher)
        : change_(std::move(change)), watcher_(std::move(watcher)) {}
    Admission(Pending, std::unique_ptr<TurnWatcher> watcher)
        : pending_(true), watcher_(std::move(watcher)) {}

    const std::optional<Error>& error() const noexcept { return error_; }
    const Change& change() const noexcept { return change_; }
    bool pending() const noexcept { return pending_; }
    std::unique_ptr<TurnWatcher>& watcher() noexcept { return watcher_; }

private:
    std::optional<Error> error_;
    Change change_;
    bool pending_ = false;
    std::unique_ptr<TurnWatcher> watcher_;
};

// Life       one per instance; many turns side by side.
class Middleware {
public:
    virtual ~Middleware() = default;

    using Watcher = TurnWatcher;  // shadow it with the class that watches

    // Decides, and returns at once. Several lanes may call it at the same time: what it shares must
    // be constant or locked. What it throws refuses the turn. [lane]
    virtual Admission on_request(const Turn&, const Gate&, const Output&) { return {}; }
};

namespace detail {

template <class T>
struct MiddlewareTable {
    using Watcher = typename T::Watcher;

    static Turn turn_of(const patchbay_turn& raw) {
        return {.surface = text_of(raw.surface),
                .owner = text_of(raw.owner),
                .credential_id = text_of(raw.credential_id),
                .interaction_id = text_of(raw.interaction_id),
                .agent = text_of(raw.agent),
                .model = text_of(raw.model),
                .method = text_of(raw.method),
                .content_json = text_of(raw.content_json),
                .input_json = text_of(raw.input_json),
                .options_json = text_of(raw.options_json),
                .traceparent = text_of(raw.traceparent),
                .extra_json = text_of(raw.extra_json),
                .role = static_cast<Role>(raw.role),
                .attempt = raw.attempt};
    }

    static patchbay_status on_request(void* instance, const patchbay_turn* turn,
                                      patchbay_request request, patchbay_stream out,
                                      void** state) noexcept {
        auto* self = static_cast<Instance<T>*>(instance);
        const auto refuse = [&](const patchbay_error& error) { return self->host.fail(error); };
        return guarded(
            [&]() -> patchbay_status {
                const Gate gate(self->host, request);
                auto admission = static_cast<Middleware&>(*self->plugin)
                                     .on_request(turn_of(*turn), gate, Output(self->host, out));
                if (admission.error()) return refuse(view_of(*admission.error()));
                // Its functions would not be called, so that what it is to take out would be shown.
                if (auto* watcher = admission.watcher().get();
                    watcher &&
                    (std::same_as<Watcher, TurnWatcher> || !dynamic_cast<Watcher*>(watcher)))
                    return refuse(
                        view_of(ErrorCode::internal, "a watcher that the class does not name"));
                *state = admission.watcher().release();  // close() frees it
                if (admission.pending()) return PATCHBAY_PENDING;
                if (!admission.change().empty()) gate.pass(admission.change());
                return PATCHBAY_OK;
            },
            [&](std::string_view reason) { return refuse(view_of(ErrorCode::internal, reason)); });
    }

    static void cancel(void* state, patchbay_reason reason) noexcept {
        auto* watcher = static_cast<TurnWatcher*>(state);
        if (!watcher) return;
        guarded([&] { watcher->cancel(reason); },
                [&](std::string_view thrown) { watcher->out().log().error(thrown); });
    }

    static patchbay_status on_events(void* state, const patchbay_event* events,
                                     uint32_t count) noexcept {
        auto* watcher = static_cast<TurnWatcher*>(state);
        const auto& host = watcher->out().host();
        return guarded(
            [&]() -> patchbay_status {
                const auto done = watcher->on_events(std::span(events, count));
                return done ? static_cast<patchbay_status>(*done)
                            : host.fail(view_of(done.error()));
            },
            [&](std::string_view reason) {
                return host.fail(view_of(ErrorCode::internal, reason));
            });
    }

    static void on_end(void* state, uint32_t reason) noexcept {
        auto* watcher = static_cast<TurnWatcher*>(state);
        guarded([&] { watcher->on_end(reason); },
                [&](std::string_view thrown) { watcher->out().log().error(thrown); });
    }

    static void close(void* state) noexcept { delete static_cast<TurnWatcher*>(state); }

    // Whether the class has a function of its own in the place of its base's; one that cannot be
    // named, because it is private, is its own.
    static constexpr bool decides = !requires {
        requires std::same_as<decltype(&T::on_request), decltype(&Middleware::on_request)>;
    };
    static constexpr bool hears_cancel = !requires {
        requires std::same_as<decltype(&Watcher::cancel), decltype(&TurnWatcher::cancel)>;
    };
    static constexpr bool sees_events = !requires {
        requires std::same_as<decltype(&Watcher::on_events), decltype(&TurnWatcher::on_events)>;
    };
    static constexpr bool sees_end = !requires {
        requires std::same_as<decltype(&Watcher::on_end), decltype(&TurnWatcher::on_end)>;
    };

    static constexpr patchbay_middleware_1 table = {.on_request = decides ? &on_request : nullptr,
                                                    .cancel = hears_cancel ? &cancel : nullptr,
                                                    .on_events = sees_events ? &on_events : nullptr,
                                                    .on_end = sees_end ? &on_end : nullptr,
                                                    .close = &close};
};

}  // namespace detail
}  // namespace patchbay
