// Who is asking: the host's side of "patchbay.auth/1".
#pragma once

#include "runtime/net/lane.hpp"
#include "runtime/plugins/registry.hpp"

#include <functional>
#include <string>
#include <utility>
#include <vector>

namespace patchbay::plugins {

struct Principal {
    std::string owner;          // "user:alice"
    std::string credential_id;  // for logs and limits; never a secret
    std::string email;
    Role role = Role::user;
};

// One of the config's "auth". Off when it has no instance, which is no reason to ask the next one:
// it might have denied.
struct AuthPlugin {
    std::string name;
    InstanceRef instance;
};

// What an auth plugin may see of a request. Owned.
struct AuthRequest {
    std::string method;
    std::string path;
    std::string query;
    std::string remote;
    std::vector<std::pair<std::string, std::string>> headers;
    std::string credential;
    std::string scheme;  // "api_key" | "bearer" | ""
};

// Asks the plugins in order, on `lane`, until one allows or denies. Fails closed: a check that
// fails, throws, answers nonsense, allows what has expired, or takes more than 5 s denies, and one
// that is off is unavailable. When none knows the credentials: unauthenticated. `done` runs on the
// lane, once, perhaps before this returns.
using AuthDone = std::move_only_function<void(Result<Principal>)>;
void authenticate(net::Lane& lane, const std::vector<AuthPlugin>& chain, AuthRequest request,
                  AuthDone done);

}  // namespace patchbay::plugins
