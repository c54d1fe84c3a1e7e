/*
 * How languages are spelled.
 */
#ifndef FORGEFOLD_PROFILE_LANGUAGE_H
#define FORGEFOLD_PROFILE_LANGUAGE_H

/*
 * The names that are known, as GitHub's Linguist spells them; sorted ignoring ASCII case,
 * NULL-terminated.
 */
extern const char *const language_names[];

/*
 * The usual spelling (that of GitHub's Linguist) of a language name given in any case, such as
 * "JavaScript" for "javascript", or NULL for a name that the table does not have. Static.
 */
const char *language_canonical(const char *name);

#endif
