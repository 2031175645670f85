"""`patchbay plugin validate`: every planted fault is found by the one test that is about it, and our
own plugins have none."""

import concurrent.futures
import json
import os
import pathlib
import re
import subprocess
import tempfile
import unittest
import xml.etree.ElementTree

from harness import BINARY, BUILD, SLOW, WAIT

PLUGINS = (BUILD / "lib/patchbay/plugins").resolve()
FAULTY = (BUILD / "tests/faulty_plugins").resolve()
SOURCES = pathlib.Path(os.environ["PATCHBAY_SOURCE_DIR"])
PAGE = SOURCES / "docs/plugins/testing.md"

# Planted fault → the test that finds it, and what it says.
FAULTS = {
    "throws": ("errors.exceptions", "provider.open let an exception out: boo"),
    "never_finishes": ("stream.finishes", "never ended"),
    "finishes_twice": ("stream.finishes_once", "finish() was called a second time"),
    "emits_after_finish": ("stream.silent_after_finish", "emit() came after finish()"),
    "keeps_view": ("memory.views", "it used the view request.model in timer callback"),
    "reads_on": ("memory.views", "read beyond the end of the view request.model"),
    "ignores_cancel": ("stream.cancel", "cancel() was not followed by finish()"),
    "ignores_pause": ("stream.pause", "emit() went on after PAUSE"),
    "foreign_thread": ("threads.foreign",
                       "emit() was called from a thread of the plugin's own"),
    "blocks_lane": ("threads.time", "timer callback blocks its lane for "),
    "blocks_lane_long": ("threads.time", "timer callback blocks its lane for "),
    "second_symbol": ("static.exports", "it also exports patchbay_tests_second_symbol"),
    "invalid_utf8": ("text.utf8", "emit() got a text that is not UTF-8"),
    "broken_json": ("text.json", "emit() got metadata that is no JSON object"),
    "silent_create": ("config.wrong_types", "create() failed without set_error()"),
    "silent_open": ("errors.reasons", "open() failed without set_error()"),
    "finishes_failed_open": ("stream.failed_open", "open() failed, yet its stream was ended"),
    "dead_handle": ("memory.handles", "emit() got a handle of something that is over"),
    "thread_local_state": ("threads.moves", "on another in each call"),
    "hides_failure": ("upstream.failures", "ended with reason 1 instead of ERROR"),
    "agent_forgets_failures": ("stream.finishes", "when it is answered by a model that fails"),
    "agent_ignores_cancel": ("stream.cancel", "cancel() was not followed by finish()"),
    "agent_keeps_view": ("memory.views", "it used the view request.input_json in chat.done"),
    "agent_overlong_key": ("host.arguments", "kv.put() got a key that is not 1 to 256 bytes"),
    "tool_broken_json": ("text.json", "emit() got a text that is not JSON"),
    "tool_no_result": ("tool.result", "stopped without exactly one result"),
    "tool_acts_after_cancel": ("stream.silent_after_finish", "emit() came after finish()"),
    "tool_emits_in_job": ("threads.foreign", "emit() is [lane], and was called from a [worker]"),
    "middleware_loses_held": ("middleware.end", "what was held was lost"),
    "middleware_cuts_characters": ("text.utf8", "emit() got a text that is not UTF-8"),
    "middleware_drops_unknown": ("middleware.unknown_kinds", "did not go on"),
    "middleware_passes_too": ("middleware.events", "let the batch pass all the same"),
    "middleware_sees_pieces": ("middleware.cuts", "when it is cut at byte "),
    "exporter_keeps_view": ("memory.views", "it used the view spans_json"),
    "asks_without_run": ("host.arguments", "history.read() was called for an owner that has no run"),
    "answers_twice": ("auth.answers_once", "complete() was called a second time"),
    "needs_host_library": ("static.dependencies", "it needs libPocoFoundation.so"),
    "agent_unknown_code": ("load.newer_host", "in a host of version 99 the answer never ended"),
    "shares_word": ("apart.instances", "when it is asked after an older instance was destroyed"),
    "mixes_chats": ("apart.answers", "among others: \"mixed mixed "),
    "lets_in": ("auth.strangers", "it let a stranger with no credential in, as user:anyone"),
    "lets_in_on_failure": ("auth.strangers", "when it is told that its upstream has no address"),
    "slow_failure": ("threads.time", "http.head blocks its lane for "),
    "leaks_memory": ("leftover.memory", "leaves 112 bytes behind"),
    "leaks_descriptors": ("leftover.descriptors", "each instance leaves 1 descriptors open"),
    "leaves_threads": ("leftover.threads", "each instance leaves 1 threads behind"),
    "takes_signals": ("leftover.process", "it changed the handler of SIGTERM"),
    "moves_process": ("leftover.process", "the working folder"),
    "loses_many": ("many.streams", "answers at a time never ended: no finish()"),
}
# What goes wrong elsewhere by these faults, and may be found there, too.
ALSO = {"thread_local_state": {"apart.instances", "apart.answers"}}
# What only costs: a warning, and the exit code 0.
WARNED = {"slow_create": ("config.time", "create() takes 15")}
# Each of their instances takes long: the tests that make few of them.
LENGTHY = {"slow_create", "leaves_threads"}
NEEDS_MALLOC = {"leftover.memory"}  # of the C library: a sanitizer's does not say what is in use
# What these do kills every test that comes near it: they are for the death itself.
DEADLY = {"aborts", "hangs"}
SLOW_JOBS = {"slow_jobs"}  # takes minutes
FAULTLESS = {"nothing", "lists_models", "says_much", "agent_nothing", "tool_nothing",
             "middleware_nothing", "exporter_nothing", "uses_services", "turning_clock"}

