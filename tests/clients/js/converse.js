// node converse.js URL KEY MESSAGE [INTERACTION]: asks by fetch and prints what came, as JSON.
//
// It takes each read for whole events in whole characters, as simple clients do: it fails when an
// event arrives in two reads.
"use strict";

const [url, key, message, interaction] = process.argv.slice(2);

async function converse() {
  const response = await fetch(`${url}/api/stream/stream-conversation`, {
    method: "POST",
    headers: { "X-API-Key": key, "Content-Type": "application/json" },
    body: JSON.stringify({ message, interaction_id: interaction ?? null }),
  });
  if (!response.ok) return { status: response.status, error: (await response.json()).error };

  const events = [];
  const reader = response.body.getReader();
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return { status: response.status, events };
    for (const line of new TextDecoder().decode(value).split("\n")) {
      if (line.startsWith("data: ")) events.push(JSON.parse(line.slice("data: ".length)));
    }
  }
}

converse().then((found) => console.log(JSON.stringify(found)));
