/*
 * Validates GraphQL requests against GitHub's published schema, by the reference implementation.
 *
 *     node validate_queries.cjs NODE_MODULES
 *
 * Standard input: a JSON array of {"query", "variables"}. Standard output: for each an array of
 * what is wrong with it, in sentences.
 */
"use strict";

const fs = require("fs");
const path = require("path");
const { createRequire } = require("module");

const folder = path.resolve(process.argv[2]);
const graphql = createRequire(path.join(folder, "from-here.js"))("graphql");
const published = path.join(folder, "@octokit/graphql-schema/schema.json");
const schema = graphql.buildClientSchema(JSON.parse(fs.readFileSync(published, "utf8")));
const rules = [...graphql.specifiedRules, graphql.NoDeprecatedCustomRule];

function faults(request) {
    let parsed;
    try {
        parsed = graphql.parse(request.query);
    } catch (error) {
        return [String(error.message)];
    }
    const found = graphql.validate(schema, parsed, rules);
    for (const one of parsed.definitions) {
        if (one.kind === "OperationDefinition" && found.length === 0) {
            const values = graphql.getVariableValues(
                schema, one.variableDefinitions || [], request.variables || {});
            found.push(...(values.errors || []));
            found.push(...unknownVariables(one, request.variables || {}));
        }
    }
    return found.map((error) => String(error.message));
}

/* A server ignores them; whoever sends one has misspelled it. */
function unknownVariables(operation, given) {
    const declared = operation.variableDefinitions || [];
    const known = new Set(declared.map((one) => one.variable.name.value));
    return Object.keys(given).filter((name) => !known.has(name))
        .map((name) => new Error(`there is no variable $${name}`));
}

const requests = JSON.parse(fs.readFileSync(0, "utf8"));
process.stdout.write(JSON.stringify(requests.map(faults)));
