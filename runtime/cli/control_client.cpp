#include "runtime/cli/control_client.hpp"

#include <curl/curl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <memory>
#include <system_error>

namespace patchbay::cli {
namespace {

constexpr long longest_call_ms = 600'000;  // a backup of a large store takes its time
constexpr size_t longest_reply = 64u * 1024 * 1024;

struct CloseCurl {
    void operator()(CURL* handle) const { curl_easy_cleanup(handle); }
};
struct FreeList {
    void operator()(curl_slist* list) const { curl_slist_free_all(list); }
};
using CurlHandle = std::unique_ptr<CURL, CloseCurl>;
using HeaderList = std::unique_ptr<curl_slist, FreeList>;

size_t append(char* data, size_t size, size_t count, void* user) {
    auto& body = *static_cast<std::string*>(user);
    if (body.size() + size * count > longest_reply) return 0;  // libcurl takes it as an error
    body.append(data, size * count);
    return size * count;
}

Result<nlohmann::json> parse_body(const std::string& body) {
    auto json = body.empty() ? nlohmann::json() : nlohmann::json::parse(body, nullptr, false);
    if (json.is_discarded()) {
        return failure(ErrorCode::internal,
                       "The server's answer is no JSON: is another program "
                       "behind its control socket?");
    }
    return json;
}

}  // namespace

ControlClient::ControlClient(const std::string& data_dir)
    : socket_path_(data_dir + "/control.sock") {}

Result<bool> ControlClient::server_runs() const {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    if (socket_path_.size() >= sizeof address.sun_path) return false;  // no server can bind it
    std::memcpy(address.sun_path, socket_path_.data(), socket_path_.size());

    const int socket = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const auto* name = reinterpret_cast<const sockaddr*>(&address);
    const bool connected = socket >= 0 && ::connect(socket, name, sizeof address) == 0;
    const int error = connected ? 0 : errno;
    if (socket >= 0) ::close(socket);

    if (connected) return true;
    if (error == ENOENT || error == ENOTDIR || error == ECONNREFUSED) return false;
    return failure(ErrorCode::unavailable,
                   "Cannot open " + socket_path_ + " (" +
                       std::error_code(error, std::generic_category()).message() +
                       "): run this command as the user whom the server runs as.");
}

Result<nlohmann::json> ControlClient::get(const std::string& path) const {
    return call("GET", path, "");
}

Result<nlohmann::json> ControlClient::post(const std::string& path,
                                           const nlohmann::json& body) const {
    using Handler = nlohmann::json::error_handler_t;
    return call("POST", path, body.dump(-1, ' ', false, Handler::replace));
}

Result<nlohmann::json> ControlClient::remove(const std::string& path) const {
    return call("DELETE", path, "");
}

Result<nlohmann::json> ControlClient::call(const char* method, const std::string& path,
                                           const std::string& body) const {
    auto reply = ask(method, path, body);
    if (!reply) return std::unexpected(reply.error());
    if (reply->status < 400) return std::move(reply->body);
    return std::unexpected(reply->error());
}

Error ControlClient::Reply::error() const {
    const auto text = [&](const char* key) {
        const bool there = body.is_object() && body.contains(key) && body[key].is_string();
        return there ? body[key].get<std::string>() : std::string();
    };
    auto message = text("error");
    if (message.empty()) message = "The server answered " + std::to_string(status) + ".";
    return {.code = code_named(text("code")).value_or(ErrorCode::internal),
            .message = std::move(message)};
}

Result<ControlClient::Reply> ControlClient::ask(const char* method, const std::string& path,
                                                const std::string& body) const {
    const CurlHandle curl(curl_easy_init());
    if (!curl) return failure(ErrorCode::internal, "libcurl cannot be started.");
    const HeaderList headers(curl_slist_append(nullptr, "Content-Type: application/json"));
    const std::string url = "http://localhost" + path;
    std::string reply;
    curl_easy_setopt(curl.get(), CURLOPT_UNIX_SOCKET_PATH, socket_path_.c_str());
    curl_easy_setopt(curl.get(), CURLOPT_URL, url.c_str());
    curl_easy_setopt(curl.get(), CURLOPT_PROXY, "");
    curl_easy_setopt(curl.get(), CURLOPT_CUSTOMREQUEST, method);
    curl_easy_setopt(curl.get(), CURLOPT_TIMEOUT_MS, longest_call_ms);
    curl_easy_setopt(curl.get(), CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(curl.get(), CURLOPT_WRITEFUNCTION, append);
    curl_easy_setopt(curl.get(), CURLOPT_WRITEDATA, &reply);
    if (!body.empty()) {
        curl_easy_setopt(curl.get(), CURLOPT_HTTPHEADER, headers.get());
        curl_easy_setopt(curl.get(), CURLOPT_POSTFIELDSIZE_LARGE,
                         static_cast<curl_off_t>(body.size()));
        curl_easy_setopt(curl.get(), CURLOPT_POSTFIELDS, body.c_str());
    }
    const auto result = curl_easy_perform(curl.get());
    if (result != CURLE_OK) {
        return failure(ErrorCode::unavailable, std::string("The server did not answer (") +
                                                   curl_easy_strerror(result) + "): try again.");
    }
    long status = 0;
    curl_easy_getinfo(curl.get(), CURLINFO_RESPONSE_CODE, &status);
    auto parsed = parse_body(reply);
    if (!parsed) return std::unexpected(parsed.error());
    return Reply{status, std::move(*parsed)};
}

}  // namespace patchbay::cli
