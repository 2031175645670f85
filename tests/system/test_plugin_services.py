"""What the server does for plugins beside their streams: a store that outlives kill -9, workers, figures
at /api/metrics, and spans for exporters."""

import json
import pathlib
import threading
import unittest

from harness import BUILD, Server, demo_config, eventually, text_of

FIXTURES = BUILD.resolve() / "tests" / "plugins"
TRACE = "0af7651916cd43dd8448eb211c80319c"
TRACEPARENT = f"00-{TRACE}-b7ad6b7169203331-01"


def counter_config(**config):
    return demo_config(plugins={"counter": {"library": str(FIXTURES / "fixture_counter.so"), "config": config}},
                       models={"default": "counter/count"})


def counted(client):
    """One answer of the counter: how many there were, this one included."""
    return int(text_of(client.run(client.interaction(), "count").rest()))


class CounterTest(unittest.TestCase):
    def setUp(self):
        self.server = Server(counter_config()).start()
        self.addCleanup(self.server.close)
        self.client = self.server.client()

    def test_a_count_outlives_kill_9_again_and_again(self):
        last = 0
        for _ in range(5):
            for _ in range(3):
                count = counted(self.client)
                self.assertGreater(count, last)
                last = count
            shown = []
            busy = threading.Thread(target=self.count_until_killed, args=(shown,))
            busy.start()
            eventually(lambda: len(shown) >= 3, "the counter counts")

            self.server.kill()
            busy.join()

            self.server.start()
            self.client.port = self.server.port
            last = max(shown)

    def count_until_killed(self, shown):
        client = self.server.client()
        try:
            while True:
                stream = client.run(client.interaction(), "count", on_crash="settle")
                text = text_of(stream.rest_or_cut())
                if not text:
                    return
                shown.append(int(text))  # so it was put, and the put was committed
        except Exception:
            return  # the server is gone

    def test_a_count_outlives_a_reload_and_so_does_the_figure_that_is_scraped(self):
        self.assertEqual([counted(self.client) for _ in range(3)], [1, 2, 3])

        self.server.write_config(counter_config(changed=True))
        self.assertEqual(self.client.post("/api/admin/reload").json()["plugins"]["replaced"], ["counter"])

        self.assertEqual(counted(self.client), 4)
        figure = 'patchbay_plugin_answers_total{instance="counter",model="count"}'
        self.assertEqual(self.server.metrics()[figure], 4)

    def test_the_store_is_the_instances_own(self):
        counted(self.client)
        config = counter_config()
        config["plugins"]["other"] = config["plugins"]["counter"]

        self.server.write_config(config)
        self.client.post("/api/admin/reload")

        stream = self.client.run(self.client.interaction(), "count", model="other/count")
        self.assertEqual(text_of(stream.rest()), "1")


class ExporterTest(unittest.TestCase):
    def setUp(self):
        self.server = Server()
        self.addCleanup(self.server.close)
        self.path = self.server.folder / "spans"
        self.server.write_config(self.config(self.path))
        self.server.start()
        self.client = self.server.client()

    def config(self, path):
        return demo_config(demo={"words": 3}, plugins={
            "spans": {"library": str(FIXTURES / "fixture_file_exporter.so"), "config": {"path": str(path)}}})

    def spans(self, path=None):
        path = pathlib.Path(path or self.path)
        lines = path.read_text().splitlines() if path.exists() else []
        return [span for line in lines for span in json.loads(line)]

    def run_once(self, **headers):
        stream = self.client.run(self.client.interaction(), "hello", headers=headers)
        run = stream.headers["x-run-id"]
        stream.rest()
        return run

    def runs(self, path=None):
        return [span for span in self.spans(path) if span["name"] == "api.stream"]

    def test_a_run_is_a_span_in_its_callers_trace(self):
        run = self.run_once(traceparent=TRACEPARENT)

        eventually(self.runs, "the span is exported")

        [span] = self.runs()
        self.assertEqual(span["trace_id"], TRACE)
        self.assertEqual(span["parent_span_id"], "b7ad6b7169203331")
        self.assertEqual((span["kind"], span["status"]), ("server", "ok"))
        self.assertLess(int(span["start_ns"]), int(span["end_ns"]))
        attributes = span["attributes"]
        self.assertEqual((attributes["run"], attributes["provider"], attributes["status"]),
                         (run, "demo", "completed"))
        self.assertEqual(attributes["usage.completion_tokens"],
                         self.client.get(f"/api/runs/{run}").json()["usage"]["completion_tokens"])

    def test_runs_without_a_caller_begin_traces_that_have_their_ids(self):
        runs = [self.run_once(), self.run_once(traceparent="nonsense")]

        eventually(lambda: len(self.runs()) == 2, "both spans are exported")

        self.assertEqual([span["trace_id"] for span in self.runs()],
                         [run.replace("-", "") for run in runs])
        for span in self.runs():
            self.assertNotIn("parent_span_id", span)

    def test_spans_go_to_the_exporter_that_the_config_names_now(self):
        later = self.server.folder / "later"
        first = self.run_once()
        self.server.write_config(self.config(later))
        self.client.post("/api/admin/reload")

        second = self.run_once()

        eventually(lambda: self.runs(later), "the new exporter has it")
        self.assertEqual([span["attributes"]["run"] for span in self.runs()], [first])
        self.assertEqual([span["attributes"]["run"] for span in self.runs(later)], [second])

    def test_an_exporter_that_throws_is_tried_three_times_and_loses_its_spans_alone(self):
        (self.server.folder / "spans.throws").touch()
        self.run_once()

        spans = 3  # the run's, its agent's, its model's
        eventually(lambda: self.server.metrics()["patchbay_spans_dropped_total"] == spans,
                   "given up")

        failed = self.server.metrics()["patchbay_span_batches_failed_total"]
        self.assertIn(failed, [3 * batches for batches in range(1, spans + 1)])
        self.assertIn("exporter.export_spans let a C++ exception out: asked to throw", self.server.read_log())
        (self.server.folder / "spans.throws").unlink()
        run = self.run_once()
        eventually(self.spans, "the next one is exported")
        self.assertEqual(self.spans()[0]["attributes"]["run"], run)

    def test_spans_that_wait_are_exported_when_the_server_stops(self):
        runs = {self.run_once() for _ in range(5)}

        self.assertEqual(self.server.stop(), 0)

        self.assertEqual({span["attributes"]["run"] for span in self.spans()}, runs)

    def test_an_exporter_that_hangs_holds_up_neither_runs_nor_the_end(self):
        (self.server.folder / "spans.hangs").touch()
        self.run_once()
        eventually((self.server.folder / "spans.is_hanging").exists, "it hangs")

        self.run_once()

        self.assertEqual(self.server.stop(), 0)
        self.assertIn("an exporter does not return", self.server.read_log())


if __name__ == "__main__":
    unittest.main()
