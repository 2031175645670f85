// One HTTP exchange as libcurl runs it: an easy handle, and what its callbacks have copied.
//
// Threads    [lane] all of it.
#pragma once

#include "runtime/net/http_client.hpp"
#include "runtime/net/upstream_proxy.hpp"
#include "runtime/net/upstream_trust.hpp"

#include <array>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

struct curl_slist;

namespace patchbay::net {

// What the transfers of one client share: who has news, and buffers that are not in use.
struct TransferNews {
    std::vector<HttpCallId> touched;  // since the last look; each once
    std::vector<std::string> spare_buffers;
};

// Where a transfer goes, and by which road.
struct Route {
    Endpoint upstream;
    std::optional<Proxy> proxy;

    // The end whose name has to be resolved.
    const Endpoint& next_hop() const { return proxy ? proxy->endpoint : upstream; }
};

class Transfer {
public:
    Transfer(TransferNews& news, const TrustedAuthorities& authorities);  // borrowed
    ~Transfer();
    Transfer(const Transfer&) = delete;
    Transfer& operator=(const Transfer&) = delete;

    // Sets the exchange up. `options` is borrowed until clear(). `addresses` are the next hop's;
    // empty when that is an address itself.
    void prepare(HttpCallId call, const HttpCallOptions& options, const Route& route,
                 const std::vector<std::string>& addresses);
    void clear();  // ready for another prepare()

    void* easy() const { return easy_.get(); }
    static Transfer& of(void* easy);

    // Between libcurl's actions only. `hold` makes libcurl read no further.
    void hold();
    void go_on();
    uint64_t uploaded() const;  // of head and body, in bytes
    // Nothing when an exchange that ended with this CURLcode went well.
    std::optional<Error> failure(int curl_code, const std::string& label) const;
    std::string take_body();                        // what has come since the last take
    void give_back(std::string&& buffer);           // of take_body(): for whoever needs one next
    void read_headers(HeaderViews& headers) const;  // as views into this object

    // What the callbacks have seen so far.
    HttpCallId call = 0;
    bool connected = false;
    bool head_complete = false;
    bool head_too_large = false;
    bool body_too_large = false;
    bool touched = false;  // in TransferNews::touched
    int status = 0;
    std::string body;  // not taken yet

private:
    struct Callbacks;
    struct CleanUp {
        void operator()(void* easy) const;
        void operator()(curl_slist* list) const;
    };
    using List = std::unique_ptr<curl_slist, CleanUp>;

    void set_common_options();
    void set_request(const HttpCallOptions& options);
    void set_headers(const HttpCallOptions& options);
    void set_route(const Route& route, const std::vector<std::string>& addresses);
    static void append(List& list, const std::string& line);
    void touch();

    TransferNews& news_;
    const TrustedAuthorities& authorities_;
    std::unique_ptr<void, CleanUp> easy_;
    List headers_;
    List addresses_;
    std::string head_;  // status line and header lines
    uint64_t body_bytes_ = 0;
    uint64_t max_body_bytes_ = 0;
    int socket_error_ = 0;                // errno of a socket that could not be made
    bool must_hold_ = false;              // the write callback refuses what still comes
    bool held_ = false;                   // libcurl reads nothing
    std::array<char, 256> error_text_{};  // libcurl's own words
};

}  // namespace patchbay::net
