"""/api/openapi.json is true: it names the server's routes, all of them, and what they answer."""

import os
import pathlib
import re
import unittest

from harness import ServerTest, demo_config

ROUTES = pathlib.Path(os.environ.get("PATCHBAY_SOURCE_DIR", pathlib.Path(__file__).parents[2]),
                      "runtime/http/routes.cpp")
NO_ID = "00000000-0000-7000-8000-000000000000"  # of nothing that exists
STREAM = "text/event-stream"


def routes_in_source():
    """(method, path, access) of each line of the server's table."""
    row = re.compile(r'\{"([A-Z]+)", "(/[^"]*)", Access::(\w+),')
    return set(row.findall(ROUTES.read_text()))


def without_arguments(path):
    """A path of nothing that exists."""
    return path.replace("{id}", NO_ID).replace("{name}", "ghost")


class Document:
    def __init__(self, content):
        self.content = content

    def resolved(self, node):
        while "$ref" in node:
            node = self.at(node["$ref"])
        return node

    def at(self, reference):
        node = self.content
        for step in reference.removeprefix("#/").split("/"):
            node = node[step]
        return node

    def operations(self):
        """(method, path, operation), a path's own parameters joined to the operation's."""
        for path, item in self.content["paths"].items():
            for method, operation in item.items():
                if method != "parameters":
                    shared = item.get("parameters", [])
                    joined = shared + operation.get("parameters", [])
                    yield method.upper(), path, {**operation, "parameters": joined}

    def operation(self, method, path):
        return next(found for had, at, found in self.operations() if (had, at) == (method, path))

    def access(self, operation):
        if operation.get("security") == []:
            return "open"
        return "admin" if "admin" in operation["tags"] else "user"

    def mismatch(self, schema, value, where="$"):
        """What of the value the schema forbids, or None. Knows the keywords that we use."""
        if "$ref" in schema:
            problem = self.mismatch(self.at(schema["$ref"]), value, where)
            if problem:
                return problem
        checks = (self._alternatives, self._plain, self._members)
        return next(filter(None, (check(schema, value, where) for check in checks)), None)

    def _alternatives(self, schema, value, where):
        if "oneOf" in schema:
            problems = [self.mismatch(part, value, where) for part in schema["oneOf"]]
            if problems.count(None) != 1:
                return f"{where}: fits {problems.count(None)} of oneOf: {problems}"
        return None

    def _plain(self, schema, value, where):
        kinds = schema.get("type", [])
        kinds = [kinds] if isinstance(kinds, str) else kinds
        if kinds and not any(is_a(kind, value) for kind in kinds):
            return f"{where}: {value!r} is no {kinds}"
        if "const" in schema and value != schema["const"]:
            return f"{where}: {value!r} is not {schema['const']!r}"
        if "enum" in schema and value not in schema["enum"]:
            return f"{where}: {value!r} is none of {schema['enum']}"
        if "pattern" in schema and not re.search(schema["pattern"], value):
            return f"{where}: {value!r} is not like {schema['pattern']}"
        if "minimum" in schema and value < schema["minimum"]:
            return f"{where}: {value!r} is too small"
        return None

    def _members(self, schema, value, where):
        if isinstance(value, list):
            problems = (self.mismatch(schema.get("items", {}), item, f"{where}[{i}]")
                        for i, item in enumerate(value))
            return next(filter(None, problems), None)
        if not isinstance(value, dict):
            return None
        known = schema.get("properties", {})
        if missing := [name for name in schema.get("required", []) if name not in value]:
            return f"{where}: {missing} missing"
        is_open = schema.get("additionalProperties", not known)
        if not is_open and (unknown := [name for name in value if name not in known]):
            return f"{where}: {unknown} not described"
        problems = (self.mismatch(known[name], member, f"{where}.{name}")
                    for name, member in value.items() if name in known)
        return next(filter(None, problems), None)


