#include "runtime/net/curl_handle.hpp"

#include "runtime/net/public_address.hpp"
#include "runtime/net/resolver.hpp"
#include "runtime/net/upstream_error.hpp"

#include <curl/curl.h>
#include <fmt/format.h>
#include <openssl/ssl.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <new>
#include <system_error>

namespace patchbay::net {

namespace {

constexpr long tunnel_bytes = 1024;       // the least: of a proxy's answer to CONNECT
constexpr long record_bytes = 16 * 1024;  // the most that one TLS record holds

// libcurl 7 takes no more off a socket than one record. Later ones have a buffer in between.
bool reads_ahead() {
    static const bool buffers = curl_version_info(CURLVERSION_NOW)->version_num >= 0x080000;
    return buffers;
}

// Whether TLS says that nothing follows: to libcurl a connection that was cut is an end as well.
bool was_ended(CURL* easy) {
    curl_tlssessioninfo* session = nullptr;
    curl_easy_getinfo(easy, CURLINFO_TLS_SSL_PTR, &session);
    if (session == nullptr || session->internals == nullptr) return false;
    const auto* ssl = static_cast<const SSL*>(session->internals);
    return (SSL_get_shutdown(ssl) & SSL_RECEIVED_SHUTDOWN) != 0;
}

}  // namespace

struct CurlHandle::Callbacks {
    // The name was resolved and handed over; if libcurl does not find it, a resolver thread of its
    // own, which can hold up the lane, is not the way out.
    static int refuse_to_resolve(void*, void*, void*) { return 1; }