SECRET = json.dumps({"algorithms": ["HS256"], "secret": "s" * 40})
PATTERNS = json.dumps({"patterns": [{"pattern": "sk-[A-Za-z0-9]{20,}"},
                                    {"pattern": "[a-z.]+@[a-z.]+", "replacement": ""},
                                    {"pattern": "secret|w\u00f6rld"}]})
KEY_SET = json.dumps({"algorithms": ["RS256"], "jwks_url": "https://id.test/jwks.json"})
OWN = [("patchbay_provider_demo", ()),
       ("patchbay_provider_openai", ("--config", '{"api_key": "k"}')),
       ("patchbay_auth_api_key", ()),
       ("patchbay_auth_jwt", ("--config", SECRET)),
       ("patchbay_auth_jwt", ("--config", KEY_SET)),
       ("patchbay_agent_chat", ()),
       ("patchbay_agent_assistant", ()),
       ("patchbay_agent_summarize", ()),
       ("patchbay_agent_delegate", ("--config", '{"agent": "other"}')),
       ("patchbay_tool_clock", ()),
       ("patchbay_tool_calculator", ()),
       ("patchbay_tool_http_get", ("--config", '{"hosts": ["*"]}')),
       ("patchbay_middleware_redact", ("--config", PATTERNS)),
       ("patchbay_middleware_system_prompt", ("--config", '{"text": "Be kind."}'))]


def library(fault):
    return FAULTY / f"faulty_{fault}.so"


def choice_for(fault, test):
    """All tests; where each process is slow to start, those that the fault comes near."""
    if fault in LENGTHY:
        return ("--only", test, "static", "load.loads", "config.creates", "stream.opens")
    return () if SLOW == 1 else ("--only", test, "stream", "text", "memory")


def findable(faults):
    """Those that this build can find."""
    return {fault: found for fault, found in faults.items()
            if SLOW == 1 or found[0] not in NEEDS_MALLOC}


def validate(path, *arguments):
    return subprocess.run([BINARY, "plugin", "validate", path, "--timeout", str(120 * SLOW),
                           *arguments], capture_output=True, text=True, timeout=WAIT * 30)


def report_of(path, *arguments):
    """The exit code and the JSON report."""
    run = validate(path, "--json", *arguments)
    if not run.stdout:
        raise AssertionError(f"{path}: exit code {run.returncode}, {run.stderr}")
    return run.returncode, json.loads(run.stdout)


def failures(report):
    return {test["name"]: test for test in report["tests"] if test["outcome"] == "failed"}


class FaultTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        with concurrent.futures.ThreadPoolExecutor(2) as pool:
            runs = {fault: pool.submit(report_of, library(fault), *choice_for(fault, test))
                    for fault, (test, _) in findable(FAULTS).items()}
            cls.reports = {fault: run.result() for fault, run in runs.items()}

    def test_every_planted_plugin_is_expected(self):
        built = {path.stem.removeprefix("faulty_") for path in FAULTY.glob("*.so")}

        self.assertEqual(built, set(FAULTS) | set(WARNED) | DEADLY | FAULTLESS | SLOW_JOBS)

    def test_each_fault_is_found_by_its_test_and_by_no_other(self):
        for fault, (test, words) in findable(FAULTS).items():
            with self.subTest(fault):
                code, report = self.reports[fault]
                failed = {name: found for name, found in failures(report).items()
                          if name not in ALSO.get(fault, ())}

                self.assertEqual(code, 1)
                self.assertEqual({name: found["what"] for name, found in failed.items()},
                                 {test: failed.get(test, {}).get("what")})
                self.assertIn(words, failed[test]["what"])
                self.assertTrue(failed[test]["advice"])

    def test_the_table_names_them_too(self):
        for fault, (test, words) in findable(FAULTS).items():
            with self.subTest(fault):
                shown = validate(library(fault), "--only", test)
                failed = failures(self.reports[fault][1])[test]

                self.assertEqual(shown.returncode, 1)
                self.assertRegex(shown.stdout, rf"FAILED +{re.escape(failed['sentence'])} .* "
                                               rf"ms +{re.escape(test)}\n"
                                               r"(?: +measured: .*\n)? +found: +.*"
                                               rf"{re.escape(words)}.*\n +change: +\w")

    def test_what_only_costs_is_a_warning(self):
        for fault, (test, words) in WARNED.items():
            with self.subTest(fault):
                code, report = report_of(library(fault), *choice_for(fault, test))
                warned = {found["name"]: found for found in report["tests"]
                          if found["outcome"] == "warned"}

                self.assertEqual(code, 0)
                self.assertEqual(list(warned), [test])
                self.assertIn(words, warned[test]["what"])

    def test_jobs_that_block_for_long_are_no_fault_and_not_all_is_played(self):
        code, report = report_of(library("slow_jobs"), "--only", "stream.pause", "tool.result")

        self.assertEqual(code, 0, report)
        for test in report["tests"]:
            self.assertEqual(test["outcome"], "warned", test)
            self.assertIn("its jobs took", test["what"])

    def test_strangers_may_be_allowed_but_not_only_where_something_failed(self):
        allowed = ("--allow-strangers", "--only", "auth")
        code, report = report_of(library("lets_in"), *allowed)
        hole_code, hole = report_of(library("lets_in_on_failure"), *allowed)

        self.assertEqual((code, report["warned"]), (0, 1))
        self.assertEqual(hole_code, 1)
        self.assertEqual(list(failures(hole)), ["auth.strangers"])

    def test_many_streams_are_told_in_figures(self):
        _, report = report_of(library("nothing"), "--only", "many")
        figures = report["tests"][0]["figures"]
        shown = validate(library("nothing"), "--only", "many").stdout

        self.assertGreater(figures["idle_streams"], 100)
        self.assertEqual(figures["events"], 3 * figures["active_streams"])
        self.assertGreater(figures["microseconds_per_event"], 0)
        self.assertIn("measured: idle_streams ", shown)
        if SLOW == 1:  # a chat of `nothing` is one calloc()
            self.assertLess(figures["bytes_per_idle_stream"], 200)
            self.assertGreater(figures["bytes_per_idle_stream"], 40)

    def test_a_kept_view_is_a_crash_with_its_place(self):
        failed = failures(self.reports["keeps_view"][1])["memory.views"]

        self.assertRegex(failed["signal"], "SIGSEGV|SIGABRT|exit code")
        self.assertEqual(failed["slot"], "timer callback")
        self.assertEqual(failed["plugin"], "patchbay.tests.faulty")


class DeathTest(unittest.TestCase):
    def test_a_plugin_that_aborts_is_a_result(self):
        code, report = report_of(library("aborts"), "--only", "stream", "load.table")
        failed = failures(report)

        self.assertEqual(code, 1)
        self.assertNotIn("load.table", failed)
        self.assertIn("died of SIGABRT in timer callback, when it is left alone",
                      failed["stream.finishes"]["what"])
        self.assertIn("cannot go on", failed["stream.finishes"]["output"])

    def test_a_plugin_that_hangs_is_a_result(self):
        run = subprocess.run([BINARY, "plugin", "validate", library("hangs"), "--timeout", "2",
                              "--only", "stream.opens", "--json"], capture_output=True, text=True,
                             timeout=WAIT)
        failed = failures(json.loads(run.stdout))["stream.opens"]

        self.assertEqual(run.returncode, 1)
        self.assertIn("did not come back within 2 s in provider.open", failed["what"])
        self.assertEqual(failed["signal"], "timeout")


class FaultlessTest(unittest.TestCase):
    def assert_faultless(self, path, *arguments):
        code, report = report_of(path, *arguments)

        self.assertEqual({name: test["what"] for name, test in failures(report).items()}, {})
        self.assertEqual(code, 0)
        self.assertGreater(report["passed"], 30)
        return report

    def test_own_plugins_are_faultless(self):
        for name, arguments in OWN:
            with self.subTest(name, arguments=arguments):
                self.assert_faultless(PLUGINS / f"{name}.so", *arguments)

    def test_own_plugins_are_faultless_in_random_orders(self):
        for name, arguments in OWN:
            if "_auth_" in name or "_middleware_" in name:
                continue
            with self.subTest(name):
                _, report = report_of(PLUGINS / f"{name}.so", *arguments, "--fuzz", "--seed", "7",
                                      "--only", "fuzz")

                self.assertEqual(report["passed"], 1, report)

                self.assertEqual(report["seed"], 7)

    def test_plugins_without_a_fault_are_faultless(self):
        for name in FAULTLESS:
            with self.subTest(name):
                self.assert_faultless(library(name))

    def test_in_one_process_the_results_are_the_same(self):
        self.assert_faultless(library("nothing"), "--in-process")


