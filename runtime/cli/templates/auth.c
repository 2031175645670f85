/* my_plugin: an auth plugin. Whoever shows the token of ${MY_PLUGIN_TOKEN} is user:my_plugin. */
#include <patchbay/abi/auth.h>
#include <patchbay/abi/log.h>
#include <patchbay/abi/plugin.h>
#include <patchbay/abi/secrets.h>

#include <stdlib.h>
#include <string.h>

typedef struct instance {
    const patchbay_host* host;
    const patchbay_verdict_1* verdicts;
    uint64_t size;
    char token[]; /* `size` bytes */
} instance;

static patchbay_str view(const char* text) {
    patchbay_str result = {text, strlen(text)};
    return result;
}

/* Tells the host why the current call fails. */
static patchbay_status fail(const patchbay_host* host, patchbay_status code, const char* why) {
    patchbay_error error = {0};
    error.code = code;
    error.message = view(why);
    host->set_error(host, &error);
    return code;
}

/* Takes the same time wherever the two differ: the time must not tell how much was right. */
static int is_token(const instance* self, patchbay_str shown) {
    uint64_t differences = shown.size ^ self->size;
    uint64_t i;
    if (self->size == 0) return 0;
    for (i = 0; i < shown.size; ++i)
        differences |= (unsigned char)(shown.data[i] ^ self->token[i % self->size]);
    return differences == 0;
}

/* A credential that is not known here may be the next plugin's: NOT_MINE, not a failure. */
static patchbay_status check(void* state, const patchbay_http_request* http,
                             patchbay_request request, void** check_state) {
    const instance* self = state;
    patchbay_principal principal = {0};
    patchbay_verdict verdict = {0};
    (void)check_state; /* it decides at once, and keeps nothing */
    if (!is_token(self, http->credential)) return PATCHBAY_NOT_MINE;

    principal.owner = view("user:my_plugin");
    principal.credential_id = view("my_plugin");
    principal.role = PATCHBAY_ROLE_USER;
    verdict.allow = &principal;
    return self->verdicts->complete(self->host, request, &verdict);
}

static void cancel(void* state, patchbay_reason reason) {
    (void)state;
    (void)reason;
}

static void close_check(void* state) { (void)state; }

/* The token; an empty one, which nobody can show, when it is not set. */
static patchbay_str find_token(const patchbay_host* host) {
    const patchbay_secrets_1* secrets = host->get_interface(host, view(PATCHBAY_SECRETS_1));
    const patchbay_log_1* log = host->get_interface(host, view(PATCHBAY_LOG_1));
    const patchbay_handle no_scope = {0};
    patchbay_str token = {0};
    if (secrets && secrets->resolve(host, view("${MY_PLUGIN_TOKEN}"), &token) == PATCHBAY_OK)
        return token;
    if (log)
        log->write(host, PATCHBAY_LOG_WARN, no_scope,
                   view("MY_PLUGIN_TOKEN is not set: nobody is let in"), view(""));
    return view("");
}

static patchbay_status create(const patchbay_host* host, patchbay_str config, void** made) {
    const patchbay_verdict_1* verdicts = host->get_interface(host, view(PATCHBAY_VERDICT_1));
    patchbay_str token;
    instance* self;
    (void)config;
    if (!verdicts) return fail(host, PATCHBAY_E_UNSUPPORTED, "the host takes no verdicts");

    token = find_token(host);
    self = calloc(1, sizeof *self + token.size);
    if (!self) return fail(host, PATCHBAY_E_INTERNAL, "out of memory");
    self->host = host;
    self->verdicts = verdicts;
    self->size = token.size;
    if (token.size > 0) memcpy(self->token, token.data, token.size);
    *made = self;
    return PATCHBAY_OK;
}

static void destroy(void* self) { free(self); }

static const void* get_interface(patchbay_str id) {
    static const patchbay_auth_1 auth = {check, cancel, close_check};
    const patchbay_str mine = view(PATCHBAY_AUTH_1);
    return id.size == mine.size && memcmp(id.data, mine.data, id.size) == 0 ? &auth : NULL;
}

extern const patchbay_plugin patchbay_plugin_entry;
__attribute__((visibility("default"))) const patchbay_plugin patchbay_plugin_entry = {
    .abi = PATCHBAY_ABI_MAJOR,
    .draft = PATCHBAY_ABI_DRAFT,
    .id = "org.example.my_plugin",
    .version = "0.1.0",
    .about_json = "{\"title\": \"my_plugin\", \"interfaces\": [\"" PATCHBAY_AUTH_1
                  "\"], "
                  "\"config_schema\": {\"type\": \"object\", \"additionalProperties\": false}}",
    .create = create,
    .destroy = destroy,
    .get_interface = get_interface};
