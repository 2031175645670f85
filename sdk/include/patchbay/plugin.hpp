// PATCHBAY_PLUGIN: makes a class the plugin that a library exports. The one macro outside abi/.
//
//   PATCHBAY_PLUGIN(Echo, {.id = "org.example.echo", .version = "1.0.0", .config = echo_schema});
//
// Once per library, at global scope. `Type` derives from what it offers, Provider or Auth or both,
// and is made by the first of these that it has:
//   static Result<std::unique_ptr<Type>> create(const Host& host, std::string_view config_json);
//   Type(const Host& host, std::string_view config_json);
//   Type(const Host& host);
// The host is a borrowed reference that outlives the object. The config is a JSON object, already
// checked against the schema, borrowed. What these throw fails create(), its what() is the reason.
// [control]
#pragma once

#include <patchbay/abi/auth.h>
#include <patchbay/abi/plugin.h>
#include <patchbay/abi/provider.h>
#include <patchbay/guarded.hpp>
#include <patchbay/host.hpp>

#include <array>
#include <concepts>
#include <memory>
#include <string_view>
#include <type_traits>
#include <utility>

namespace patchbay {

class Provider;  // provider.hpp
class Auth;      // auth.hpp

// What a library says of itself. Literals, or constexpr objects of static storage.
struct PluginInfo {
    const char* id;       // "org.example.my_provider": unique, never changes
    const char* version;  // of the plugin
    std::string_view title = {};
    std::string_view description = {};
    std::string_view config = {};  // JSON Schema of the config; "" = any object
};

namespace detail {

template <class T>
struct ProviderTable;  // provider.hpp
template <class T>
struct AuthTable;  // auth.hpp

// What the host knows as `instance`.
template <class T>
struct Instance {
    explicit Instance(const patchbay_host* raw) : host(raw) {}

    Host host;
    std::unique_ptr<T> plugin;
};

template <class T>
const void* get_interface(patchbay_str interface_id) noexcept {
    const auto id = text_of(interface_id);
    if constexpr (std::is_base_of_v<Provider, T>)
        if (id == PATCHBAY_PROVIDER_1) return &ProviderTable<T>::table;
    if constexpr (std::is_base_of_v<Auth, T>)
        if (id == PATCHBAY_AUTH_1) return &AuthTable<T>::table;
    return nullptr;
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
    sink.put(",\"interfaces\":[");
    std::string_view comma;
    const auto offer = [&](std::string_view id) {
        sink.put(comma);
        write_quoted(sink, id);
        comma = ",";
    };
    if constexpr (std::is_base_of_v<Provider, T>) offer(PATCHBAY_PROVIDER_1);
    if constexpr (std::is_base_of_v<Auth, T>) offer(PATCHBAY_AUTH_1);
    sink.put("]}");
}

struct Counter {
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
        Counter counter;
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
    static_assert(std::is_base_of_v<Provider, T> || std::is_base_of_v<Auth, T>,
                  "a plugin class derives from patchbay::Provider or patchbay::Auth");
    return {.abi = PATCHBAY_ABI_MAJOR,
            .reserved = 0,
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
