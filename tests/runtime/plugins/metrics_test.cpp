// metrics.h: what plugins define and count is what a scrape shows.
#include "runtime/observe/metrics.hpp"
#include "tests/runtime/plugins/script.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <thread>

namespace patchbay::plugins {
namespace {

struct Definition {
    std::string name;
    uint32_t kind = PATCHBAY_METRIC_COUNTER;
    std::vector<std::string> labels;
    std::vector<double> buckets;
    std::string help = "What it counts.";
};

patchbay_status define(const patchbay_host* host, const Definition& definition, uint32_t& id) {
    std::vector<patchbay_str> labels;
    for (const auto& label : definition.labels) labels.push_back(text_of(label));
    patchbay_metric metric{};
    metric.name = text_of(definition.name);
    metric.help = text_of(definition.help);
    metric.labels = labels.data();
    metric.bucket_limits = definition.buckets.data();
    metric.kind = definition.kind;
    metric.label_count = static_cast<uint32_t>(labels.size());
    metric.bucket_count = static_cast<uint32_t>(definition.buckets.size());
    return host_metrics.define(host, &metric, &id);
}

class MetricsTest : public ::testing::Test {
protected:
    // An instance that defines these; `ids` has theirs, 0 for those that were refused.
    InstanceRef make(Script& plugin, const std::vector<Definition>& definitions,
                     const std::string& name = "one") {
        ids.clear();
        statuses.clear();
        plugin.on_create = [&] {
            for (const auto& definition : definitions) {
                statuses.push_back(define(plugin.host, definition, ids.emplace_back(0)));
            }
            return PATCHBAY_OK;
        };
        return make_instance(plugin, name, {.metrics = metrics, .version = "0.0.0"});
    }
    patchbay_status define_one(const Definition& definition) {
        const auto made = make(script, {definition});
        return statuses.at(0);
    }
    std::string text() const {
        observe::Metrics scrape;
        scrape.add(metrics->collect());
        return scrape.text();
    }
    // The figure of a series, by its whole name with labels; "" = it is not there.
    std::string figure(const std::string& series) const {
        const auto all = "\n" + text();
        const auto at = all.find("\n" + series + " ");
        if (at == std::string::npos) return "";
        const auto begin = at + series.size() + 2;
        return all.substr(begin, all.find('\n', begin) - begin);
    }

