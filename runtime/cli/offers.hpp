// What a config expects of its plugins.
#pragma once

#include "runtime/config/config.hpp"
#include "runtime/config/problem.hpp"
#include "runtime/engine/offers.hpp"
#include "runtime/plugins/registry.hpp"

namespace patchbay::cli {

// What these instances offer to turns, as the config wants it.
engine::Offers offers_of(const config::Config& config, const plugins::InstanceSet& instances);

// What the config expects of the instances that are on, and they do not offer: an entry of "auth"
// that checks nobody, a model that its provider does not have, a tool as the default agent or in
// an "applies_to". What is off says its reason itself.
config::Problems check_offers(const config::Config& config, const plugins::InstanceSet& instances);

// What is on and yet does nothing, a sentence each: nobody has listed it where it would be asked.
std::vector<std::string> offer_warnings(const config::Config& config,
                                        const plugins::InstanceSet& instances);

// Loads the config's plugins, without a server, as `plugin list` and `config check` need them. What
// is off is in the registry's list.
std::unique_ptr<plugins::Registry> load_without_server(const config::Config& config);

}  // namespace patchbay::cli
