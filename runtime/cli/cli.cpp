#include "runtime/cli/cli.hpp"

#include "runtime/cli/backup_command.hpp"
#include "runtime/cli/config_command.hpp"
#include "runtime/cli/events_command.hpp"
#include "runtime/cli/key_command.hpp"
#include "runtime/cli/new_plugin.hpp"
#include "runtime/cli/plugin_command.hpp"
#include "runtime/cli/plugin_templates.hpp"
#include "runtime/cli/reload_command.hpp"
#include "runtime/cli/serve.hpp"
#include "runtime/cli/validate_command.hpp"
#include "runtime/cli/version.hpp"

#include <fmt/ranges.h>
#include <spdlog/sinks/stdout_color_sinks.h>
#include <spdlog/spdlog.h>
#include <CLI/CLI.hpp>

#include <exception>
#include <functional>
#include <iostream>
#include <string>

namespace patchbay::cli {
namespace {

// The whole command line: what was typed, and which command is to run.
class Program {
public:
    Program() : app_("Patchbay runs AI agents behind one HTTP server.", "patchbay") {
        app_.require_subcommand(1);
        app_.set_version_flag("--version", "patchbay " + version());
        add_serve();
        add_keys();
        add_plugins();
        add_config();
        add_reload();
        add_backup();
        add_events();
    }

    int run(int argc, char** argv) {
        try {
            app_.parse(argc, argv);
        } catch (const CLI::ParseError& error) {
            return app_.exit(error, std::cout, std::cerr) == 0 ? done : bad_usage;
        }
        return command_();
    }

private:
    void add_serve() {
        auto* command = app_.add_subcommand("serve", "Runs the server");
        command->add_option("--config", serve_.config, "Config file");
        command->add_option("--listen", serve_.listen,
                            "Address, instead of the config's; repeatable");
        command->add_option("--data-dir", serve_.data_dir, "Data folder, instead of the config's");
        command->add_flag("--dev", serve_.dev,
                          "For development: CORS for http://localhost:*, prints a curl line");
        command->callback([this] { command_ = [this] { return serve(serve_); }; });
    }

    void add_keys() {
        auto* key = app_.add_subcommand("key", "API keys");
        key->require_subcommand(1);
        auto* create = key->add_subcommand("create", "Makes a key and prints it, this once");
        add_data_flags(create);
        create->add_option("--role", key_.role, "admin, premium or user")->required();
        create->add_option("--name", key_.name, "Unique name of the key")->required();
        create->add_option("--user", key_.user, "Whose data it opens; default: the key's name");
        create->callback(
            [this] { command_ = [this] { return key_create(data_, key_, terminal()); }; });

        auto* list = key->add_subcommand("list", "Lists keys; never shows them");
        add_data_flags(list);
        add_json(list);
        list->callback([this] { command_ = [this] { return key_list(data_, terminal()); }; });

        auto* revoke = key->add_subcommand("revoke", "Makes a key invalid, at once");
        add_data_flags(revoke);
        add_json(revoke);
        revoke->add_option("ID", argument_, "The key's id, from `key list`")->required();
        revoke->callback(
            [this] { command_ = [this] { return key_revoke(data_, argument_, terminal()); }; });
    }

    void add_plugins() {
        auto* plugin = app_.add_subcommand("plugin", "Plugins");
        plugin->require_subcommand(1);
        auto* list = plugin->add_subcommand("list", "Lists plugins, and why one is off");
        add_data_flags(list);
        add_json(list);
        list->callback([this] { command_ = [this] { return plugin_list(data_, terminal()); }; });
        add_validate(*plugin, command_);

        auto* made = plugin->add_subcommand("new", "Writes a plugin's project, to begin with");
        made->add_option("NAME", new_plugin_.name, "Small letters, digits and _")->required();
        made->add_option("--kind", new_plugin_.kind,
                         fmt::format("{}", fmt::join(plugin_kinds(), ", ")))
            ->required();
        made->add_option("--lang", new_plugin_.language, "c or cpp; default: cpp");
        made->add_option("--directory", new_plugin_.directory, "Where; default: here");
        made->callback(
            [this] { command_ = [this] { return plugin_new(new_plugin_, terminal()); }; });
    }

    void add_config() {
        auto* config = app_.add_subcommand("config", "The config file");
        config->require_subcommand(1);
        auto* check = config->add_subcommand("check", "Reports every mistake in it");
        add_data_flags(check);
        add_json(check);
        check->callback([this] { command_ = [this] { return config_check(data_, terminal()); }; });

        auto* schema = config->add_subcommand("schema", "Prints its JSON Schema, for editors");
        add_json(schema);
        schema->callback([this] { command_ = [] { return config_schema(terminal()); }; });
    }

    void add_reload() {
        auto* command = app_.add_subcommand("reload", "Tells the server to read its config again");
        add_data_flags(command);
        add_json(command);
        command->callback([this] { command_ = [this] { return reload(data_, terminal()); }; });
    }

    void add_backup() {
        auto* command = app_.add_subcommand("backup", "Writes a copy of the store to a new file");
        add_data_flags(command);
        add_json(command);
        command->add_option("FILE", argument_, "File to be made")->required();
        command->callback(
            [this] { command_ = [this] { return backup(data_, argument_, terminal()); }; });
    }

    void add_events() {
        auto* command = app_.add_subcommand("events", "Prints a conversation's log as JSON lines");
        add_data_flags(command);
        add_json(command);
        command->add_option("ID", argument_, "The interaction's id")->required();
        command->callback(
            [this] { command_ = [this] { return events(data_, argument_, terminal()); }; });
    }

    void add_data_flags(CLI::App* command) {
        command->add_option("--config", data_.config, "Config file");
        command->add_option("--data-dir", data_.data_dir, "Data folder, instead of the config's");
    }

    void add_json(CLI::App* command) { command->add_flag("--json", data_.json, "Prints JSON"); }

    static Terminal terminal() { return {std::cout, std::cerr}; }

    CLI::App app_;
    ServeFlags serve_;
    DataFlags data_;
    NewKeyFlags key_;
    NewPluginFlags new_plugin_;
    std::string argument_;
    std::function<int()> command_;
};

// Standard output is for what a command was asked for.
void log_to_standard_error() {
    spdlog::drop("patchbay");
    spdlog::set_default_logger(spdlog::stderr_color_mt("patchbay"));
}

}  // namespace

int run(int argc, char** argv) {
    try {
        log_to_standard_error();
        return Program().run(argc, argv);
    } catch (const std::exception& error) {
        std::cerr << "A bug in patchbay: " << error.what() << "\n";
        return failed;
    }
}

}  // namespace patchbay::cli
