// One call into a plugin: every single one goes through here.
#pragma once

#include "runtime/plugins/breadcrumb.hpp"

#include <patchbay/error.hpp>

#include <exception>
#include <memory>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

namespace patchbay::plugins {

class Instance;

// Leaves a breadcrumb, measures, takes up what set_error() says, and holds what the host lends
// until the plugin returns. A call into another plugin meanwhile is that one's time. Lives on the
// stack of the thread that calls.
class PluginCall {
public:
    enum class Where { control, lane, worker };

    // `slot`: a literal such as "provider.open". `run_id` must outlive the call.
    PluginCall(Instance& instance, const char* slot, Where where, std::string_view run_id = {});
    ~PluginCall();  // on a lane: warns, and counts a fault, when the plugin held it too long
    PluginCall(const PluginCall&) = delete;
    PluginCall& operator=(const PluginCall&) = delete;

    // Runs `call`. False when a C++ exception came out: it is logged and counted.
    template <class Call>
    bool guarded(Call&& call) noexcept {
        try {
            std::forward<Call>(call)();
            return true;
        } catch (const std::exception& exception) {
            threw(exception.what());
        } catch (...) {
            threw("something that is no std::exception");
        }
        return false;
    }

    // Why the call failed with `status`: what set_error() said, else the code alone.
    Error error_of(patchbay_status status);

    // For the host's functions that the plugin calls meanwhile, on the same thread.
    static PluginCall* current();                     // the innermost, or nullptr
    static bool is_inside(const Instance& instance);  // of this thread's calls, any
    Instance& instance() { return instance_; }
    bool on_lane() const { return where_ == Where::lane; }
    void set_error(Error error) { error_ = std::move(error); }
    void keep(std::shared_ptr<const void> lent) { lent_.push_back(std::move(lent)); }

private:
    void threw(std::string_view what) noexcept;

    Instance& instance_;
    Where where_;
    Breadcrumb breadcrumb_;
    PluginCall* outer_;
    int64_t started_ns_ = 0;
    int64_t others_ns_ = 0;  // in calls from within this one
    CallMark::Call outer_mark_;
    std::optional<Error> error_;
    std::vector<std::shared_ptr<const void>> lent_;
};

}  // namespace patchbay::plugins