    // As libcurl does it, but it would not tell why there is none: no descriptor is left, as a
    // rule. What it connects to is seen here and nowhere else: neither a name that is resolved
    // otherwise the next time nor an odd spelling gets by. It goes on with the next address.
    static curl_socket_t open_socket(void* user, curlsocktype, curl_sockaddr* address) {
        auto& self = *static_cast<CurlHandle*>(user);
        if (self.public_only_ && !is_public(address->addr)) {
            self.refused_ = true;
            return CURL_SOCKET_BAD;
        }
        self.tried_ = true;
        const int fd =
            ::socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
        if (fd < 0) self.socket_error_ = errno;
        return fd;
    }
};

void CurlHandle::CleanUp::operator()(void* easy) const { curl_easy_cleanup(easy); }
void CurlHandle::CleanUp::operator()(curl_slist* list) const { curl_slist_free_all(list); }
void CurlHandle::CleanUpShare::operator()(void* share) const { curl_share_cleanup(share); }

CurlHandle::CurlHandle(const TrustedAuthorities& authorities)
    : authorities_(authorities), easy_(curl_easy_init()) {
    if (!easy_) throw std::bad_alloc();
}

CurlHandle::~CurlHandle() = default;

void CurlHandle::prepare(HttpCallId call, const HttpCallOptions& options, const Route& route,
                         const std::vector<std::string>& addresses) {
    call_ = call;
    set_options(options);
    set_trust();
    set_route(route, addresses);
    public_only_ = route.public_only;
}

void CurlHandle::clear() {
    curl_easy_reset(easy());
    addresses_.reset();
    call_ = 0;
    outcome_.reset();
    moved_ = socket_error_ = 0;
    public_only_ = refused_ = tried_ = false;
    error_text_[0] = '\0';
}

void CurlHandle::set_options(const HttpCallOptions& options) {
    CURL* handle = easy();
    curl_easy_setopt(handle, CURLOPT_PRIVATE, this);
    curl_easy_setopt(handle, CURLOPT_ERRORBUFFER, error_text_.data());
    curl_easy_setopt(handle, CURLOPT_URL, options.url.c_str());
    curl_easy_setopt(handle, CURLOPT_CONNECT_ONLY, 1L);
    // libcurl shares it out among a name's addresses; the call's own limit includes resolving.
    curl_easy_setopt(handle, CURLOPT_CONNECTTIMEOUT_MS,
                     static_cast<long>(options.connect_timeout.count()));

    curl_easy_setopt(handle, CURLOPT_OPENSOCKETFUNCTION, Callbacks::open_socket);
    curl_easy_setopt(handle, CURLOPT_OPENSOCKETDATA, this);
    curl_easy_setopt(handle, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(handle, CURLOPT_QUICK_EXIT, 1L);
    curl_easy_setopt(handle, CURLOPT_BUFFERSIZE, tunnel_bytes);
    curl_easy_setopt(handle, CURLOPT_HTTP_VERSION, CURL_HTTP_VERSION_1_1);
    curl_easy_setopt(handle, CURLOPT_TCP_NODELAY, 1L);
    curl_easy_setopt(handle, CURLOPT_TCP_KEEPALIVE, 1L);
    curl_easy_setopt(handle, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(handle, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
}

// Of an upstream, and of a proxy that speaks TLS itself.
void CurlHandle::set_trust() {
    CURL* handle = easy();
    for (const auto option : {CURLOPT_SSLVERSION, CURLOPT_PROXY_SSLVERSION})
        curl_easy_setopt(handle, option, long{CURL_SSLVERSION_TLSv1_2});  // or later
    if (!authorities_.file.empty())
        for (const auto option : {CURLOPT_CAINFO, CURLOPT_PROXY_CAINFO})
            curl_easy_setopt(handle, option, authorities_.file.c_str());
    if (!authorities_.folder.empty())
        for (const auto option : {CURLOPT_CAPATH, CURLOPT_PROXY_CAPATH})
            curl_easy_setopt(handle, option, authorities_.folder.c_str());
}

void CurlHandle::set_route(const Route& route, const std::vector<std::string>& addresses) {
    CURL* handle = easy();
    if (route.uses_tls() && !connections_) {
        connections_.reset(curl_share_init());
        if (!connections_) throw std::bad_alloc();
        curl_share_setopt(connections_.get(), CURLSHOPT_SHARE, CURL_LOCK_DATA_CONNECT);
    }
    curl_easy_setopt(handle, CURLOPT_SHARE, connections_.get());
    // Both set, so that libcurl does not look into the environment itself.
    curl_easy_setopt(handle, CURLOPT_PROXY, route.proxy ? route.proxy->url.c_str() : "");
    curl_easy_setopt(handle, CURLOPT_NOPROXY, "");
    if (route.proxy) curl_easy_setopt(handle, CURLOPT_PROXYPORT, long{route.proxy->endpoint.port});
    const Endpoint& hop = route.next_hop();
    if (Resolver::literal(hop.host).empty())
        curl_easy_setopt(handle, CURLOPT_RESOLVER_START_FUNCTION, Callbacks::refuse_to_resolve);
    if (addresses.empty()) return;

    // '+': forgotten in time, as a name that libcurl had resolved.
    const auto entry = fmt::format("+{}:{}:{}", hop.host, hop.port, fmt::join(addresses, ","));
    addresses_.reset(curl_slist_append(nullptr, entry.c_str()));
    if (!addresses_) throw std::bad_alloc();
    curl_easy_setopt(handle, CURLOPT_RESOLVE, addresses_.get());
}

CurlHandle& CurlHandle::of(void* easy) {
    char* self = nullptr;
    curl_easy_getinfo(easy, CURLINFO_PRIVATE, &self);
    return *reinterpret_cast<CurlHandle*>(self);
}

int CurlHandle::socket() const {
    curl_socket_t socket = CURL_SOCKET_BAD;
    curl_easy_getinfo(easy(), CURLINFO_ACTIVESOCKET, &socket);
    return socket;
}

void CurlHandle::set_outcome(int curl_code) {
    outcome_ = curl_code;
    // It bounds each read, too: what is left of a record is seen by nobody.
    curl_easy_setopt(easy(), CURLOPT_BUFFERSIZE, record_bytes);
}

ByteStream::Moved CurlHandle::read(std::span<char> room) {
    size_t bytes = 0;
    const CURLcode code = curl_easy_recv(easy(), room.data(), room.size(), &bytes);
    if (code == CURLE_OK && bytes == 0)
        return {.state = was_ended(easy()) ? ByteStream::State::closed : ByteStream::State::broken};
    auto read = moved(code, bytes);
    const size_t most = std::min(room.size(), static_cast<size_t>(record_bytes));
    read.hides = bytes == most || reads_ahead();
    return read;
}

ByteStream::Moved CurlHandle::write(std::string_view bytes) {
    size_t written = 0;
    const CURLcode code = curl_easy_send(easy(), bytes.data(), bytes.size(), &written);
    return moved(code, written);
}

ByteStream::Moved CurlHandle::moved(int code, size_t bytes) {
    moved_ = code;
    if (code == CURLE_OK) return {.state = ByteStream::State::moved, .bytes = bytes};
    if (code == CURLE_AGAIN) return {.state = ByteStream::State::would_block};
    return {.state = ByteStream::State::broken};
}

int CurlHandle::os_error() const {
    long error = 0;
    curl_easy_getinfo(easy(), CURLINFO_OS_ERRNO, &error);
    return error != 0 ? static_cast<int>(error) : socket_error_;
}

std::string CurlHandle::reason() const { return curl_easy_strerror(static_cast<CURLcode>(moved_)); }

bool CurlHandle::lacked_descriptor() const {
    return outcome_ != CURLE_OK && (socket_error_ == EMFILE || socket_error_ == ENFILE);
}

std::optional<Error> CurlHandle::failure(const std::string& label) const {
    if (outcome_ == CURLE_OK) return std::nullopt;
    if (was_refused()) return not_public_error(label);
    long proxy_status = 0;
    curl_easy_getinfo(easy(), CURLINFO_HTTP_CONNECTCODE, &proxy_status);
    return connect_error({.code = *outcome_,
                          .os_error = os_error(),
                          .proxy_status = static_cast<int>(proxy_status),
                          .own_words = error_text_.data()},
                         label);
}

}  // namespace patchbay::net
