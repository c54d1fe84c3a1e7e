/*
 * Holds an OpenAPI document against the specification and the rules of Redocly.
 *
 *     node lint_document.cjs NODE_MODULES DOCUMENT
 *
 * Standard output: a JSON array of {"severity", "rule", "message", "pointer"}.
 */
"use strict";

const path = require("path");
const { createRequire } = require("module");

const folder = path.resolve(process.argv[2]);
const redocly = createRequire(path.join(folder, "from-here.js"))("@redocly/openapi-core");

async function main() {
    const config = await redocly.createConfig({ extends: ["recommended"] });
    const problems = await redocly.lint({ ref: path.resolve(process.argv[3]), config });
    process.stdout.write(JSON.stringify(problems.map((problem) => ({
        severity: problem.severity,
        rule: problem.ruleId,
        message: problem.message,
        pointer: problem.location.map((one) => one.pointer).join(" "),
    }))));
}

main();
