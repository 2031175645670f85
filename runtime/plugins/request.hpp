// A question to a plugin that wants one verdict: a check of credentials, or middleware's word on a
// turn.
#pragma once

#include "runtime/plugins/owner.hpp"

#include <patchbay/abi/verdict.h>

namespace patchbay::plugins {

class Request : public Owner {
public:
    // What verdict.h promises.
    virtual patchbay_status complete(const patchbay_verdict* verdict) = 0;

protected:
    Request(net::Lane& lane, InstanceRef instance, std::string run_id)
        : Owner(lane, std::move(instance), HandleKind::request, std::move(run_id)) {}
};

}  // namespace patchbay::plugins
