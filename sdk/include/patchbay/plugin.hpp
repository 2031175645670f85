// PATCHBAY_PLUGIN: makes a class the plugin that a library exports. The one macro outside abi/.
//
//   PATCHBAY_PLUGIN(Echo, {.id = "org.example.echo", .version = "1.0.0", .config = echo_schema});
//
// Once per library, at global scope. `Type` derives from what it offers, one or several of
// Provider, Auth, Agent, Tool, Middleware and Exporter, and is made by the first of these that it
// has:
//   static Result<std::unique_ptr<Type>> create(const Host& host, std::string_view config_json);
//   Type(const Host& host, std::string_view config_json);
//   Type(const Host& host);
// The host is a borrowed reference that outlives the object. The config is a JSON object, already
// checked against the schema, borrowed. What these throw fails create(), its what() is the reason.
// [control]
#pragma once

#include <patchbay/abi/agent.h>
#include <patchbay/abi/auth.h>
#include <patchbay/abi/exporter.h>
#include <patchbay/abi/middleware.h>
#include <patchbay/abi/plugin.h>
#include <patchbay/abi/provider.h>
#include <patchbay/abi/tool.h>
#include <patchbay/guarded.hpp>
#include <patchbay/host.hpp>

#include <array>
#include <concepts>
#include <memory>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>

namespace patchbay {

class Provider;    // provider.hpp
class Auth;        // auth.hpp
class Agent;       // agent.hpp
class Tool;        // tool.hpp
class Middleware;  // middleware.hpp
class Exporter;    // exporter.hpp

// What a library says of itself. Literals, or constexpr objects of static storage.
struct PluginInfo {
    const char* id;       // "org.example.my_provider": unique, never changes
    const char* version;  // of the plugin
    std::string_view title = {};
    std::string_view description = {};
    std::string_view config = {};  // JSON Schema of the config; "" = any object
    std::string_view model = {};  // "none": an agent that asks no model, so that none need be there
};

namespace detail {

template <class T>
struct ProviderTable;
template <class T>
struct AuthTable;
template <class T>
struct AgentTable;
template <class T>
struct ToolTable;
template <class T>
struct MiddlewareTable;
template <class T>
struct ExporterTable;

// What a plugin may offer: its interface's id, the class that it derives from, and the table.
template <class Base, template <class> class TableOf>
struct Kind {
    std::string_view id;

    template <class T>
    static constexpr bool offered = std::is_base_of_v<Base, T>;
    template <class T>
    using Table = TableOf<T>;
};

// The one list of kinds.
inline constexpr std::tuple kinds = {
    Kind<Provider, ProviderTable>{PATCHBAY_PROVIDER_1},
    Kind<Auth, AuthTable>{PATCHBAY_AUTH_1},
    Kind<Agent, AgentTable>{PATCHBAY_AGENT_1},
    Kind<Tool, ToolTable>{PATCHBAY_TOOL_1},
    Kind<Middleware, MiddlewareTable>{PATCHBAY_MIDDLEWARE_1},
    Kind<Exporter, ExporterTable>{PATCHBAY_EXPORTER_1},
};

// Calls `visit(kind)` for each kind that T offers.
template <class T, class Visit>
constexpr void for_each_kind(Visit&& visit) {
    const auto visit_offered = [&]<class K>(const K& kind) {
        if constexpr (K::template offered<T>) visit(kind);
    };
    std::apply([&](const auto&... kind) { (visit_offered(kind), ...); }, kinds);
}

// What the host knows as `instance`.
template <class T>
struct Instance {
    explicit Instance(const patchbay_host* raw) : host(raw) {}

