// node converse.js URL KEY MESSAGE [INTERACTION]: asks through an EventSource that posts, and prints
// what came, as JSON.
"use strict";

const { EventSource } = require("eventsource");

const [url, key, message, interaction] = process.argv.slice(2);

const source = new EventSource(`${url}/api/stream/stream-conversation`, {
  fetch: (target, init) =>
    fetch(target, {
      ...init,
      method: "POST",
      headers: { ...init.headers, "X-API-Key": key, "Content-Type": "application/json" },
      body: JSON.stringify({ message, interaction_id: interaction ?? null }),
    }),
});

const events = [];

function end(found) {
  source.close();
  console.log(JSON.stringify(found));
}

source.onmessage = (event) => {
  events.push(JSON.parse(event.data));
  if (["complete", "error"].includes(events.at(-1).type)) end({ status: 200, events });
};
source.onerror = (error) => end({ status: error.code, error: error.message });
