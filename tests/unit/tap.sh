#!/bin/sh
# Runs a unit test. cmocka 1.1 says "not ok" of what it skips, which TAP takes for a failure.
output=$("$@")
status=$?
printf '%s\n' "$output" | sed 's/^not ok \([0-9]*.*# SKIP\)/ok \1/'
exit "$status"