    Host host;
    std::unique_ptr<T> plugin;
};

template <class T>
const void* get_interface(patchbay_str interface_id) noexcept {
    const void* table = nullptr;
    for_each_kind<T>([&]<class K>(const K& kind) {
        if (text_of(interface_id) == kind.id) table = &K::template Table<T>::table;
    });
    return table;
}

template <class T>
Result<std::unique_ptr<T>> make(const Host& host, std::string_view config_json) {
    if constexpr (requires { T::create(host, config_json); })
        return T::create(host, config_json);
    else if constexpr (std::constructible_from<T, const Host&, std::string_view>)
        return std::make_unique<T>(host, config_json);
    else
        return std::make_unique<T>(host);
}

template <class T>
patchbay_status create(const patchbay_host* raw, patchbay_str config_json,
                       void** instance) noexcept {
    const auto fail = [&](const patchbay_error& error) {
        raw->set_error(raw, &error);
        return error.code;
    };
    return guarded(
        [&]() -> patchbay_status {
            auto made = std::make_unique<Instance<T>>(raw);
            auto plugin = make<T>(made->host, text_of(config_json));
            if (!plugin) return fail(view_of(plugin.error()));
            made->plugin = std::move(*plugin);
            *instance = made.release();  // destroy() frees it
            return PATCHBAY_OK;
        },
        [&](std::string_view reason) { return fail(view_of(ErrorCode::internal, reason)); });
}

template <class T>
void destroy(void* instance) noexcept {
    delete static_cast<Instance<T>*>(instance);
}

// Writes about_json at compile time: once to count, once to keep.
template <class Sink>
constexpr void write_quoted(Sink& sink, std::string_view text) {
    constexpr std::string_view hex = "0123456789abcdef";
    sink.put("\"");
    for (const char& c : text) {
        const auto byte = static_cast<unsigned char>(c);
        if (c == '"' || c == '\\') sink.put("\\");
        if (byte >= 0x20) {
            sink.put({&c, 1});
        } else {
            sink.put("\\u00");
            sink.put(hex.substr(byte >> 4, 1));
            sink.put(hex.substr(byte & 15, 1));
        }
    }
    sink.put("\"");
}

template <class T, class Sink>
constexpr void write_about(Sink& sink, const PluginInfo& info) {
    sink.put("{\"title\":");
    write_quoted(sink, info.title);
    sink.put(",\"description\":");
    write_quoted(sink, info.description);
    if (!info.config.empty()) {
        sink.put(",\"config_schema\":");
        sink.put(info.config);
    }
    if (!info.model.empty()) {
        sink.put(",\"model\":");
        write_quoted(sink, info.model);
    }
    sink.put(",\"interfaces\":[");
    std::string_view comma;
    for_each_kind<T>([&](const auto& kind) {
        sink.put(comma);
        write_quoted(sink, kind.id);
        comma = ",";
    });
    sink.put("]}");
}

struct SizeCounter {
    size_t size = 0;
    constexpr void put(std::string_view text) { size += text.size(); }
};

template <size_t Size>
struct Text {
    std::array<char, Size + 1> bytes = {};  // ends with NUL
    size_t size = 0;
    constexpr void put(std::string_view text) {
        for (const char c : text) bytes[size++] = c;
    }
};

template <class T, const PluginInfo& info>
constexpr auto make_about() {
    constexpr size_t size = [] {
        SizeCounter counter;
        write_about<T>(counter, info);
        return counter.size;
    }();
    Text<size> text;
    write_about<T>(text, info);
    return text;
}

template <class T, const PluginInfo& info>
inline constexpr auto about = make_about<T, info>();

template <class T, const PluginInfo& info>
constexpr patchbay_plugin make_plugin() {
    static_assert(
        std::apply([](auto... kind) { return (decltype(kind)::template offered<T> || ...); },
                   kinds),
        "a plugin class derives from patchbay::Provider, Auth, Agent, Tool, Middleware or "
        "Exporter");
    return {.abi = PATCHBAY_ABI_MAJOR,
            .draft = PATCHBAY_ABI_DRAFT,
            .id = info.id,
            .version = info.version,
            .about_json = about<T, info>.bytes.data(),
            .create = &create<T>,
            .destroy = &destroy<T>,
            .get_interface = &get_interface<T>};
}

}  // namespace detail
}  // namespace patchbay

// Variadic: the braces hold commas.
#define PATCHBAY_PLUGIN(Type, ...)                                                             \
    namespace {                                                                                \
    constexpr ::patchbay::PluginInfo patchbay_plugin_info = __VA_ARGS__;                       \
    }                                                                                          \
    extern "C" {                                                                               \
    extern const patchbay_plugin patchbay_plugin_entry __attribute__((visibility("default"))); \
    constinit const patchbay_plugin patchbay_plugin_entry =                                    \
        ::patchbay::detail::make_plugin<Type, patchbay_plugin_info>();                         \
    }                                                                                          \
    static_assert(true, "a semicolon follows")
