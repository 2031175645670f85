#include "runtime/net/curl_transfer.hpp"

#include "runtime/net/curl_error.hpp"
#include "runtime/net/resolver.hpp"

#include <curl/curl.h>
#include <fmt/format.h>
#include <strings.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <new>
#include <utility>

namespace patchbay::net {

namespace {

constexpr long read_bytes = 4096;  // also what a pause lets through at most
constexpr long upload_buffer_bytes = 16384;
constexpr size_t max_head_bytes = 128 * 1024;  // of an answer
constexpr size_t spare_buffers_kept = 64;
constexpr size_t spare_buffer_bytes = 65536;

bool same_name(std::string_view left, std::string_view right) {
    return left.size() == right.size() && strncasecmp(left.data(), right.data(), left.size()) == 0;
}

// Headers that say how the message is framed: libcurl's to write.
bool is_framing(std::string_view name) {
    return same_name(name, "content-length") || same_name(name, "transfer-encoding") ||
           same_name(name, "expect") || same_name(name, "connection");
}

bool has_body(const HttpCallOptions& options) {
    const std::string& method = options.method;
    return !options.body.empty() || method == "POST" || method == "PUT" || method == "PATCH";
}

std::string_view trimmed(std::string_view text) {
    constexpr std::string_view blank = " \t\r\n";
    const size_t start = text.find_first_not_of(blank);
    if (start == std::string_view::npos) return {};
    return text.substr(start, text.find_last_not_of(blank) - start + 1);
}

// "HTTP/1.1 200 OK" -> 200; 0 when there is none.
int status_in(std::string_view line) {
    const size_t space = line.find(' ');
    int status = 0;
    if (space != std::string_view::npos)
        std::from_chars(line.data() + space + 1, line.data() + line.size(), status);
    return status;
}

}  // namespace

// Called by libcurl from inside its actions: they copy and set flags, nothing else.
struct Transfer::Callbacks {
    static size_t header(char* bytes, size_t, size_t count, void* user) {
        auto& self = *static_cast<Transfer*>(user);
        if (self.head_complete) return count;  // trailers
        const std::string_view line(bytes, count);
        if (!trimmed(line).empty()) {
            self.head_too_large = self.head_.size() + count > max_head_bytes;
            if (self.head_too_large) return 0;  // an error for libcurl
            self.head_ += line;
            return count;
        }
        self.status = status_in(self.head_);
        if (self.status < 200) {  // an interim answer: the final one follows
            self.head_.clear();
            return count;
        }
        self.head_complete = true;
        self.touch();
        return count;
    }

    static size_t write(char* bytes, size_t, size_t count, void* user) {
        auto& self = *static_cast<Transfer*>(user);
        if (self.must_hold_) {
            self.held_ = true;
            return CURL_WRITEFUNC_PAUSE;
        }
        self.touch();
        self.body_bytes_ += count;
        if (self.body_bytes_ > self.max_body_bytes_) {
            self.body_too_large = true;
            return CURL_WRITEFUNC_ERROR;
        }
        if (self.body.empty() && !self.news_.spare_buffers.empty()) {
            self.body.swap(self.news_.spare_buffers.back());
            self.news_.spare_buffers.pop_back();
        }
        self.body.append(bytes, count);
        return count;
    }

    static int ready_to_send(void* user, char*, char*, int, int) {
        auto& self = *static_cast<Transfer*>(user);
        self.connected = true;
        self.touch();
        return CURL_PREREQFUNC_OK;
    }

    // As libcurl does it, but it would not tell why there is none: no descriptor is left, as a
    // rule.
    static curl_socket_t open_socket(void* user, curlsocktype, curl_sockaddr* address) {
        auto& self = *static_cast<Transfer*>(user);
        const int fd =
            ::socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
        if (fd < 0) self.socket_error_ = errno;
        return fd;
    }

