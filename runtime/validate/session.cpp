#include "runtime/validate/session.hpp"

#include <patchbay/view.hpp>

#include <algorithm>
#include <thread>
#include <vector>

namespace patchbay::validate {
namespace {

using testing::HttpAnswer;

constexpr uint64_t spread = 0x9E3779B97F4A7C15;  // odd: it has an inverse

// Newton's way: each step doubles the bits that are right.
constexpr uint64_t inverse_of(uint64_t odd) {
    uint64_t inverse = odd;
    for (int i = 0; i < 6; ++i) inverse *= 2 - odd * inverse;
    return inverse;
}
static_assert(spread * inverse_of(spread) == 1);

constexpr size_t most_of_one_owner = 256;  // children, or tool calls: chat.h, tools.h

constexpr const char* silent_failure = "failed without set_error(): nobody knows why";

// Plain C tables have no place for a context: create() and get_interface() find it here, the one
// that creates, or the youngest.
std::vector<Session*> sessions;
Session* creating = nullptr;
uint64_t session_count = 0;

}  // namespace

patchbay_handle Session::outer_handle(patchbay_handle inner) const {
    return inner.bits ? patchbay_handle{(inner.bits + first_handle_) * spread} : inner;
}

patchbay_handle Session::inner_handle(patchbay_handle outer) const {
    return outer.bits ? patchbay_handle{outer.bits * inverse_of(spread) - first_handle_} : outer;
}

Session::Session(const patchbay_plugin& plugin, HostTraits traits)
    : plugin_(plugin),
      traits_(std::move(traits)),
      wrapped_(plugin),
      probe_(traits_.conduct, host_.turns()),
      first_handle_(++session_count << 32) {
    sessions.push_back(this);
    wrapped_.create = &create_instance;
    wrapped_.destroy = &destroy_instance;
    wrapped_.get_interface = &get_interface;
    for (const auto& id : traits_.hidden) host_.hide(id);
    host_.tools().offer(ordinary_tools());
    host_.set_history(ordinary_history());
}

Session::~Session() {
    shut_down();
    std::erase(sessions, this);
}

void Session::shut_down() {
    if (!std::exchange(created_, false)) return;
    host_.shut_down();
    bool left_open = false;
    bool failed_open = false;
    for (const auto& fault : host_.faults()) {
        left_open = left_open || fault == "something did not close";
        failed_open = failed_open || fault.starts_with("open failed, yet");
        if (fault.starts_with("a tool that")) probe_.find_alone(Breach::bad_result, fault);
    }
    if (failed_open)  // what is left open then is the same fault
        probe_.find(Breach::failed_open, "open() failed, yet its stream was ended or in use");
    else if (left_open)
        probe_.find(Breach::not_closed, "something was still open at destroy()");
}

Result<void> Session::create(std::string_view config_json) {
    expect_reason();
    creating = this;
    auto made = host_.create(wrapped_, config_json);
    creating = nullptr;
    created_ = made.has_value();
    return made;
}

bool Session::run_until(const std::function<bool()>& done, std::chrono::microseconds limit) {
    using namespace std::chrono_literals;
    auto& turns = host_.turns();
    if (!probe_.plugin_has_threads()) return turns.run_until(done, limit, 0ms);
    constexpr auto step = 100ms;  // of the virtual clock
    constexpr auto pace = 10ms;   // of the real one
    const auto end = turns.now() + std::min<std::chrono::microseconds>(limit, 60s);
    while (!done() && turns.now() < end) {
        turns.run();
        if (done()) break;
        std::this_thread::sleep_for(pace);
        turns.run();
        if (!done()) turns.advance(step);
    }
    return done();
}

bool Session::call(const char* slot, Tag tag, LentMemory& lent, const std::function<void()>& body) {
    lent_in_call_ = &lent;
    const bool returned = probe_.call(slot, tag, body);
    lent_in_call_ = nullptr;
    return returned;
}

const std::string& Session::offer(Offer offer) {
    const auto [found, first] = offers_.try_emplace(offer);
    if (!first) return found->second;
    switch (offer) {
        case Offer::models: found->second = host_.models(); break;
        case Offer::methods: found->second = host_.methods(); break;
        case Offer::tools: found->second = host_.describe(); break;
    }
    return found->second;
}

void Session::add_answer(const patchbay_http_start& request) {
    ++http_calls_;
    host_.http().answer(std::string(text_of(request.url)),
                        world_.upstream ? world_.upstream(request) : HttpAnswer{});
}

bool Session::add_child(const patchbay_chat_start& request, patchbay_handle owner) {
    const auto nth = children_[owner.bits]++;
    if (nth >= most_of_one_owner) return false;
    const auto name = request.agent.size > 0 ? request.agent : request.model;
    host_.children().answer(std::string(text_of(name)),
                            world_.child ? world_.child(request, nth) : ordinary_child());
    return true;
}

bool Session::add_tool_call(const patchbay_tool_start& request, patchbay_handle owner) {
    if (tool_calls_[owner.bits]++ >= most_of_one_owner) return false;
    const std::string name(text_of(request.name));
    if (ordinary_tools().find("\"" + name + "\"") == std::string::npos)
        return true;  // no such tool
    auto answer = world_.tool ? world_.tool() : ToolAnswer{};
    if (answer.error)
        host_.tools().fail(name, std::move(*answer.error), answer.delay);
    else
        host_.tools().answer(name, std::move(answer.output_json), answer.delay);
    return true;
}

void Session::decide() {
    host_.approval().decide(world_.person ? world_.person() : testing::FakeDecision{});
}

void Session::paused(uint64_t stream) {
    const auto* call = Probe::current();
    const auto [pause, first] = pauses_.emplace(stream, call->number);
    if (first || pause->second == call->number) return;
    probe_.find(Breach::pause_ignored, "emit() went on after PAUSE, before resume()");
}

// --- the plugin, as the fake host sees it -------------------------------------------------------
patchbay_status Session::create_instance(const patchbay_host* host, patchbay_str config_json,
                                         void** instance) {
    auto& session = *creating;
    session.view_ = {.table = {.abi = PATCHBAY_ABI_MAJOR,
                               .draft = PATCHBAY_ABI_DRAFT,
                               .version = session.traits_.version,
                               .get_interface = &host_interface,
                               .set_error = &set_error},
                     .session = &session,
                     .inner = host};
    void* real = nullptr;
    patchbay_status status = PATCHBAY_E_INTERNAL;
    LentMemory lent("create", session.probe_.guards_views());
    const auto config = lent.text(config_json, "config_json");
    const bool returned = session.call("create", Tag::control, lent, [&] {
        status = session.plugin_.create(&session.view_.table, config, &real);
    });
    if (status < 0) {
        if (returned && !session.error_set_)
            session.probe_.find(Breach::no_reason, std::string("create() ") + silent_failure);
        return status;
    }
    *instance = new WrappedInstance{&session, real};
    return status;
}

void Session::destroy_instance(void* instance) {
    const std::unique_ptr<WrappedInstance> wrapped(static_cast<WrappedInstance*>(instance));
    wrapped->session->probe_.call("destroy", Tag::control,
                                  [&] { wrapped->session->plugin_.destroy(wrapped->instance); });
}

const void* Session::get_interface(patchbay_str interface_id) {
    auto& session = creating ? *creating : *sessions.back();
    const void* table = nullptr;
    LentMemory lent("get_interface", session.probe_.guards_views());
    const auto id = lent.text(interface_id, "interface_id");
    session.probe_.call("get_interface", Tag::control,
                        [&] { table = session.plugin_.get_interface(id); });
    return table ? wrapped_plugin_table(text_of(interface_id), table) : nullptr;
}

// --- the host, as the plugin sees it ------------------------------------------------------------
const void* Session::host_interface(const patchbay_host* host, patchbay_str interface_id) {
    auto& session = of(host);
    const auto id = text_of(interface_id);
    {
        const std::lock_guard lock(session.asked_mutex_);
        session.asked_.insert(std::string(id));
    }
    const auto* const table = session.inner()->get_interface(session.inner(), interface_id);
    return table ? wrapped_host_table(id) : nullptr;
}

void Session::set_error(const patchbay_host* host, const patchbay_error* error) {
    auto& session = of(host);
    session.error_set_ = error->message.size > 0;
    session.inner()->set_error(session.inner(), error);
}

}  // namespace patchbay::validate
