/*
 * How the failure of an account is told: the fixed members of a problem object (RFC 9457
 * section 3.1).
 */
#ifndef FORGEFOLD_PROFILE_PROBLEM_H
#define FORGEFOLD_PROFILE_PROBLEM_H

#include "profile/reason.h"

/* The stable `type`, a reference such as "/docs/problems#rate-limited". BUG for a settled status.
 */
const char *problem_type(enum account_status status);

/* The `title`, the same for every problem of the type. BUG for a settled status. */
const char *problem_title(enum account_status status);

#endif
