// Stands for React Native's package: npm's EventSource, with a fetch that sends what is asked.
"use strict";

const { EventSource } = require("eventsource");

class EventSourcePolyfill extends EventSource {
  constructor(url, { method, headers, body }) {
    super(url, {
      fetch: (target, init) =>
        fetch(target, { ...init, method, body, headers: { ...init.headers, ...headers } }),
    });
  }
}

module.exports = { EventSourcePolyfill };
