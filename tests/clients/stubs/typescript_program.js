// Runs a TypeScript file: node typescript_program.js FILE [arguments]. Types are only taken away.
"use strict";

const fs = require("node:fs");
const { transpile, ModuleKind, ScriptTarget } = require("typescript");

const source = fs.readFileSync(process.argv[2], "utf8");
const options = { module: ModuleKind.CommonJS, target: ScriptTarget.ES2022 };
new Function("require", "exports", transpile(source, options))(require, {});
