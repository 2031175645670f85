// The handlers, by resource; routes.cpp says which route calls which. Each parses, makes one call,
// and replies.
#pragma once

#include "runtime/http/server.hpp"

namespace patchbay::http {

// conversation_surface.cpp: seeds' streaming surface
void post_stream_conversation(Server& server, CallRef call);
void get_stream_simple(Server& server, CallRef call);

// interactions.cpp
void post_interaction(Server& server, CallRef call);
void get_interactions(Server& server, CallRef call);
void get_interaction(Server& server, CallRef call);
void patch_interaction(Server& server, CallRef call);
void delete_interaction(Server& server, CallRef call);
void get_messages(Server& server, CallRef call);
void get_events(Server& server, CallRef call);

// runs.cpp
void post_run(Server& server, CallRef call);
void get_run(Server& server, CallRef call);
void get_any_run(Server& server, CallRef call);
void post_cancel(Server& server, CallRef call);
void post_resume(Server& server, CallRef call);
void post_any_resume(Server& server, CallRef call);

// admin.cpp
void get_keys(Server& server, CallRef call);
void post_key(Server& server, CallRef call);
void delete_key(Server& server, CallRef call);
void get_streams(Server& server, CallRef call);
void post_backup(Server& server, CallRef call);

// admin_plugins.cpp
void get_plugins(Server& server, CallRef call);
void get_plugin(Server& server, CallRef call);
void patch_plugin(Server& server, CallRef call);
void post_enable(Server& server, CallRef call);
void post_disable(Server& server, CallRef call);
void delete_overrides(Server& server, CallRef call);
void post_reload(Server& server, CallRef call);

// health.cpp
void get_stream_health(Server& server, CallRef call);
void get_livez(Server& server, CallRef call);
void get_readyz(Server& server, CallRef call);
void get_metrics(Server& server, CallRef call);
void get_openapi(Server& server, CallRef call);

}  // namespace patchbay::http