class FuzzTest(unittest.TestCase):
    def test_a_seed_gives_the_same_failure_again(self):
        _, first = report_of(library("ignores_cancel"), "--fuzz", "--only", "fuzz.orders")
        what = failures(first)["fuzz.orders"]["what"]
        seed = re.search(r"--seed (\d+)", what).group(1)

        _, again = report_of(library("ignores_cancel"), "--fuzz", "--seed", seed, "--only",
                             "fuzz.orders")

        self.assertEqual(failures(again)["fuzz.orders"]["what"], what)
        self.assertEqual(again["seed"], int(seed))


class CommandTest(unittest.TestCase):
    def test_what_cannot_be_run_is_exit_code_2(self):
        plugin = PLUGINS / "patchbay_provider_demo.so"
        for arguments in ((FAULTY / "none.so",), (plugin, "--only", "stream.unheard"),
                          (plugin, "--config", "[1]"), (plugin, "--upstream", "/none"), ()):
            with self.subTest(arguments):
                run = subprocess.run([BINARY, "plugin", "validate", *arguments],
                                     capture_output=True, text=True, timeout=WAIT)

                self.assertEqual(run.returncode, 2)
                self.assertTrue(run.stderr)

    def test_a_file_that_is_no_plugin_fails(self):
        code, report = report_of(BINARY, "--only", "static", "load")

        self.assertEqual(code, 1)
        self.assertIn("static.exports", failures(report))
        self.assertIn("load.loads", failures(report))

    def test_what_is_no_library_at_all_is_refused(self):
        for path, said in ((__file__, "is no shared library"), (FAULTY, "is a folder"),
                           ("nowhere.so", "there is no file nowhere.so")):
            run = validate(path)

            self.assertEqual(run.returncode, 2)
            self.assertEqual(run.stdout, "")
            self.assertIn(said, run.stderr)

    def test_junit_has_each_test_and_the_failure(self):
        with tempfile.TemporaryDirectory() as folder:
            path = pathlib.Path(folder) / "report.xml"
            validate(library("finishes_twice"), "--only", "stream", "--junit", path)
            suite = xml.etree.ElementTree.parse(path).getroot()

        self.assertEqual(suite.get("failures"), "1")
        self.assertEqual(int(suite.get("tests")), len(suite.findall("testcase")))
        case = suite.find("testcase[failure]")
        self.assertEqual(case.get("classname"), "stream.finishes_once")
        self.assertIn("second time", case.find("failure").get("message"))

    def test_a_config_may_be_a_file_with_comments(self):
        with tempfile.TemporaryDirectory() as folder:
            path = pathlib.Path(folder) / "config.json"
            path.write_text(f"// for the test\n{SECRET}")

            code, report = report_of(PLUGINS / "patchbay_auth_jwt.so", "--config", path, "--only",
                                     "config.creates")

        self.assertEqual((code, report["passed"]), (0, 1))

    def test_the_list_has_every_test_of_the_report(self):
        shown = validate(library("nothing"), "--list").stdout
        _, report = report_of(library("nothing"), "--only", "static", "stream")

        for test in report["tests"]:
            self.assertRegex(shown, rf"{re.escape(test['name'])} +{re.escape(test['sentence'])}")


class PageTest(unittest.TestCase):
    """docs/plugins/testing.md: its code compiles, its list is whole. tests/docs runs its commands."""

    def blocks(self, language):
        return re.findall(rf"```{language}[^\n]*\n(.*?)```", PAGE.read_text(), re.DOTALL)

    def test_its_code_compiles(self):
        for block in self.blocks("cpp"):
            run = subprocess.run(["g++", "-std=c++23", "-fsyntax-only", "-Wall", "-Wextra",
                                  "-Werror", "-isystem", SOURCES / "sdk/include", "-x", "c++", "-"],
                                 input=block, capture_output=True, text=True, timeout=WAIT * 4)

            self.assertEqual(run.returncode, 0, run.stderr)

    def test_it_names_every_test(self):
        listed = subprocess.run([BINARY, "plugin", "validate", "--list", "--fuzz"],
                                capture_output=True, text=True, timeout=WAIT).stdout
        page = PAGE.read_text()

        missing = [line.split()[0] for line in listed.splitlines()
                   if f"`{line.split()[0]}`" not in page]
        self.assertEqual(missing, [])


if __name__ == "__main__":
    unittest.main()
