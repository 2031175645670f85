// One of libcurl's easy handles, set up to connect and no more: to an upstream or, through a proxy,
// towards it; TLS included.
//
// Threads    [lane] all of it.
#pragma once

#include "runtime/net/byte_stream.hpp"
#include "runtime/net/http_client.hpp"
#include "runtime/net/route.hpp"
#include "runtime/net/upstream_trust.hpp"

#include <array>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

struct curl_slist;

namespace patchbay::net {

class CurlHandle {
public:
    explicit CurlHandle(const TrustedAuthorities& authorities);  // borrowed
    ~CurlHandle();
    CurlHandle(const CurlHandle&) = delete;
    CurlHandle& operator=(const CurlHandle&) = delete;

    // `addresses` are the next hop's; empty when that is an address itself.
    void prepare(HttpCallId call, const HttpCallOptions& options, const Route& route,
                 const std::vector<std::string>& addresses);
    void clear();  // ready for another prepare()

    void* easy() const { return easy_.get(); }
    static CurlHandle& of(void* easy);
    HttpCallId call() const { return call_; }

    void set_outcome(int curl_code);
    bool has_ended() const { return outcome_.has_value(); }
    std::optional<Error> failure(const std::string& label) const;  // nothing: it has connected
    bool lacked_descriptor() const;                                // and that is why it has not

    // Once it has connected, and while it is in its multi handle.
    int socket() const;  // libcurl's; -1 = it has been closed meanwhile
    ByteStream::Moved read(std::span<char> room);
    ByteStream::Moved write(std::string_view bytes);

    std::string reason() const;  // why it is broken

private:
    struct Callbacks;
    struct CleanUp {
        void operator()(void* easy) const;
        void operator()(curl_slist* list) const;
    };
    struct CleanUpShare {
        void operator()(void* share) const;
    };

    int os_error() const;  // errno, 0 = none
    bool was_refused() const { return refused_ && !tried_; }
    void set_options(const HttpCallOptions& options);
    void set_trust();
    void set_route(const Route& route, const std::vector<std::string>& addresses);
    ByteStream::Moved moved(int code, size_t bytes);

    const TrustedAuthorities& authorities_;
    // libcurl looks a connection up in the list of them all, each time that it reads. A list of its
    // own makes that short; without TLS nobody reads.
    std::unique_ptr<void, CleanUpShare> connections_;
    std::unique_ptr<void, CleanUp> easy_;
    std::unique_ptr<curl_slist, CleanUp> addresses_;
    HttpCallId call_ = 0;
    std::optional<int> outcome_;          // CURLcode of connecting
    int moved_ = 0;                       // CURLcode of the last read or write
    int socket_error_ = 0;                // errno of a socket that could not be made
    bool public_only_ = false;            // other addresses are refused
    bool refused_ = false;                // one was
    bool tried_ = false;                  // one was not
    std::array<char, 256> error_text_{};  // libcurl's own words
};

}  // namespace patchbay::net
