"""Every function of the C interface says on which thread it runs, once; the table in the docs and the C++
layer say the same."""

import re
import tempfile
import pathlib
import unittest

import thread_tags
from thread_tags import HEADERS, TAG, TAGS

# What wraps a slot: the header of the C++ layer, the class or None, the function.
WRAPPERS = {
    "patchbay_agent_1.open": ("agent.hpp", "Agent", "run"),
    "patchbay_agent_1.resume": ("call.hpp", "Call", "resume"),
    "patchbay_agent_1.cancel": ("call.hpp", "Call", "cancel"),
    "patchbay_agent_1.methods": ("agent.hpp", "Agent", "methods"),
    "patchbay_tool_1.describe": ("tool.hpp", "Tool", "describe"),
    "patchbay_tool_1.call": ("tool.hpp", "Tool", "call"),
    "patchbay_tool_1.resume": ("call.hpp", "Call", "resume"),
    "patchbay_tool_1.cancel": ("call.hpp", "Call", "cancel"),
    "patchbay_middleware_1.on_request": ("middleware.hpp", "Middleware", "on_request"),
    "patchbay_middleware_1.cancel": ("middleware.hpp", "TurnWatcher", "cancel"),
    "patchbay_middleware_1.on_events": ("middleware.hpp", "TurnWatcher", "on_events"),
    "patchbay_middleware_1.on_end": ("middleware.hpp", "TurnWatcher", "on_end"),
    "patchbay_exporter_1.export_spans": ("exporter.hpp", "Exporter", "export_spans"),
    "patchbay_chat_1.start": ("chat.hpp", None, "start_child"),
    "patchbay_chat_1.resume": ("chat.hpp", "Child", "resume"),
    "patchbay_chat_1.cancel": ("chat.hpp", "Child", "cancel"),
    "patchbay_tools_1.list": ("tools.hpp", None, "tools_of"),
    "patchbay_tools_1.call": ("tools.hpp", None, "start_tool"),
    "patchbay_history_1.read": ("history.hpp", None, "read_history"),
    "patchbay_approval_1.ask": ("approval.hpp", None, "ask_person"),
    "patchbay_kv_1.get": ("kv.hpp", "Kv", "get"),
    "patchbay_kv_1.put": ("kv.hpp", "Kv", "put"),
    "patchbay_kv_1.remove": ("kv.hpp", "Kv", "remove"),
    "patchbay_kv_1.list": ("kv.hpp", "Kv", "list"),
    "patchbay_worker_1.run": ("worker.hpp", None, "start_work"),
    "patchbay_metrics_1.define": ("metrics.hpp", None, "define_counter"),
    "patchbay_metrics_1.add": ("metrics.hpp", "Counter", "add"),
    "patchbay_metrics_1.set": ("metrics.hpp", "Gauge", "set"),
    "patchbay_plugin.create": ("plugin.hpp", None, "PATCHBAY_PLUGIN"),
    "patchbay_host.get_interface": ("host.hpp", "Host", "find"),
    "patchbay_host.set_error": ("host.hpp", "Host", "fail"),
    "patchbay_provider_1.open": ("provider.hpp", "Provider", "open"),
    "patchbay_provider_1.models": ("provider.hpp", "Provider", "models"),
    "patchbay_provider_1.resume": ("provider.hpp", "Chat", "resume"),
    "patchbay_provider_1.cancel": ("provider.hpp", "Chat", "cancel"),
    "patchbay_auth_1.check": ("auth.hpp", "Auth", "check"),
    "patchbay_auth_1.cancel": ("auth.hpp", "Check", "cancel"),
    "patchbay_verdict_1.complete": ("auth.hpp", "Request", "allow"),
    "patchbay_stream_1.emit": ("stream.hpp", "Output", "emit"),
    "patchbay_stream_1.finish": ("stream.hpp", "Stream", "finish"),
    "patchbay_stream_1.post": ("owner.hpp", "Owner", "post"),
    "patchbay_timer_1.start": ("timer.hpp", None, "start_timer"),
    "patchbay_timer_1.cancel": ("timer.hpp", "Timer", "cancel"),
    "patchbay_http_1.start": ("http.hpp", None, "start_http"),
    "patchbay_http_1.cancel": ("http.hpp", "HttpCall", "cancel"),
    "patchbay_http_handler.head": ("http.hpp", "HttpHandler", "on_head"),
    "patchbay_http_handler.data": ("http.hpp", "HttpHandler", "on_data"),
    "patchbay_http_handler.event": ("http.hpp", "HttpHandler", "on_event"),
    "patchbay_http_handler.done": ("http.hpp", "HttpHandler", "on_done"),
    "patchbay_log_1.enabled": ("log.hpp", "Log", "enabled"),
    "patchbay_log_1.write": ("log.hpp", "Log", "write"),
    "patchbay_secrets_1.resolve": ("secrets.hpp", None, "resolve_secret"),
    "patchbay_secrets_1.find_credential": ("secrets.hpp", None, "find_credential"),
}

