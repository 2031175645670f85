/* What a plugin exports: one constant table.
 *
 *   extern const patchbay_plugin patchbay_plugin_entry;
 *
 * Life       loaded once, never unloaded. create() → any number of instances, each with its own
 *            config; each ends with destroy(), after its last stream has been closed. Keep no
 *            globals: many instances of one library live side by side.
 * Threads    the four functions below are [control]: one at a time, and they may block.
 * Linking    against nothing of ours: the host hands everything in. */
#ifndef PATCHBAY_ABI_PLUGIN_H
#define PATCHBAY_ABI_PLUGIN_H

#include "host.h"

typedef struct patchbay_plugin {
    uint32_t abi;   /* PATCHBAY_ABI_MAJOR; another value is not loaded, with a reason */
    uint32_t draft; /* PATCHBAY_ABI_DRAFT; the same */
    const char* id; /* "org.example.my_provider": unique, never changes */
    const char* version;

    /* "" or a JSON object: {"title", "description", "config_schema": JSON Schema of create()'s
     * config, "interfaces": [ids it offers], "model": "none" (an agent that asks no model)}. The
     * host checks a config against the schema first. */
    const char* about_json;

    /* Makes an instance. `config_json` is an object, already checked against the schema, with its
     * secrets resolved. On success *instance is the plugin's own; on failure call
     * host->set_error() with the reason, and nothing follows. [control] */
    patchbay_status (*create)(const patchbay_host* host, patchbay_str config_json, void** instance);

    /* Frees the instance: its last call. No stream or request of it is open. [control] */
    void (*destroy)(void* instance);

    /* The table of an interface such as "patchbay.provider/1", constant for ever, or NULL. The
     * host asks for the newest revision that it knows, then for older ones. [control] */
    const void* (*get_interface)(patchbay_str interface_id);
} patchbay_plugin;

#endif
