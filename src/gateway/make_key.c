#include "config.h"

#include "gateway/make_key.h"

#include <errno.h>
#include <string.h>
#include <sys/random.h>

#include "api/key_list.h"

#define LINE_MAXIMUM 256

/* RFC 4648 section 5, without padding: three bytes are four digits, the two at the end three. */
static void encode(char text[KEY_LENGTH + 1], const unsigned char bytes[KEY_BYTES])
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    for (size_t i = 0; i < KEY_LENGTH; i++) {
        const size_t bit = i * 6;
        const unsigned next = bit / 8 + 1 < KEY_BYTES ? bytes[bit / 8 + 1] : 0;
        const unsigned pair = (unsigned)bytes[bit / 8] << 8 | next;
        text[i] = digits[pair >> (10 - bit % 8) & 63];
    }
    text[KEY_LENGTH] = '\0';
}

static int write_key(FILE *out, const char *name, const char *key, const char *line,
                     struct error *error)
{
    fprintf(out,
            "The key of %s, which is not told again:\n\n    %s\n\n"
            "The line for the file that API_KEYS_FILE names:\n\n%s",
            name, key, line);
    if (fflush(out) != 0 || ferror(out))
        return error_set(error, ERROR_SYSTEM, "the key could not be written; it is lost");
    return 0;
}

int make_key(const char *name, FILE *out, struct error *error)
{
    unsigned char bytes[KEY_BYTES];
    char key[KEY_LENGTH + 1];
    struct buffer line = BUFFER_INIT(LINE_MAXIMUM);
    if (!key_name_is_good(name, strlen(name)))
        return error_set(error, ERROR_VALUE,
                         "a key's name is 1 to %d letters, digits, dots, hyphens and underscores",
                         KEY_NAME_MAXIMUM);
    struct key_digester *digester = key_digester_open(error);
    if (digester == NULL)
        return -1;
    int result = -1;
    if (getrandom(bytes, sizeof bytes, 0) != (ssize_t)sizeof bytes) {
        error_set(error, ERROR_SYSTEM, "there are no random bytes: %s", strerror(errno));
        goto out;
    }
    encode(key, bytes);
    const struct key_digest digest = key_digest_of(digester, key, KEY_LENGTH);
    key_line_write(&line, name, &digest);
    result = write_key(out, name, key, buffer_text(&line), error);
    explicit_bzero(bytes, sizeof bytes);
    explicit_bzero(key, sizeof key);
out:
    buffer_release(&line);
    key_digester_free(digester);
    return result;
}