# What has no function of the C++ layer for its own, and why.
UNWRAPPED = {
    "a destructor": {"patchbay_plugin.destroy", "patchbay_provider_1.close", "patchbay_agent_1.close",
                     "patchbay_tool_1.close", "patchbay_middleware_1.close", "patchbay_auth_1.close"},
    "made by PATCHBAY_PLUGIN": {"patchbay_plugin.get_interface"},
    "a callback that hands over to a function of the plugin": {
        "patchbay_decided", "patchbay_history_read", "patchbay_kv_done", "patchbay_posted",
        "patchbay_tool_done", "patchbay_job", "patchbay_chat_handler.events",
        "patchbay_chat_handler.done"},
    "a call is cancelled with its owner": {"patchbay_tools_1.cancel"},
}


def comment_before(lines, index):
    """The comment that ends on the line before, as one text."""
    comment = []
    while index > 0 and lines[index - 1].strip().startswith("//"):
        index -= 1
        comment.insert(0, lines[index].strip())
    return " ".join(comment)


def tags_of_wrapper(file, class_name, function):
    """The tags of the nearest comment that has any: the function's, its class's, the file's."""
    lines = (HEADERS / file).read_text().splitlines()
    comments = []
    start = 0
    if class_name:
        start = next(i for i, line in enumerate(lines)
                     if re.match(rf"class {class_name}( final)?( :.*)? \{{", line))
        comments.append(comment_before(lines, start))
    calls = re.compile(rf"(?<![\w.>:]){function}\(")
    at = next((i for i in range(start, len(lines))
               if calls.search(lines[i]) and not lines[i].strip().startswith(("//", "return"))), None)
    if at is None:
        raise AssertionError(f"{file} has no {class_name or ''} {function}")
    while lines[at - 1].strip().startswith(("template", "[[nodiscard]]")):
        at -= 1
    first = next(i for i, line in enumerate(lines) if not line.startswith("//"))
    comments = [comment_before(lines, at), *comments, " ".join(lines[:first])]
    return next((found for found in map(TAG.findall, comments) if found), [])


class ThreadTagsTest(unittest.TestCase):
    def test_every_function_has_exactly_one_tag(self):
        slots = thread_tags.all_slots()

        self.assertGreater(len(slots), 60)
        for slot, (header, tags) in slots.items():
            self.assertEqual(len(tags), 1, f"{header}: {slot} bears {tags or 'no tag'}")

    def test_every_function_pointer_of_the_headers_was_seen(self):
        headers = (HEADERS / "abi").glob("*.h")
        code = " ".join(re.sub(r"/\*.*?\*/", "", header.read_text(), flags=re.S)
                        for header in headers)

        self.assertEqual(len(thread_tags.all_slots()), len(re.findall(r"\(\*\w+\)\(", code)))

    def test_no_tag_is_one_that_there_is_not(self):
        for header in (HEADERS / "abi").glob("*.h"):
            for word in re.findall(r"(?<=\s)\[([a-z]+(?:[ -][a-z]+)?)\](?=[\s.,:;])",
                                   header.read_text()):
                if word not in ("part", "ids"):  # JSON: an array of parts
                    self.assertIn(word, TAGS, header.name)

    def test_the_table_in_the_docs_is_that_of_the_headers(self):
        self.assertEqual(thread_tags.TABLE.read_text(), thread_tags.table(),
                         "run ./dev abi accept")

    def test_every_function_has_its_wrapper_or_a_reason_to_have_none(self):
        unwrapped = set().union(*UNWRAPPED.values())

        self.assertEqual(set(thread_tags.all_slots()), set(WRAPPERS) | unwrapped)
        self.assertEqual(set(WRAPPERS) & unwrapped, set())

    def test_the_cpp_layer_says_the_same(self):
        slots = thread_tags.all_slots()
        for slot, wrapper in WRAPPERS.items():
            with self.subTest(slot):
                self.assertIn(slots[slot][1][0], tags_of_wrapper(*wrapper), wrapper)

    def test_a_missing_and_a_second_tag_are_seen(self):
        with tempfile.TemporaryDirectory() as folder:
            header = pathlib.Path(folder) / "planted.h"
            header.write_text("typedef struct patchbay_planted {\n"
                              "    /* One. [lane] */\n    void (*tagged)(void);\n"
                              "    void (*untagged)(void);\n"
                              "    /* Two. [lane] [worker] */\n    void (*twice)(void);\n"
                              "} patchbay_planted;\n"
                              "typedef void (*patchbay_behind)(void); /* [worker] */\n")

            self.assertEqual(thread_tags.slots_in(header),
                             [("patchbay_planted", "tagged", ["lane"]),
                              ("patchbay_planted", "untagged", []),
                              ("patchbay_planted", "twice", ["lane", "worker"]),
                              (None, "patchbay_behind", ["worker"])])


if __name__ == "__main__":
    unittest.main()
