// What administrators may change about a running server, as the parts above offer it.
#pragma once

#include "runtime/config/layers.hpp"
#include "runtime/config/problem.hpp"
#include "runtime/config/reload.hpp"

#include <patchbay/error.hpp>

#include <expected>
#include <functional>
#include <memory>
#include <optional>

namespace patchbay::http {

// Why a change was refused; then nothing has changed.
struct ChangeRefusal {
    config::Problems problems;   // with JSON pointers into the config
    std::optional<Error> error;  // set when it was in order and could not be made or kept
};
using Changed = std::expected<config::ReloadReport, ChangeRefusal>;

// Hears on another thread, or at once when too many changes wait.
using OnChanged = std::move_only_function<void(Changed)>;

// Threads    [any-thread]. Changes are made one at a time.
struct Administration {
    // Reads the config again, all of it or nothing.
    std::function<void(OnChanged done)> reload;
    // Makes one instance different, by the same road.
    std::function<void(config::PluginChange change, OnChanged done)> change_plugin;
    // Where the values of what runs come from.
    std::function<std::shared_ptr<const config::Layers>()> layers;
};

}  // namespace patchbay::http
