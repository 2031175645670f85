"""What a request's JSON may hold, and the native routes that it goes to."""

import unittest

from harness import ServerTest, demo_config

NATIVE = "/api/interactions"
CONVERSATION = "/api/stream/stream-conversation"


class JsonTest(ServerTest):
    config = demo_config(demo={"words": 3})

    def setUp(self):
        super().setUp()
        self.interaction = self.client.interaction()
        self.runs = f"{NATIVE}/{self.interaction}/runs"

    def assert_bad(self, answer, part, code="bad_request"):
        self.assertEqual(answer.status, 400, answer.body)
        self.assertEqual(answer.json()["code"], code)
        self.assertIn(part, answer.json()["error"])

    def test_null_for_an_optional_field_means_absent(self):
        conversation = self.client.converse("hello", interaction_id=None, media_files=None,
                                            max_tokens=None, model=None, agent=None)
        native = self.client.run(self.interaction, "hello", content=None, agent=None, model=None,
                                 options=None, max_tokens=None, on_conflict=None,
                                 on_disconnect=None, on_crash=None, background=None)
        made = self.client.post(NATIVE, {"title": None, "agent": None, "model": None,
                                         "metadata": None})

        self.assertEqual(conversation.rest()[-1].data["type"], "complete")
        self.assertEqual(native.rest()[-1].name, "run.completed")
        self.assertEqual(made.status, 201)

    def test_null_for_a_required_field_is_400(self):
        self.assert_bad(self.client.request("POST", CONVERSATION, {"message": None}), "message")
        self.assert_bad(self.client.post(self.runs, {"message": None}), "content")

    def test_a_wrong_type_is_400_and_the_field_is_named(self):
        for field, value in (("message", 1), ("max_tokens", "5"), ("max_tokens", 0),
                             ("max_tokens", -1), ("max_tokens", 1.5), ("options", []),
                             ("on_conflict", 1), ("on_disconnect", "maybe"), ("on_crash", {}),
                             ("background", "yes"), ("agent", 7), ("model", [])):
            with self.subTest(f"{field}={value}"):
                body = {"message": "hello", field: value}

                answer = self.client.post(self.runs, body)

                self.assert_bad(answer, field)
        self.assertEqual(self.client.messages(self.interaction), [])

    def test_wrong_types_on_the_conversation_are_400_as_well(self):
        for field, value in (("message", 1), ("message", ""), ("interaction_id", 5),
                             ("media_files", {}), ("media_files", ["x"]), ("max_tokens", "5"),
                             ("model", 1)):
            with self.subTest(f"{field}={value}"):
                body = {"message": "hello", field: value}

                self.assert_bad(self.client.request("POST", CONVERSATION, body), field)

    def test_wrong_policies_in_headers_are_400_and_named(self):
        for name in ("X-Patchbay-On-Conflict", "X-Patchbay-On-Disconnect", "X-Patchbay-On-Crash",
                     "If-Match"):
            with self.subTest(name):
                answer = self.client.request("POST", CONVERSATION, {"message": "hello"},
                                             {name: "perhaps"})
                self.assert_bad(answer, name)

    def test_unknown_fields_are_refused_on_native_routes(self):
        for method, path, body in (("POST", NATIVE, {"titel": "x"}),
                                   ("PATCH", f"{NATIVE}/{self.interaction}", {"titel": "x"}),
                                   ("POST", self.runs, {"message": "x", "titel": "x"})):
            with self.subTest(path):
                self.assert_bad(self.client.request(method, path, body), "titel")

    def test_unknown_fields_are_ignored_on_the_conversation(self):
        events = self.client.converse("hello", colour="red", nested={"a": [1]}).rest()

        self.assertEqual(events[-1].data["type"], "complete")

    def test_what_is_no_json_object_is_400(self):
        for body in (b"", b"{", b"[]", b'"text"', b"null", b"{}}", b'{"message": "a" "b"}',
                     b"\xef\xbb\xbfx", b'{"message": NaN}'):
            for path in (CONVERSATION, self.runs):
                with self.subTest(f"{path} {body}"):
                    self.assertEqual(self.client.request("POST", path, body).status, 400)

    def test_json_of_depth_64_is_read_and_of_depth_65_is_400(self):
        def nested(depth):  # with the object around it
            return b'{"message":"hello","x":' + b"[" * (depth - 1) + b"]" * (depth - 1) + b"}"

        self.assertEqual(self.client.stream("POST", CONVERSATION, nested(64)).status, 200)
        self.assert_bad(self.client.request("POST", CONVERSATION, nested(65)), "deep")
        self.assert_bad(self.client.request("POST", CONVERSATION, nested(100000)), "deep")

    def test_invalid_utf8_is_400(self):
        for bad in (b"\xff", b"\xc3", b"\xed\xa0\x80", b"\xf5\x80\x80\x80"):
            with self.subTest(bad):
                answer = self.client.request("POST", CONVERSATION,
                                             b'{"message": "' + bad + b'"}')
                self.assert_bad(answer, "UTF-8")

    def test_invalid_utf8_in_a_query_is_400(self):
        self.assert_bad(self.client.get("/api/stream/stream-simple?message=%ff"), "message")

    def test_a_message_is_required(self):
        self.assert_bad(self.client.request("POST", CONVERSATION, {}), "message")
        self.assert_bad(self.client.get("/api/stream/stream-simple"), "message")
        self.assert_bad(self.client.post(self.runs, {}), "content")
        self.assert_bad(self.client.post(self.runs, {"message": "a", "content": "b"}), "content")

    def test_another_content_type_than_json_is_415(self):
        answer = self.client.request("POST", CONVERSATION, b"<message>hello</message>",
                                     {"Content-Type": "application/xml"})

        self.assertEqual(answer.status, 415)
        self.assertEqual(answer.json()["code"], "unsupported_media_type")

    def test_an_unknown_model_is_400(self):
        self.assert_bad(self.client.post(self.runs, {"message": "hello", "model": "nobody"}), "",
                        "model_not_found")

    def test_an_unknown_agent_is_400_and_named(self):
        self.assert_bad(self.client.post(self.runs, {"message": "hello", "agent": "nobody"}),
                        "agent")

    def test_content_may_be_parts(self):
        parts = [{"type": "text", "text": "what is this?"},
                 {"type": "image", "url": "https://example.com/cat.png"}]

        events = self.client.stream("POST", self.runs, {"content": parts}).rest()

        self.assertEqual(events[0].data["content"], parts)

    def test_parts_that_make_no_sense_are_400_and_named(self):
        for part in ({}, {"type": "text"}, {"type": "image"}, {"type": "image", "url": "file:///x"},
                     {"type": "tool_call", "id": "1", "name": "x", "arguments": {}}, "text"):
            with self.subTest(part):
                self.assert_bad(self.client.post(self.runs, {"content": [part]}), "content[0]")

    def test_media_by_url_become_image_parts(self):
        stream = self.client.converse("look", media_files=[
            {"id": "m1", "url": "https://example.com/cat.png"}])
        stream.rest()

        content = self.client.messages(stream.headers["x-interaction-id"])[0]["content"]
        self.assertEqual(content[1], {"type": "image", "url": "https://example.com/cat.png"})

    def test_media_by_id_alone_are_not_available(self):
        answer = self.client.request("POST", CONVERSATION, {
            "message": "look", "media_files": [{"id": "m1"}]})

        self.assert_bad(answer, "media", "media_not_available")

    def test_max_tokens_cut_the_answer(self):
        events = self.client.run(self.interaction, "hello", max_tokens=2).rest()

        final = next(event for event in events if event.name == "message.completed").data
        self.assertEqual(final["finish_reason"], "length")


