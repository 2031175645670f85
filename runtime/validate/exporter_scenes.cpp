// What an exporter is put through: batches of spans.
#include "runtime/validate/scene.hpp"

#include <nlohmann/json.hpp>

#include <string>
#include <vector>

namespace patchbay::validate {
namespace {

using Json = nlohmann::json;

constexpr size_t most_spans = 512;  // of one batch

Json span_of(const std::string& kind) {
    return {{"trace_id", "4bf92f3577b34da6a3ce929d0e0e4736"},
            {"span_id", "00f067aa0ba902b7"},
            {"parent_span_id", "53995c3f42cd8ad8"},
            {"name", "run"},
            {"kind", kind},
            {"start_ns", "1767225600000000001"},
            {"end_ns", "1767225600000000002"},
            {"status", "ok"},
            {"attributes", {{"patchbay.agent", "chat"}, {"tokens", 9}, {"cached", true}}},
            {"events", Json::array({{{"name", "first token"},
                                     {"time_ns", "1767225600000000001"},
                                     {"attributes", Json::object()}}})}};
}

std::string batch_of(size_t count) {
    auto spans = Json::array();
    for (size_t i = 0; i < count; ++i) spans.push_back(span_of("internal"));
    return spans.dump();
}

void hand_over(const Stage& stage, const std::string& spans) {
    const auto taken = stage.session.host().export_spans(spans);
    if (taken) return;
    stage.session.probe().find(Breach::refused_batch,
                               "an ordinary batch failed: " + taken.error().message);
}

// --- scenes -------------------------------------------------------------------------------------
void one_batch(const Stage& stage) { hand_over(stage, batch_of(2)); }

void all_kinds(const Stage& stage) {
    for (const char* kind : {"internal", "server", "client", "producer", "consumer"})
        hand_over(stage, Json::array({span_of(kind)}).dump());
    auto failed = span_of("client");
    failed["status"] = "error";
    failed.erase("parent_span_id");
    failed["events"] = Json::array();
    hand_over(stage, Json::array({failed}).dump());
}

void odd_spans(const Stage& stage) {
    auto unknown = span_of("org.example.kind");
    unknown["status"] = "org.example.status";
    unknown["org.example.member"] = {{"a", Json::array({1, nullptr})}};
    auto texts = span_of("internal");
    texts["name"] = "\u00fc \u4e16\u754c \U0001F600 \"\\\n";
    texts["attributes"] = {{"", ""},
                           {"long", std::string(20'000, 'x')},
                           {"list", {1, 2}},
                           {"none", nullptr},
                           {"large", INT64_MAX},
                           {"part", 0.5}};
    auto times = span_of("internal");
    times["start_ns"] = "0";
    times["end_ns"] = "9223372036854775807";
    for (const auto& span : {unknown, texts, times})
        (void)stage.session.host().export_spans(Json::array({span}).dump());
}

void empty_and_full(const Stage& stage) {
    hand_over(stage, "[]");
    hand_over(stage, batch_of(most_spans));
}

void many_batches(const Stage& stage) {
    constexpr int count = 50;
    const auto spans = batch_of(most_spans / 8);
    for (int i = 0; i < count; ++i) hand_over(stage, spans);
}

std::string transcript(const Stage& stage) {
    const auto taken = stage.session.host().export_spans(batch_of(2));
    return taken ? "taken" : "failed: " + taken.error().message;
}

}  // namespace

const Kind& exporter_kind() {
    static const std::vector<Scene> scenes = {
        {"destroyed right behind a batch", &one_batch},
        {"given spans of each kind", &all_kinds},
        {"given spans of a later version", &odd_spans},
        {"given an empty batch and a full one", &empty_and_full},
        {"given many batches", &many_batches},
    };
    static const Kind kind = {PATCHBAY_EXPORTER_1, scenes, &transcript, nullptr, nullptr};
    return kind;
}

}  // namespace patchbay::validate
