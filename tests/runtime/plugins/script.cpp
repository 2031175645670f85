#include "tests/runtime/plugins/script.hpp"

namespace patchbay::plugins {
namespace {

Script& script_of(void* state) { return *static_cast<Script*>(state); }

patchbay_status open_chat(void* instance, const patchbay_chat_request* request,
                          patchbay_stream stream, void** chat) {
    auto& script = script_of(instance);
    script.journal.add("open");
    if (script.leaves_state) *chat = &script;
    return script.on_open ? script.on_open(*request, stream) : PATCHBAY_OK;
}

void resume(void* chat) {
    script_of(chat).journal.add("resume");
    if (script_of(chat).on_resume) script_of(chat).on_resume();
}

void cancel(void* state, patchbay_reason reason) {
    script_of(state).journal.add("cancel " + std::to_string(reason));
    if (script_of(state).on_cancel) script_of(state).on_cancel(reason);
}

void close_state(void* state) {
    if (script_of(state).on_close) script_of(state).on_close();
    script_of(state).journal.add("close");
}

patchbay_status check(void* instance, const patchbay_http_request* http, patchbay_request request,
                      void** state) {
    auto& script = script_of(instance);
    script.journal.add("check");
    if (script.leaves_state) *state = &script;
    return script.on_check ? script.on_check(*http, request) : PATCHBAY_NOT_MINE;
}

constexpr patchbay_provider_1 provider{open_chat, resume, cancel, close_state, nullptr};
constexpr patchbay_auth_1 auth{check, cancel, close_state};

Script* next_script = nullptr;

patchbay_status create(const patchbay_host* host, patchbay_str, void** instance) {
    next_script->host = host;
    *instance = next_script;
    return next_script->on_create ? next_script->on_create() : PATCHBAY_OK;
}

void destroy(void* instance) { script_of(instance).journal.add("destroy"); }

const void* get_interface(patchbay_str id) {
    if (string_of(id) == PATCHBAY_PROVIDER_1) return &provider;
    if (string_of(id) == PATCHBAY_AUTH_1) return &auth;
    return nullptr;
}

constexpr patchbay_plugin entry{
    PATCHBAY_ABI_MAJOR, PATCHBAY_ABI_DRAFT, "org.example.scripted", "1.0.0", "", create, destroy,
    get_interface};

using Task = std::function<void(patchbay_status)>;

void run_task(void* user, patchbay_status status) {
    const std::unique_ptr<Task> task(static_cast<Task*>(user));
    (*task)(status);
}

void on_head(void* user, uint32_t status, const patchbay_header*, uint32_t) {
    auto& call = *static_cast<ScriptedCall*>(user);
    if (call.head) call.head(status);
}

void on_data(void* user, patchbay_str bytes) {
    auto& call = *static_cast<ScriptedCall*>(user);
    if (call.data) call.data(string_of(bytes));
}

void on_event(void* user, const patchbay_sse_event* event) {
    auto& call = *static_cast<ScriptedCall*>(user);
    if (call.event) call.event(string_of(event->data));
}

void on_done(void* user, const patchbay_error* error) {
    const std::unique_ptr<ScriptedCall> call(static_cast<ScriptedCall*>(user));
    if (call->done) call->done(error);
}

constexpr patchbay_http_handler handler{on_head, on_data, on_event, on_done};

}  // namespace

patchbay_event delta(std::string_view text) {
    patchbay_event event{};
    event.kind = PATCHBAY_EVENT_DELTA;
    event.text = text_of(text);
    return event;
}

patchbay_status Script::emit(patchbay_stream stream, std::string_view text) {
    return emit(stream, delta(text));
}

patchbay_status Script::emit(patchbay_stream stream, const patchbay_event& event) {
    return host_stream.emit(host, stream, &event, 1);
}

patchbay_status Script::finish(patchbay_stream stream, uint32_t reason) {
    return host_stream.finish(host, stream, reason, nullptr);
}

patchbay_status Script::post(patchbay_handle owner, Task task) {
    auto user = std::make_unique<Task>(std::move(task));
    const auto status = host_stream.post(host, owner, run_task, user.get());
    if (status == PATCHBAY_OK) static_cast<void>(user.release());
    return status;
}

patchbay_status Script::timer(patchbay_handle owner, uint64_t delay_us, Task task,
                              patchbay_handle& timer) {
    auto user = std::make_unique<Task>(std::move(task));
    const auto status = host_timer.start(host, owner, delay_us, run_task, user.get(), &timer);
    if (status == PATCHBAY_OK) static_cast<void>(user.release());
    return status;
}

patchbay_status Script::allow(patchbay_request request, std::string_view owner, uint32_t role) {
    patchbay_principal principal{};
    principal.owner = text_of(owner);
    principal.role = role;
    const patchbay_verdict verdict{.allow = &principal};
    return host_verdict.complete(host, request, &verdict);
}

patchbay_status Script::deny(patchbay_request request, patchbay_status code) {
    patchbay_error error{};
    error.code = code;
    const patchbay_verdict verdict{.deny = &error};
    return host_verdict.complete(host, request, &verdict);
}

patchbay_status ScriptedCall::start(Script& script, patchbay_handle owner, const std::string& url,
                                    uint32_t flags, ScriptedCall call, patchbay_handle& handle) {
    auto user = std::make_unique<ScriptedCall>(std::move(call));
    patchbay_http_start request{};
    request.method = text_of("GET");
    request.url = text_of(url);
    request.flags = flags;
    const auto status =
        host_http.start(script.host, owner, &request, &handler, user.get(), &handle);
    if (status == PATCHBAY_OK) static_cast<void>(user.release());
    return status;
}

InstanceRef make_instance(Script& script, const std::string& name, HostServices services) {
    next_script = &script;
    const InstanceSpec spec{.name = name, .library = "scripted", .config_json = "{}"};
    const Library library{.path = "/scripted.so", .entry = &entry};
    auto instance =
        Instance::create(spec, library, std::make_shared<const HostServices>(std::move(services)));
    return instance ? *instance : nullptr;
}

}  // namespace patchbay::plugins
