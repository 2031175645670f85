"""An upstream whose model calls tools as the user's message says, and answers when it has their
results.

The message is JSON: {"rounds": [[{"name", "arguments"}, …], …], "thoughts": count?, "say": text?,
"same_ids"?: true}:
the calls of each round, after so many thoughts with a word after each, then the answer, which
ends with what the last results were. Any other message is answered with "no tools".
"""

import json

from fake_upstream import DONE, chunk, usage


def texts_of(message):
    content = message.get("content") or ""
    return content if isinstance(content, str) else "".join(part.get("text", "") for part in content)


def plan_of(messages):
    asked = max(i for i, message in enumerate(messages) if message["role"] == "user")
    try:
        plan = json.loads(texts_of(messages[asked]))
    except ValueError:
        plan = {"rounds": []}
    done = sum(message["role"] == "assistant" and "tool_calls" in message
               for message in messages[asked:])
    return plan, done


def model_with_tools(before_answer=None):
    """`before_answer(connection)`: called in the middle of the answer's text."""

    def answer(connection):
        messages = connection.body["messages"]
        plan, done = plan_of(messages)
        connection.begin()
        if done < len(plan["rounds"]):
            connection.piece(chunk("Let me look. "))
            for number in range(plan.get("thoughts", 0)):
                connection.piece(chunk(reasoning_content=f"{number} ") + chunk("Hm. "))
            for index, call in enumerate(plan["rounds"][done]):
                connection.piece(chunk(tool_calls=[{
                    "index": index, "id": f"call_{0 if plan.get('same_ids') else done}_{index}",
                    "function": {"name": call["name"],
                                 "arguments": json.dumps(call["arguments"])}}]))
            connection.piece(chunk(finish_reason="tool_calls"))
        else:
            connection.piece(chunk(plan.get("say", "no tools") + " "))
            if before_answer:
                before_answer(connection)
            results = [texts_of(m) for m in messages if m["role"] == "tool"]
            connection.piece(chunk("results: " + " | ".join(results)))
            connection.piece(chunk(finish_reason="stop"))
        connection.piece(usage(10, 5))
        connection.piece(DONE)
        connection.finish()

    return answer


def wants(*rounds, **more):
    """The message for rounds of calls, each a list of (name, arguments)."""
    return json.dumps({"rounds": [[{"name": name, "arguments": arguments} for name, arguments in one]
                                  for one in rounds], **more})