def is_a(kind, value):
    if kind in ("integer", "number"):
        wanted = int if kind == "integer" else (int, float)
        return isinstance(value, wanted) and not isinstance(value, bool)
    classes = {"object": dict, "array": list, "string": str, "boolean": bool, "null": type(None)}
    return isinstance(value, classes[kind])


def each_reference(node):
    if isinstance(node, dict):
        if isinstance(node.get("$ref"), str):
            yield node["$ref"]
        for member in node.values():
            yield from each_reference(member)
    elif isinstance(node, list):
        for item in node:
            yield from each_reference(item)


class DocumentTest(ServerTest):
    config = demo_config()
    config["plugins"]["spare"] = {"library": "patchbay_provider_demo"}

    def setUp(self):
        super().setUp()
        self.admin = self.server.client()
        self.document = Document(self.admin.get("/api/openapi.json").json())

    def test_its_references_lead_somewhere_and_its_names_are_unique(self):
        for reference in each_reference(self.document.content):
            self.document.at(reference)

        names = [operation["operationId"] for _, _, operation in self.document.operations()]
        self.assertEqual(len(names), len(set(names)))
        self.assertGreater(len(names), 0)

    def test_it_describes_the_routes_of_the_source_and_no_others(self):
        described = {(method, path, self.document.access(operation))
                     for method, path, operation in self.document.operations()}

        self.assertEqual(described, routes_in_source())

    def test_each_parameter_of_a_path_is_described(self):
        for method, path, operation in self.document.operations():
            with self.subTest(method=method, path=path):
                described = [parameter["name"]
                             for parameter in map(self.document.resolved, operation["parameters"])
                             if parameter["in"] == "path"]
                self.assertEqual(described, re.findall(r"\{(\w+)\}", path))

    def test_the_server_has_each_operation(self):
        for method, path, operation in self.document.operations():
            with self.subTest(method=method, path=path):
                answer = self.admin.request(method, without_arguments(path))

                self.assertNotEqual(answer.status, 405)
                self.assertNotIn(b"No such resource.", answer.body)
                self.check(answer, operation)

    def test_other_methods_of_a_path_are_refused_and_the_described_ones_named(self):
        for path, item in self.document.content["paths"].items():
            with self.subTest(path=path):
                answer = self.admin.request("PUT", without_arguments(path))

                self.assertEqual(answer.status, 405)
                allowed = set(answer.headers["allow"].split(", ")) - {"HEAD", "OPTIONS"}
                self.assertEqual(allowed, {method.upper() for method in item} - {"PARAMETERS"})

    def test_credentials_are_asked_for_where_it_says_so(self):
        nobody = self.server.client()
        nobody.key = None
        for method, path, operation in self.document.operations():
            with self.subTest(method=method, path=path):
                answer = nobody.request(method, without_arguments(path))
                as_user = self.client.request(method, without_arguments(path))

                access = self.document.access(operation)
                self.assertEqual(answer.status == 401, access != "open")
                self.assertEqual(as_user.status == 403, access == "admin")
                self.check(answer, operation)

    # ---- what is answered ----

    def check(self, answer, operation):
        """The answer is one that the operation describes, with its headers."""
        responses = operation["responses"]
        key = str(answer.status) if str(answer.status) in responses else "default"
        self.assertIn(key, responses, answer.status)
        response = self.document.resolved(responses[key])
        for name in response["headers"]:
            if name != "X-Run-Id":  # a stream of a whole interaction has none
                self.assertIn(name.lower(), answer.headers)
        if "content" not in response:
            return self.assertEqual(answer.body, b"")
        kind = answer.headers["content-type"].split(";")[0]
        self.assertIn(kind, response["content"])
        if kind != STREAM:
            value = answer.json() if kind == "application/json" else answer.body.decode()
            self.fits(response["content"][kind]["schema"], value)

    def fits(self, schema, value):
        problem = self.document.mismatch(schema, value)
        self.assertIsNone(problem, f"{problem} in {value}")

    def call(self, method, path, body=None, client=None, **ids):
        """Calls an operation; the request and the answer fit its description."""
        operation = self.document.operation(method, path)
        if body is not None:
            content = self.document.resolved(operation["requestBody"])["content"]
            self.fits(content["application/json"]["schema"], body)
        path = path.format(**ids) if "{" in path else path
        answer = (client or self.client).request(method, path, body)
        self.assertLess(answer.status, 300, answer.body)
        self.check(answer, operation)
        return answer

    def check_events(self, stream, method, path):
        response = self.document.operation(method, path)["responses"]["200"]
        schema = self.document.resolved(response)["content"][STREAM]["x-events"]
        events = stream.rest()
        self.assertEqual(stream.status, 200)
        for event in events:
            self.fits(schema, event.data)
        return events

    def test_conversations_are_answered_as_described(self):
        made = self.call("POST", "/api/interactions", {"title": "mine", "metadata": {"a": 1}})
        id = made.json()["id"]
        self.call("POST", "/api/interactions/{id}/runs",
                  {"content": [{"type": "text", "text": "hi"}], "background": True}, id=id)
        self.client.run(id, "and then?").rest()

        self.call("GET", "/api/interactions")
        self.call("GET", "/api/interactions/{id}", id=id)
        self.call("PATCH", "/api/interactions/{id}", {"title": "ours"}, id=id)
        messages = self.call("GET", "/api/interactions/{id}/messages", id=id).json()["items"]
        self.call("GET", "/api/runs/{id}", id=messages[0]["run_id"])
        self.call("POST", "/api/runs/{id}/cancel", id=messages[0]["run_id"])
        self.call("DELETE", "/api/interactions/{id}", id=id)
        self.assertEqual(len(messages), 4)

    def test_events_are_as_described(self):
        talk = "/api/stream/stream-conversation"
        simple = "/api/stream/stream-simple"
        log = "/api/interactions/{id}/events"
        first = self.check_events(self.client.converse("hello"), "POST", talk)
        id = first[0].data["interaction_id"]

        self.check_events(self.client.stream("GET", simple + "?message=hi"), "GET", simple)
        for query in ("after=0", "snapshot=1"):
            stream = self.client.stream("GET", f"{log.format(id=id)}?{query}")
            self.check_events(stream, "GET", log)
        self.check_events(self.client.run(id, "and then?"), "POST", "/api/interactions/{id}/runs")

    def test_admins_are_answered_as_described(self):
        made = self.call("POST", "/api/admin/keys", {"role": "user", "name": "bob"}, self.admin)
        long = {"options": {"words": 100000}, "background": True}
        self.client.run(self.client.interaction(), "hello", **long)

        self.call("GET", "/api/admin/keys", client=self.admin)
        self.call("DELETE", "/api/admin/keys/{id}", client=self.admin, id=made.json()["id"])
        self.call_plugins()
        streams = self.call("GET", "/api/admin/streams", client=self.admin).json()["items"]
        self.call("POST", "/api/admin/backup", {"path": str(self.server.folder / "copy.db")},
                  self.admin)
        self.call("GET", "/api/metrics", client=self.admin)
        self.assertEqual(len(streams), 1)
        self.call("POST", "/api/runs/{id}/cancel", id=streams[0]["run_id"])

    def call_plugins(self):
        path = "/api/admin/plugins/{name}"
        patch = {"config": {"words": 30}, "persist": True}
        self.call("GET", "/api/admin/plugins", client=self.admin)
        self.call("PATCH", path, patch, self.admin, name="demo")
        for switch in ("disable", "enable"):
            self.call("POST", f"{path}/{switch}", {"persist": False}, self.admin, name="spare")
        shown = self.call("GET", path, client=self.admin, name="demo").json()
        self.assertEqual(shown["settings"]["config"]["words"], {"value": 30, "origin": "overrides"})
        self.call("DELETE", f"{path}/overrides", client=self.admin, name="demo")

    def test_the_open_routes_answer_as_described(self):
        for method, path, access in sorted(routes_in_source()):
            if access == "open":
                with self.subTest(path=path):
                    self.call(method, path)


if __name__ == "__main__":
    unittest.main()
