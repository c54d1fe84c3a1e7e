/* Starts the viewer with the API document of the program that serves this page. */
"use strict";

/* Every path has OPTIONS, and HEAD where it has GET: the list is easier to read without them. */
const NOT_LISTED = ["head", "options"];

/* The console fills in examples and defaults and would send them: more than is meant to be asked. */
const FILLED_IN = ["username"];

function withoutValues(parameter) {
    if (FILLED_IN.includes(parameter.name)) {
        return parameter;
    }
    const { example, examples, schema, ...others } = parameter;
    const { default: value, ...unfilled } = schema;
    return { ...others, schema: unfilled };
}

function mapped(object, change) {
    return Object.fromEntries(
        Object.entries(object).map(([name, value]) => [name, change(value)]));
}

function listed(item) {
    return Object.fromEntries(
        Object.entries(item).filter(([method]) => !NOT_LISTED.includes(method)));
}

function shown(document) {
    const parameters = mapped(document.components.parameters, withoutValues);
    return {
        ...document,
        paths: mapped(document.paths, listed),
        components: { ...document.components, parameters },
    };
}

function changeDocument() {
    const updateJsonSpec = (original) => (document) => original(shown(document));
    return { statePlugins: { spec: { wrapActions: { updateJsonSpec } } } };
}

window.addEventListener("DOMContentLoaded", () => {
    window.SwaggerUIBundle({
        url: new URL("../api/v1/openapi.json", document.baseURI).href,
        dom_id: "#viewer",
        plugins: [changeDocument],
        deepLinking: true,
        defaultModelsExpandDepth: 0,
        displayRequestDuration: true,
        tryItOutEnabled: true,
        validatorUrl: null,
        queryConfigEnabled: false,
    });
});
