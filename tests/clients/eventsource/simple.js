// node simple.js URL KEY MESSAGE SECONDS [CUT_BYTES]: an EventSource on stream-simple that nobody
// closes. SECONDS after `complete` it prints what came and what it asked for, as JSON. With
// CUT_BYTES, its first answer breaks off after so many bytes.
"use strict";

const { EventSource } = require("eventsource");

const [url, key, message, seconds, cutBytes] = process.argv.slice(2);
const requests = [];

// The response, with a body that fails after `limit` bytes.
function broken(response, limit) {
  let left = limit;
  const cut = new TransformStream({
    transform(bytes, controller) {
      controller.enqueue(bytes.subarray(0, left));
      left -= bytes.length;
      if (left <= 0) controller.error(new Error("the connection broke"));
    },
  });
  return new Response(response.body.pipeThrough(cut), response);
}

async function ask(target, init) {
  const headers = { ...init.headers, "X-API-Key": key };
  const response = await fetch(target, { ...init, headers });
  requests.push({ status: response.status, last_event_id: headers["Last-Event-ID"] ?? null });
  return cutBytes && requests.length === 1 ? broken(response, Number(cutBytes)) : response;
}

const query = new URLSearchParams({ message });
const source = new EventSource(`${url}/api/stream/stream-simple?${query}`, { fetch: ask });
const events = [];

source.onmessage = (event) => {
  events.push({ id: event.lastEventId, ...JSON.parse(event.data) });
  if (events.at(-1).type === "complete") setTimeout(report, Number(seconds) * 1000);
};

function report() {
  console.log(JSON.stringify({ events, requests, closed: source.readyState === source.CLOSED }));
  process.exit(0);
}
