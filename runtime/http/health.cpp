// Health, metrics and the description of the API.
#include "db/clock.hpp"
#include "runtime/engine/json_text.hpp"
#include "runtime/http/error_reply.hpp"
#include "runtime/http/handlers.hpp"
#include "runtime/observe/metrics.hpp"

#include "embedded/openapi.hpp"

#include <nlohmann/json.hpp>

namespace patchbay::http {
namespace {

std::string_view health_of(Server& server) {
    if (server.engine().draining()) return "draining";
    return server.store().admits_runs() ? "healthy" : "unhealthy";
}

void answer_text(CallRef call, int status, std::string type, std::string body) {
    answer(std::move(call), {.status = status,
                             .headers = {{"Content-Type", std::move(type)}},
                             .body = std::move(body)});
}

}  // namespace

// GET /api/stream/health  ->  200 healthy; 503 draining or unhealthy
void get_stream_health(Server& server, CallRef call) {
    const auto status = health_of(server);
    std::string body = "{\"status\":\"";
    body += status;
    body += R"(","service":"interaction-streaming","timestamp":)";
    engine::append_seconds(body, unix_ms());
    body += '}';
    const bool healthy = status == "healthy";
    net::Response response{.status = healthy ? 200 : 503,
                           .headers = {{"Content-Type", "application/json"}},
                           .body = std::move(body)};
    if (!healthy) response.headers.emplace_back("Retry-After", "5");
    answer(std::move(call), std::move(response));
}

// GET /livez  ->  200 as long as the process answers
void get_livez(Server&, CallRef call) {
    answer_text(std::move(call), 200, "text/plain; charset=utf-8", "ok\n");
}

// GET /readyz  ->  200 when new runs are taken, else 503 with the reason
void get_readyz(Server& server, CallRef call) {
    const auto status = health_of(server);
    if (status == "healthy") {
        return answer_text(std::move(call), 200, "text/plain; charset=utf-8", "ready\n");
    }
    answer_error(std::move(call), {.code = ErrorCode::unavailable,
                                   .message = "The server is " + std::string(status) + ".",
                                   .retryable = true,
                                   .user_safe = true});
}

// GET /api/metrics  ->  Prometheus' text format
void get_metrics(Server& server, CallRef call) {
    const auto& engine = server.engine().counters();
    const auto& store = server.store().counters();
    const auto& gate = server.gate_counters();
    observe::Metrics metrics;
    metrics.gauge("patchbay_runs_open", "Runs that have not ended", engine.active_runs);
    metrics.gauge("patchbay_viewers", "Clients that watch an interaction", engine.viewers);
    metrics.counter("patchbay_runs_started_total", "Runs that began to answer",
                    engine.runs_started);
    metrics.counter("patchbay_runs_recovered_total", "Runs taken up after a crash",
                    engine.runs_recovered);
    metrics.counter("patchbay_runs_ended_total", "Runs whose outcome is committed",
                    engine.runs_ended);
    metrics.counter("patchbay_log_batches_submitted_total", "Batches handed to the log's writer",
                    store.batches_submitted);
    metrics.counter("patchbay_log_batches_committed_total", "Batches that are durable",
                    store.batches_committed);
    metrics.counter("patchbay_log_batches_failed_total", "Batches that the store refused",
                    store.batches_failed);
    metrics.counter("patchbay_log_events_enqueued_total", "Events handed to the log's writer",
                    store.events_enqueued);
    metrics.counter("patchbay_log_events_refused_total", "Events that the store refused",
                    store.events_refused);
    metrics.counter("patchbay_log_events_total", "Events committed", store.events_committed);
    metrics.counter("patchbay_log_commits_total", "Transactions of the log", store.commits);
    metrics.counter("patchbay_log_syncs_total", "Transactions that were synced to disk",
                    store.syncs);
    metrics.counter("patchbay_log_maintenance_failures_total",
                    "Failures of folding, compaction and checkpoints, which are tried again",
                    store.maintenance_failures);
    metrics.gauge("patchbay_log_journal_rows", "Journal rows that live runs hold",
                  store.journal_rows);
    metrics.gauge("patchbay_store_bytes", "Size of the database", store.file_bytes);
    metrics.gauge("patchbay_connections_open", "Client connections", gate.open);
    metrics.counter("patchbay_connections_accepted_total", "Connections accepted", gate.accepted);
    metrics.counter("patchbay_connections_refused_total", "Connections over the limit",
                    gate.refused);
    metrics.counter("patchbay_requests_total", "Well-formed requests", gate.requests);
    metrics.counter("patchbay_requests_bad_total", "Requests that the gate refused",
                    gate.bad_requests);
    server.add_more_metrics(metrics);
    answer_text(std::move(call), 200, "text/plain; version=0.0.4; charset=utf-8", metrics.text());
}

// GET /api/openapi.json
void get_openapi(Server&, CallRef call) {
    answer_text(std::move(call), 200, "application/json", std::string(embedded::openapi));
}

}  // namespace patchbay::http
