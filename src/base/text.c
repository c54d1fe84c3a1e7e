#include "config.h"

#include "base/text.h"

#include <string.h>

#include "base/alloc.h"

char *text_lower_copy(const char *text)
{
    char *copy = alloc_text(text);
    for (char *byte = copy; *byte != '\0'; byte++)
        *byte = text_lower(*byte);
    return copy;
}

int text_compare_ignoring_case(const char *one, const char *other)
{
    while (*one != '\0' && text_lower(*one) == text_lower(*other)) {
        one++;
        other++;
    }
    return (int)(unsigned char)text_lower(*one) - (int)(unsigned char)text_lower(*other);
}

bool text_equal_ignoring_case(const char *one, const char *other)
{
    return text_compare_ignoring_case(one, other) == 0;
}

int64_t text_number(const char *bytes, size_t length, int64_t maximum)
{
    int64_t number = 0;
    for (size_t i = 0; i < length; i++) {
        const int digit = bytes[i] - '0';
        /* A quotient is rounded towards zero: below it a maximum smaller than the digit is lost. */
        if (!text_is_digit(bytes[i]) || digit > maximum || number > (maximum - digit) / 10)
            return -1;
        number = number * 10 + digit;
    }
    return length > 0 ? number : -1;
}

/*
 * The forms of RFC 3629 section 4: how the first byte begins, what the second may be (which rules
 * out overlong forms, surrogates and what lies past U+10FFFF), and how many bytes there are.
 */
static const struct utf8_form {
    unsigned char first_low, first_high, second_low, second_high;
    size_t length;
} utf8_forms[] = {
    {0x00, 0x7f, 0x00, 0x00, 1}, {0xc2, 0xdf, 0x80, 0xbf, 2}, {0xe0, 0xe0, 0xa0, 0xbf, 3},
    {0xe1, 0xec, 0x80, 0xbf, 3}, {0xed, 0xed, 0x80, 0x9f, 3}, {0xee, 0xef, 0x80, 0xbf, 3},
    {0xf0, 0xf0, 0x90, 0xbf, 4}, {0xf1, 0xf3, 0x80, 0xbf, 4}, {0xf4, 0xf4, 0x80, 0x8f, 4},
};

static const struct utf8_form *utf8_form_of(unsigned char first)
{
    for (size_t i = 0; i < sizeof utf8_forms / sizeof utf8_forms[0]; i++)
        if (first >= utf8_forms[i].first_low && first <= utf8_forms[i].first_high)
            return &utf8_forms[i];
    return NULL;
}

/* The bytes of the character that begins here, or 0 when none does. */
static size_t utf8_length(const unsigned char *bytes, size_t length)
{
    const struct utf8_form *form = utf8_form_of(bytes[0]);
    if (form == NULL || form->length > length)
        return 0;
    if (form->length > 1 && (bytes[1] < form->second_low || bytes[1] > form->second_high))
        return 0;
    for (size_t i = 2; i < form->length; i++)
        if ((bytes[i] & 0xc0) != 0x80)
            return 0;
    return form->length;
}

bool text_is_utf8(const char *bytes, size_t length)
{
    const unsigned char *at = (const unsigned char *)bytes;
    while (length > 0) {
        const size_t step = utf8_length(at, length);
        if (step == 0)
            return false;
        at += step;
        length -= step;
    }
    return true;
}