    // The name was resolved and handed over; if libcurl does not find it, a resolver thread of its
    // own, which can hold up the lane, is not the way out.
    static int refuse_to_resolve(void*, void*, void*) { return 1; }
};

void Transfer::CleanUp::operator()(void* easy) const { curl_easy_cleanup(easy); }
void Transfer::CleanUp::operator()(curl_slist* list) const { curl_slist_free_all(list); }

Transfer::Transfer(TransferNews& news, const TrustedAuthorities& authorities)
    : news_(news), authorities_(authorities), easy_(curl_easy_init()) {
    if (!easy_) throw std::bad_alloc();
}

Transfer::~Transfer() = default;

void Transfer::prepare(HttpCallId id, const HttpCallOptions& options, const Route& route,
                       const std::vector<std::string>& addresses) {
    call = id;
    max_body_bytes_ = options.max_body_bytes;
    set_common_options();
    set_request(options);
    set_headers(options);
    set_route(route, addresses);
}

void Transfer::clear() {
    curl_easy_reset(easy());
    headers_.reset();
    addresses_.reset();
    head_.clear();
    if (!body.empty()) give_back(take_body());
    call = 0;
    connected = head_complete = head_too_large = body_too_large = touched = must_hold_ = held_ =
        false;
    status = socket_error_ = 0;
    body_bytes_ = 0;
    error_text_[0] = '\0';
}

void Transfer::set_common_options() {
    CURL* handle = easy();
    curl_easy_setopt(handle, CURLOPT_PRIVATE, this);
    curl_easy_setopt(handle, CURLOPT_HEADERFUNCTION, Callbacks::header);
    curl_easy_setopt(handle, CURLOPT_HEADERDATA, this);
    curl_easy_setopt(handle, CURLOPT_WRITEFUNCTION, Callbacks::write);
    curl_easy_setopt(handle, CURLOPT_WRITEDATA, this);
    curl_easy_setopt(handle, CURLOPT_PREREQFUNCTION, Callbacks::ready_to_send);
    curl_easy_setopt(handle, CURLOPT_PREREQDATA, this);
    curl_easy_setopt(handle, CURLOPT_OPENSOCKETFUNCTION, Callbacks::open_socket);
    curl_easy_setopt(handle, CURLOPT_OPENSOCKETDATA, this);
    curl_easy_setopt(handle, CURLOPT_ERRORBUFFER, error_text_.data());

    curl_easy_setopt(handle, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(handle, CURLOPT_QUICK_EXIT, 1L);
    curl_easy_setopt(handle, CURLOPT_BUFFERSIZE, read_bytes);
    curl_easy_setopt(handle, CURLOPT_UPLOAD_BUFFERSIZE, upload_buffer_bytes);
    curl_easy_setopt(handle, CURLOPT_HTTP_VERSION, CURL_HTTP_VERSION_1_1);
    curl_easy_setopt(handle, CURLOPT_SSLVERSION, long{CURL_SSLVERSION_TLSv1_2});  // or later
    if (!authorities_.file.empty())
        curl_easy_setopt(handle, CURLOPT_CAINFO, authorities_.file.c_str());
    if (!authorities_.folder.empty())
        curl_easy_setopt(handle, CURLOPT_CAPATH, authorities_.folder.c_str());
    curl_easy_setopt(handle, CURLOPT_TCP_NODELAY, 1L);
    curl_easy_setopt(handle, CURLOPT_TCP_KEEPALIVE, 1L);
    curl_easy_setopt(handle, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(handle, CURLOPT_FOLLOWLOCATION, 0L);
    curl_easy_setopt(handle, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
}

void Transfer::set_request(const HttpCallOptions& options) {
    CURL* handle = easy();
    curl_easy_setopt(handle, CURLOPT_URL, options.url.c_str());
    // libcurl shares it out among a name's addresses; the call's own limit includes resolving.
    curl_easy_setopt(handle, CURLOPT_CONNECTTIMEOUT_MS,
                     static_cast<long>(options.connect_timeout.count()));
    if (options.method == "HEAD") {
        curl_easy_setopt(handle, CURLOPT_NOBODY, 1L);
        return;
    }
    if (has_body(options)) {
        curl_easy_setopt(handle, CURLOPT_POST, 1L);
        curl_easy_setopt(handle, CURLOPT_POSTFIELDSIZE_LARGE,
                         static_cast<curl_off_t>(options.body.size()));
        curl_easy_setopt(handle, CURLOPT_POSTFIELDS, options.body.data());
    } else {
        curl_easy_setopt(handle, CURLOPT_HTTPGET, 1L);
    }
    curl_easy_setopt(handle, CURLOPT_CUSTOMREQUEST, options.method.c_str());
}

void Transfer::set_headers(const HttpCallOptions& options) {
    bool has_content_type = false;
    for (const auto& [name, value] : options.headers) {
        if (is_framing(name)) continue;
        has_content_type = has_content_type || same_name(name, "content-type");
        // "Name:" would take a header away; "Name;" sends it empty.
        append(headers_, value.empty() ? name + ";" : fmt::format("{}: {}", name, value));
    }
    append(headers_, "Expect:");
    if (!has_content_type) append(headers_, "Content-Type:");  // no form is sent unless it says so
    curl_easy_setopt(easy(), CURLOPT_HTTPHEADER, headers_.get());
}

void Transfer::set_route(const Route& route, const std::vector<std::string>& addresses) {
    CURL* handle = easy();
    // Both set, so that libcurl does not look into the environment itself.
    curl_easy_setopt(handle, CURLOPT_PROXY, route.proxy ? route.proxy->url.c_str() : "");
    curl_easy_setopt(handle, CURLOPT_NOPROXY, "");
    if (route.proxy) curl_easy_setopt(handle, CURLOPT_PROXYPORT, long{route.proxy->endpoint.port});
    const Endpoint& hop = route.next_hop();
    if (Resolver::literal(hop.host).empty())
        curl_easy_setopt(handle, CURLOPT_RESOLVER_START_FUNCTION, Callbacks::refuse_to_resolve);
    if (addresses.empty()) return;

    // '+': forgotten in time, as a name that libcurl had resolved.
    append(addresses_, fmt::format("+{}:{}:{}", hop.host, hop.port, fmt::join(addresses, ",")));
    curl_easy_setopt(handle, CURLOPT_RESOLVE, addresses_.get());
}

void Transfer::append(List& list, const std::string& line) {
    curl_slist* longer = curl_slist_append(list.get(), line.c_str());
    if (longer == nullptr) throw std::bad_alloc();
    static_cast<void>(list.release());
    list.reset(longer);
}

Transfer& Transfer::of(void* easy) {
    char* self = nullptr;
    curl_easy_getinfo(easy, CURLINFO_PRIVATE, &self);
    return *reinterpret_cast<Transfer*>(self);
}

void Transfer::touch() {
    if (std::exchange(touched, true)) return;
    news_.touched.push_back(call);
}

void Transfer::hold() {
    must_hold_ = true;
    if (held_ || !head_complete) return;  // before the body, the write callback will do it
    // Both ways: a pause of one way alone makes libcurl look at the connection once more.
    held_ = curl_easy_pause(easy(), CURLPAUSE_ALL) == CURLE_OK;
}

void Transfer::go_on() {
    must_hold_ = false;
    if (std::exchange(held_, false)) curl_easy_pause(easy(), CURLPAUSE_CONT);
}

uint64_t Transfer::uploaded() const {
    curl_off_t bytes = 0;
    curl_easy_getinfo(easy(), CURLINFO_SIZE_UPLOAD_T, &bytes);
    return static_cast<uint64_t>(bytes);
}

std::optional<Error> Transfer::failure(int curl_code, const std::string& label) const {
    if (curl_code == CURLE_OK && head_complete) return std::nullopt;
    if (curl_code == CURLE_OK) curl_code = CURLE_GOT_NOTHING;  // nothing but interim answers
    if (head_too_large)
        return Error{.code = ErrorCode::upstream,
                     .message = fmt::format("the head of {}'s answer is larger than {} bytes",
                                            label, max_head_bytes)};
    if (body_too_large)
        return Error{.code = ErrorCode::too_large,
                     .message = fmt::format("the answer of {} is larger than {} bytes", label,
                                            max_body_bytes_)};
    long os_error = 0;
    curl_easy_getinfo(easy(), CURLINFO_OS_ERRNO, &os_error);
    return error_of({.code = curl_code,
                     .os_error = os_error != 0 ? static_cast<int>(os_error) : socket_error_,
                     .answering = head_complete,
                     .own_words = error_text_.data()},
                    label);
}

std::string Transfer::take_body() { return std::exchange(body, {}); }

void Transfer::give_back(std::string&& buffer) {
    if (news_.spare_buffers.size() >= spare_buffers_kept || buffer.capacity() > spare_buffer_bytes)
        return;
    buffer.clear();
    news_.spare_buffers.push_back(std::move(buffer));
}

void Transfer::read_headers(HeaderViews& headers) const {
    headers.clear();
    std::string_view rest = head_;
    rest.remove_prefix(std::min(rest.find('\n'), rest.size() - 1) + 1);  // the status line
    while (!rest.empty()) {
        const size_t end = std::min(rest.find('\n'), rest.size() - 1) + 1;
        const std::string_view line = rest.substr(0, end);
        const size_t colon = line.find(':');
        if (colon != std::string_view::npos)
            headers.emplace_back(trimmed(line.substr(0, colon)), trimmed(line.substr(colon + 1)));
        rest.remove_prefix(end);
    }
}

}  // namespace patchbay::net
