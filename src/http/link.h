/*
 * The Link header field (RFC 8288 section 3), as far as paging needs it.
 */
#ifndef FORGEFOLD_HTTP_LINK_H
#define FORGEFOLD_HTTP_LINK_H

/*
 * The target of the first link of `field` (a whole field value, several links separated by commas)
 * whose `rel` parameter has `relation` among its space-separated types, ignoring case; free() it.
 * NULL when there is none. Quoted parameters, other parameters, and any order are understood; what
 * does not parse ends the search. Links with an `anchor` speak of another resource than the answer
 * they came with and are passed over (section 3.2). The target is as sent: see url_resolve.
 */
char *link_target(const char *field, const char *relation);

#endif
