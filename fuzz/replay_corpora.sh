#!/bin/sh
# Gives every fuzz target its corpus once; prints TAP.
targets="bitbucket bundle elements github_graphql github_rest link query repository_list"
targets="$targets snapshot_bytes"
number=0
# shellcheck disable=SC2086 # a list of words
set -- $targets
echo "1..$#"
for target in "$@"; do
    number=$((number + 1))
    program=$top_builddir/fuzz/fuzz_$target
    if [ ! -x "$program" ]; then
        echo "not ok $number - $program is not there"
    elif output=$("$program" "$top_srcdir/fuzz/corpus/$target" 2>&1); then
        echo "ok $number - the corpus of $target"
    else
        printf '%s\n' "$output" | sed 's/^/# /'
        echo "not ok $number - the corpus of $target"
    fi
done