class InteractionTest(ServerTest):
    config = demo_config(demo={"words": 3})

    def pages(self, path, limit):
        pages, page = [], ""
        while page is not None:
            answer = self.client.get(f"{path}?limit={limit}" + (f"&page={page}" if page else ""))
            self.assertEqual(answer.status, 200, answer.body)
            pages.append(answer.json()["items"])
            page = answer.json()["next"]
        return pages

    def test_an_interaction_is_made_read_and_changed(self):
        made = self.client.post(NATIVE, {"title": "Mine", "model": "demo",
                                         "metadata": {"colour": "red", "n": [1, 2]}})
        path = made.headers["location"]
        changed = self.client.request("PATCH", path, {"title": "Yours"})

        read = self.client.get(path).json()

        self.assertEqual(made.status, 201)
        self.assertEqual(made.headers["etag"], '"0"')
        self.assertEqual(changed.status, 200)
        self.assertEqual(read["title"], "Yours")
        self.assertEqual(read["metadata"], {"colour": "red", "n": [1, 2]})
        self.assertEqual(read["last_seq"], 0)

    def test_an_empty_patch_changes_nothing(self):
        path = f"{NATIVE}/{self.client.interaction(title='Mine')}"

        answer = self.client.request("PATCH", path, {})

        self.assertEqual(answer.json()["title"], "Mine")

    def test_a_patch_is_seen_while_a_run_is_going(self):
        interaction = self.client.interaction(title="before")
        stream = self.client.run(interaction, "hello", options={"words": 300})
        stream.until(lambda event: event.name == "delta")

        self.client.request("PATCH", f"{NATIVE}/{interaction}", {"title": "after"})
        stream.rest()

        self.assertEqual(self.client.get(f"{NATIVE}/{interaction}").json()["title"], "after")

    def test_interactions_are_listed_in_pages_each_once(self):
        made = [self.client.interaction(title=f"number {n}") for n in range(25)]

        pages = self.pages(NATIVE, 10)

        self.assertEqual([len(page) for page in pages], [10, 10, 5])
        ids = [item["id"] for page in pages for item in page]
        self.assertEqual(sorted(ids), sorted(made))
        self.assertEqual(len(set(ids)), 25)

    def test_messages_are_listed_in_pages_in_the_order_of_turns(self):
        interaction = self.client.interaction()
        for n in range(4):
            self.client.run(interaction, f"question {n}").rest()

        pages = self.pages(f"{NATIVE}/{interaction}/messages", 3)

        self.assertEqual([len(page) for page in pages], [3, 3, 2])
        messages = [message for page in pages for message in page]
        self.assertEqual([m["turn"] for m in messages], [1, 1, 2, 2, 3, 3, 4, 4])
        self.assertEqual([m["role"] for m in messages], ["user", "assistant"] * 4)

    def test_limits_and_pages_out_of_range_are_400(self):
        for query in ("limit=201", "limit=-1", "limit=x", "limit=", "page=nonsense"):
            with self.subTest(query):
                self.assertEqual(self.client.get(f"{NATIVE}?{query}").status, 400)

    def test_a_deleted_interaction_is_gone_for_good(self):
        stream = self.client.converse("hello")
        stream.rest()
        path = f"{NATIVE}/{stream.headers['x-interaction-id']}"

        first = self.client.request("DELETE", path)
        second = self.client.request("DELETE", path)

        self.assertEqual((first.status, second.status), (204, 404))
        for gone in (path, path + "/messages", path + "/events",
                     f"/api/runs/{stream.headers['x-run-id']}"):
            self.assertEqual(self.client.get(gone).status, 404, gone)
        self.assertEqual(self.client.get(NATIVE).json()["items"], [])

    def test_waiting_for_a_run_is_bounded(self):
        interaction = self.client.interaction()
        run = self.client.post(f"{NATIVE}/{interaction}/runs", {
            "message": "hello", "background": True,
            "options": {"first_token_ms": 600000}}).json()["run_id"]

        for wait, status in (("50", 200), ("60001", 400), ("-1", 400), ("x", 400)):
            self.assertEqual(self.client.get(f"/api/runs/{run}?wait_ms={wait}").status, status)
        self.client.post(f"/api/runs/{run}/cancel")


if __name__ == "__main__":
    unittest.main()