    std::shared_ptr<observe::PluginMetrics> metrics = std::make_shared<observe::PluginMetrics>();
    Script script;
    std::vector<uint32_t> ids;
    std::vector<patchbay_status> statuses;
};

patchbay_status add(Script& script, uint32_t id, double value,
                    const std::vector<std::string>& labels = {}) {
    std::vector<patchbay_str> values;
    for (const auto& label : labels) values.push_back(text_of(label));
    return host_metrics.add(script.host, id, values.data(), static_cast<uint32_t>(values.size()),
                            value);
}

TEST_F(MetricsTest, CountersGaugesAndHistogramsAreShownInPrometheusFormat) {
    const auto it = make(script, {{"calls_total"},
                                  {"depth", PATCHBAY_METRIC_GAUGE},
                                  {"seconds", PATCHBAY_METRIC_HISTOGRAM, {"model"}, {0.5, 2}}});
    ASSERT_TRUE(it);

    EXPECT_EQ(add(script, ids[0], 2), PATCHBAY_OK);
    EXPECT_EQ(add(script, ids[0], 1.5), PATCHBAY_OK);
    EXPECT_EQ(add(script, ids[1], 7), PATCHBAY_OK);
    EXPECT_EQ(add(script, ids[1], -2), PATCHBAY_OK);
    for (const double seconds : {0.1, 0.5, 1.0, 9.0})
        EXPECT_EQ(add(script, ids[2], seconds, {"m"}), PATCHBAY_OK);

    EXPECT_EQ(figure("patchbay_plugin_calls_total{instance=\"one\"}"), "3.5");
    EXPECT_EQ(figure("patchbay_plugin_depth{instance=\"one\"}"), "5");
    const auto bucket = [&](const std::string& limit) {
        return figure("patchbay_plugin_seconds_bucket{instance=\"one\",model=\"m\",le=\"" + limit +
                      "\"}");
    };
    EXPECT_EQ(bucket("0.5"), "2");
    EXPECT_EQ(bucket("2"), "3");
    EXPECT_EQ(bucket("+Inf"), "4");
    EXPECT_EQ(figure("patchbay_plugin_seconds_sum{instance=\"one\",model=\"m\"}"), "10.6");
    EXPECT_EQ(figure("patchbay_plugin_seconds_count{instance=\"one\",model=\"m\"}"), "4");
    EXPECT_NE(text().find("# HELP patchbay_plugin_calls_total What it counts."), std::string::npos);
    EXPECT_NE(text().find("# TYPE patchbay_plugin_seconds histogram"), std::string::npos);

    EXPECT_EQ(host_metrics.set(script.host, ids[1], nullptr, 0, 1), PATCHBAY_OK);
    EXPECT_EQ(figure("patchbay_plugin_depth{instance=\"one\"}"), "1");
}

TEST_F(MetricsTest, WhatIsNoMetricIsRefused) {
    constexpr auto gauge = PATCHBAY_METRIC_GAUGE;
    constexpr auto histogram = PATCHBAY_METRIC_HISTOGRAM;
    const auto infinity = std::numeric_limits<double>::infinity();
    for (const auto& bad :
         std::vector<Definition>{{""},
                                 {"Calls_total"},
                                 {"1calls_total"},
                                 {"calls-x_total"},
                                 {std::string(59, 'a') + "_total"},  // 65 bytes
                                 {"calls"},                          // a counter's ends in _total
                                 {"depth_total", gauge},
                                 {"depth", 0},
                                 {"depth", 4},
                                 {"depth", gauge, {"a", "b", "c", "d", "e"}},
                                 {"depth", gauge, {"a", "a"}},
                                 {"depth", gauge, {"A"}},
                                 {"depth", gauge, {"instance"}},
                                 {"seconds", histogram, {"le"}, {1}},
                                 {"depth", gauge, {}, {1}},
                                 {"seconds", histogram},
                                 {"seconds", histogram, {}, {2, 1}},
                                 {"seconds", histogram, {}, {1, 1}},
                                 {"seconds", histogram, {}, {1, infinity}},
                                 {"seconds", histogram, {}, std::vector<double>(65, 1)}}) {
        EXPECT_EQ(define_one(bad), PATCHBAY_E_BAD_REQUEST) << bad.name;
    }
    EXPECT_EQ(define_one({std::string(58, 'a') + "_total"}), PATCHBAY_OK);
}

TEST_F(MetricsTest, ValuesThatAreNoneAreRefusedAndNotCounted) {
    const auto it = make(script, {{"calls_total", PATCHBAY_METRIC_COUNTER, {"kind"}},
                                  {"depth", PATCHBAY_METRIC_GAUGE}});
    const auto nan = std::nan("");
    const auto bad_text = text_of("\xff");
    const patchbay_str unreadable{nullptr, 3};

    EXPECT_EQ(add(script, 0, 1), PATCHBAY_E_BAD_REQUEST);
    EXPECT_EQ(add(script, 3, 1), PATCHBAY_E_BAD_REQUEST);
    EXPECT_EQ(add(script, ids[0], -1, {"a"}), PATCHBAY_E_BAD_REQUEST);
    EXPECT_EQ(add(script, ids[0], nan, {"a"}), PATCHBAY_E_BAD_REQUEST);
    EXPECT_EQ(add(script, ids[1], std::numeric_limits<double>::infinity()), PATCHBAY_E_BAD_REQUEST);
    EXPECT_EQ(host_metrics.add(script.host, ids[0], nullptr, 1, 1), PATCHBAY_E_BAD_REQUEST);
    EXPECT_EQ(host_metrics.add(script.host, ids[0], &bad_text, 1, 1), PATCHBAY_E_BAD_REQUEST);
    EXPECT_EQ(host_metrics.add(script.host, ids[0], &unreadable, 1, 1), PATCHBAY_E_BAD_REQUEST);
    EXPECT_EQ(host_metrics.set(script.host, ids[0], &bad_text, 1, 1), PATCHBAY_E_BAD_REQUEST);
    EXPECT_EQ(host_metrics.set(script.host, ids[1], nullptr, 0, nan), PATCHBAY_E_BAD_REQUEST);

    EXPECT_EQ(text().find("calls_total{"), std::string::npos);
    EXPECT_EQ(figure("patchbay_plugin_depth{instance=\"one\"}"), "0");
}

TEST_F(MetricsTest, AnotherNumberOfLabelsIsRefusedAndNothingBehindThemIsRead) {
    const auto it = make(script, {{"calls_total", PATCHBAY_METRIC_COUNTER, {"kind", "model"}},
                                  {"depth", PATCHBAY_METRIC_GAUGE}});
    const patchbay_str unreadable{nullptr, 3};
    const patchbay_str values[] = {text_of("a"), text_of("b"), unreadable};

    for (const uint32_t count : {0u, 1u, 3u, 4'000'000'000u})
        EXPECT_EQ(host_metrics.add(script.host, ids[0], values, count, 1), PATCHBAY_E_BAD_REQUEST);
    EXPECT_EQ(host_metrics.set(script.host, ids[1], values, 1, 1), PATCHBAY_E_BAD_REQUEST);
    EXPECT_EQ(text().find("calls_total{"), std::string::npos);

    EXPECT_EQ(host_metrics.add(script.host, ids[0], values, 2, 1), PATCHBAY_OK);
    EXPECT_EQ(figure("patchbay_plugin_calls_total{instance=\"one\",kind=\"a\",model=\"b\"}"), "1");
}

TEST_F(MetricsTest, MetricsAreDefinedInCreateAlone) {
    const auto it = make(script, {});
    uint32_t id = 0;

    EXPECT_EQ(define(script.host, {"calls_total"}, id), PATCHBAY_E_BAD_STATE);

    Script other;
    patchbay_status status = PATCHBAY_OK;
    other.on_create = [&] {
        std::jthread([&] { status = define(other.host, {"calls_total"}, id); }).join();
        return PATCHBAY_OK;
    };
    make_instance(other, "two", {.metrics = metrics});
    EXPECT_EQ(status, PATCHBAY_E_WRONG_THREAD);
    EXPECT_EQ(text(), "");
}

TEST_F(MetricsTest, OneInstanceHasSixtyFourAndEachNameOnce) {
    std::vector<Definition> definitions{{"calls_total"}, {"calls_total"}};
    for (int i = 1; i <= 64; ++i) definitions.push_back({"m" + std::to_string(i) + "_total"});

    const auto it = make(script, definitions);

    EXPECT_EQ(statuses[0], PATCHBAY_OK);
    EXPECT_EQ(statuses[1], PATCHBAY_E_CONFLICT);
    for (size_t i = 2; i < 65; ++i) EXPECT_EQ(statuses[i], PATCHBAY_OK);
    EXPECT_EQ(statuses[65], PATCHBAY_E_LIMIT);
}

TEST_F(MetricsTest, TheHundredAndFirstValueOfALabelIsOther) {
    const auto it = make(script, {{"calls_total", PATCHBAY_METRIC_COUNTER, {"user"}}});

    for (int i = 0; i < 150; ++i) add(script, ids[0], 1, {"u" + std::to_string(i)});
    add(script, ids[0], 1, {"u7"});
    add(script, ids[0], 1, {std::string(200, 'x')});

    EXPECT_EQ(figure("patchbay_plugin_calls_total{instance=\"one\",user=\"u99\"}"), "1");
    EXPECT_EQ(figure("patchbay_plugin_calls_total{instance=\"one\",user=\"u100\"}"), "");
    EXPECT_EQ(figure("patchbay_plugin_calls_total{instance=\"one\",user=\"u7\"}"), "2");
    EXPECT_EQ(figure("patchbay_plugin_calls_total{instance=\"one\",user=\"other\"}"), "51");
}

TEST_F(MetricsTest, SeriesOfOneMetricAreBoundedAndNothingIsLost) {
    const auto it = make(script, {{"calls_total", PATCHBAY_METRIC_COUNTER, {"a", "b"}}});

    for (int i = 0; i < 50; ++i) {
        for (int j = 0; j < 50; ++j) add(script, ids[0], 1, {std::to_string(i), std::to_string(j)});
    }

    const auto families = metrics->collect();
    ASSERT_EQ(families.size(), 1u);
    EXPECT_EQ(families[0].metric.size(), 1001u);
    EXPECT_EQ(figure(R"(patchbay_plugin_calls_total{instance="one",a="other",b="other"})"), "1500");
}

TEST_F(MetricsTest, TextsCannotForgeOtherLines) {
    Definition definition{"calls_total", PATCHBAY_METRIC_COUNTER, {"kind"}};
    definition.help = "Line one.\nforged 1";
    const auto it = make(script, {definition});

    add(script, ids[0], 1, {"a\"} 7\nforged 2"});

    EXPECT_EQ(text().find("\nforged"), std::string::npos);
}

TEST_F(MetricsTest, AnInstanceThatReplacesAnotherGoesOnWithItsFigures) {
    auto old = make(script, {{"calls_total"}});
    add(script, ids[0], 5);
    Script next;
    const auto replacement = make(next, {{"calls_total"}});
    ASSERT_EQ(statuses[0], PATCHBAY_OK);

    add(next, ids[0], 1);
    add(script, 1, 1);  // runs of the old one are not over yet
    old.reset();

    EXPECT_EQ(figure("patchbay_plugin_calls_total{instance=\"one\"}"), "7");
}

TEST_F(MetricsTest, ANewerVersionDefinesItsMetricInAnotherWayAndIsWhatAScrapeShows) {
    const auto old = make(script, {{"calls_total"}});
    add(script, ids[0], 5);
    Script newer;
    auto replacement = make(newer, {{"calls_total", PATCHBAY_METRIC_COUNTER, {"kind"}}});
    ASSERT_EQ(statuses[0], PATCHBAY_OK);

    add(newer, ids[0], 1, {"a"});
    add(script, 1, 1);  // runs of the old one are not over yet

    EXPECT_EQ(figure("patchbay_plugin_calls_total{instance=\"one\",kind=\"a\"}"), "1");
    EXPECT_EQ(figure("patchbay_plugin_calls_total{instance=\"one\"}"), "");

    replacement.reset();  // as when the reload was refused after all
    EXPECT_EQ(figure("patchbay_plugin_calls_total{instance=\"one\"}"), "6");
}

TEST_F(MetricsTest, AnotherDefinitionOfANameInUseIsConflict) {
    auto old = make(script, {{"depth", PATCHBAY_METRIC_GAUGE, {"a"}}});
    Script next;

    make(next, {{"depth", PATCHBAY_METRIC_GAUGE, {"b"}}, {"depth", PATCHBAY_METRIC_GAUGE}});
    EXPECT_EQ(statuses[1], PATCHBAY_E_CONFLICT);
    make(next, {{"depth", PATCHBAY_METRIC_GAUGE, {"b"}}}, "two");
    EXPECT_EQ(statuses[0], PATCHBAY_E_CONFLICT);
    make(next, {{"depth", PATCHBAY_METRIC_GAUGE, {"a"}, {}, "Said better."}}, "two");
    EXPECT_EQ(statuses[0], PATCHBAY_OK);

    old.reset();
    make(next, {{"depth", PATCHBAY_METRIC_GAUGE, {"b"}}});
    EXPECT_EQ(statuses[0], PATCHBAY_OK);
}

TEST_F(MetricsTest, InstancesOfOnePluginAreToldApart) {
    const auto one = make(script, {{"calls_total"}});
    Script other;
    const auto two = make(other, {{"calls_total"}}, "two");
    add(script, 1, 1);
    add(other, 1, 2);

    EXPECT_EQ(figure("patchbay_plugin_calls_total{instance=\"one\"}"), "1");
    EXPECT_EQ(figure("patchbay_plugin_calls_total{instance=\"two\"}"), "2");
    const auto all = text();
    EXPECT_EQ(all.find("# TYPE"), all.rfind("# TYPE"));
}

TEST_F(MetricsTest, WithoutAScrapeItCountsAllTheSame) {
    script.on_create = [&] { return define(script.host, {"calls_total"}, ids.emplace_back(0)); };

    const auto it = make_instance(script);

    ASSERT_TRUE(it);
    EXPECT_EQ(add(script, ids[0], 1), PATCHBAY_OK);
}

TEST_F(MetricsTest, ManyThreadsCountTogetherAndNothingIsLost) {
    const auto it = make(script, {{"calls_total", PATCHBAY_METRIC_COUNTER, {"kind"}},
                                  {"seconds", PATCHBAY_METRIC_HISTOGRAM, {}, {1}}});
    constexpr int each = 5000;
    {
        std::vector<std::jthread> threads;
        for (int t = 0; t < 4; ++t) {
            threads.emplace_back([&, t] {
                for (int i = 0; i < each; ++i) {
                    add(script, ids[0], 1, {"k" + std::to_string((i * 7 + t) % 130)});
                    add(script, ids[1], 1);
                }
            });
        }
        for (int i = 0; i < 20; ++i) text();  // scrapes meanwhile
    }

    double sum = 0;
    size_t series = 0;
    for (const auto& family : metrics->collect()) {
        if (family.name != "patchbay_plugin_calls_total") continue;
        for (const auto& metric : family.metric) sum += metric.counter.value;
        series = family.metric.size();
    }
    EXPECT_EQ(sum, 4 * each);
    EXPECT_EQ(series, 101u);
    EXPECT_EQ(figure("patchbay_plugin_seconds_count{instance=\"one\"}"), std::to_string(4 * each));
}

}  // namespace
}  // namespace patchbay::plugins
