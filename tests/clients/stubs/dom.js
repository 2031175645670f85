// As much of a document as a chat page needs. What it shows at the end is the last line of output:
// "SHOWN [text of each message]".
"use strict";

const fs = require("node:fs");

const messages = [];
const container = {
  get lastElementChild() {
    return messages.at(-1) ?? null;
  },
  appendChild(message) {
    messages.push(message);
  },
};

function element() {
  const made = { className: "", textContent: "" };
  made.classList = { contains: (name) => made.className.split(" ").includes(name) };
  return made;
}

globalThis.document = {
  getElementById: (id) => (id === "chat-container" ? container : null),
  createElement: element,
};

process.on("exit", () => {
  const shown = messages.map((message) => message.textContent);
  fs.writeSync(1, `\nSHOWN ${JSON.stringify(shown)}\n`);
});
