/*
 * Cuts a JSON answer into the elements of one array while its bytes arrive.
 *
 * Of each element only the members of the selection become json-c's objects; of
 * the document around the array, the members named as its envelope. Everything
 * else is scanned past (and still refused when it is not JSON), so memory does
 * not grow with the page, and json-c sees a tenth of its bytes. UTF-8 is
 * validated in what is kept. A member name with escapes is compared decoded.
 * How the bytes are cut into chunks never changes the result.
 *
 * Dotted paths lead through objects, and through arrays into each of their
 * elements: "languages.edges.size" is that member of every object in the array
 * `edges`. What is kept has the document's shape: an array stays an array, of
 * the same length, and an object an object, perhaps an empty one; where something
 * else stands at a part of a path it is kept as it is. So a forge can see a null
 * or a wrong type. Only on the way to the elements an array is nothing that a
 * path leads through; it is kept as it is, too. Of a document that is itself an
 * array, read without elements, nothing is kept unless the whole is wanted. Of a
 * repeated member the last one counts, but not on that way.
 */
#ifndef FORGEFOLD_FORGE_ELEMENTS_H
#define FORGEFOLD_FORGE_ELEMENTS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"
#include "http/call.h"

struct buffer;
struct json_object;
struct elements;

/*
 * Bytes of JSON text that may be kept of one element, and of the envelope. Each object inside them,
 * and each array that a path descends into, counts ELEMENTS_OBJECT_BYTES more, because json-c takes
 * 800 bytes for the smallest; so both have at most about 12 MiB of memory, however the text was
 * made to swell.
 */
#define ELEMENTS_MAXIMUM_KEPT (256 * 1024)
#define ELEMENTS_OBJECT_BYTES 128

/*
 * Called with each element in order (NULL is JSON null). The object is freed when it returns, and
 * no reference may be kept to any part of it: names in it live no longer than the elements. A
 * failure ends the page: return -1 with `error` set.
 */
typedef int elements_take(void *context, struct json_object *element, struct error *error);

/*
 * `selection` must outlive the elements. Its names are plain ASCII without '"', '\\' and '.', of at
 * most 63 bytes, and none of its envelope's paths may lead to, into, or around the array: all else
 * is a bug. A path of the envelope that is "" is the whole document. `members` NULL keeps each
 * element whole. `take` may be NULL when there is no array.
 */
struct elements *elements_new(const struct selection *selection, elements_take *take, void *context)
    __attribute__((warn_unused_result));

/*
 * Writes what is kept into `record`, an empty buffer that outlives the elements, while it is read:
 * a JSON document of the same shape with nothing else in it. Fed to other elements with the same
 * selection it gives the same elements, envelope and elements_found_array. To be called before the
 * first byte is fed. The record is good once elements_finish has succeeded, unless it overflowed:
 * past the buffer's ceiling nothing more is written, and nothing else changes.
 */
void elements_record(struct elements *elements, struct buffer *record);

/*
 * Feeds the next bytes. -1 with ERROR_SYNTAX (byte offset) when they are not JSON or not UTF-8
 * where kept, ERROR_TOO_LARGE past a ceiling (nesting, bytes kept), ERROR_VALUE when the array, or
 * a member on the way to it, stands in the document twice, or the error of `take`. After a failure
 * only elements_free may follow.
 */
int elements_feed(struct elements *elements, const char *bytes, size_t length, struct error *error);

/*
 * The document has ended. 0: it was whole; `*envelope` is an object with the wanted members that
 * were there (an empty object when none were, or none were wanted), owned by the elements; where
 * the whole document is wanted it is that, whatever its type (JSON null is NULL). -1 as above, also
 * for an empty document.
 */
int elements_finish(struct elements *elements, struct json_object **envelope, struct error *error);

/* Whether an array stood where the selection says. */
bool elements_found_array(const struct elements *elements);

/* Elements handed over so far. */
size_t elements_count(const struct elements *elements);

/* NULL is allowed. */
void elements_free(struct elements *elements);

#endif
