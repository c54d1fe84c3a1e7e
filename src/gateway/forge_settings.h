/*
 * From settings to what each forge needs to know: where it is, and as whom to call it.
 */
#ifndef FORGEFOLD_GATEWAY_FORGE_SETTINGS_H
#define FORGEFOLD_GATEWAY_FORGE_SETTINGS_H

#include "base/error.h"
#include "base/settings.h"
#include "forge/forge.h"

/*
 * Builds an array parallel to forges[] from NAME_BASE_URL (a "/" is added at its end),
 * NAME_AUTH_ENABLED, NAME_AUTH_TOKEN, NAME_AUTH_TOKEN_FILE, NAME_AUTH_USER (of forges that have
 * it), and MAX_REPOSITORIES, where NAME is the forge's name in capitals. With a user the credential
 * is Basic (RFC 7617), without Bearer (RFC 6750). End with forge_settings_free. ERROR_VALUE for a
 * credential that is enabled but not given, or half given; as settings_secret for the token.
 */
int forge_settings_load(struct forge_settings **into, const struct settings *settings,
                        struct error *error) __attribute__((warn_unused_result));

/* Overwrites the credentials, and frees. NULL is allowed. */
void forge_settings_free(struct forge_settings *array);

#endif
