#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "http/sender.h"

/* --- addresses --- */

static const struct {
    const char *text;
    const char *shown;   /* NULL: none */
    const char *network; /* whose limits it has */
} address_rows[] = {
    {"203.0.113.7", "203.0.113.7", "203.0.113.7"},
    {"::ffff:203.0.113.7", "203.0.113.7", "203.0.113.7"},
    {"2001:db8:0:0:1::7", "2001:db8::1:0:0:7", "2001:db8::/64"},
    {"2001:db8:1:2:3:4:5:6", "2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"},
    {"::1", "::1", "::/64"},
    {"ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
     "ffff:ffff:ffff:ffff::/64"},
    {"", NULL, NULL},
    {"203.0.113", NULL, NULL},
    {"203.0.113.256", NULL, NULL},
    {"203.0.113.7 ", NULL, NULL},
    {"[::1]", NULL, NULL},
    {"fe80::1%eth0", NULL, NULL},
    {"unix:", NULL, NULL},
    {"ffff:ffff:ffff:ffff:ffff:ffff:255.255.255.2555555555555555555555555", NULL, NULL},
};

static void test_addresses(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof address_rows / sizeof address_rows[0]; i++) {
        struct address address;
        char text[ADDRESS_TEXT_SIZE];
        const char *given = address_rows[i].text;
        const int result = address_parse(&address, given, strlen(given));
        if (result != (address_rows[i].shown == NULL ? -1 : 0))
            fail_msg("\"%s\" returned %d", given, result);
        if (result < 0)
            continue;
        assert_string_equal(address_text(&address, text), address_rows[i].shown);
        assert_string_equal(address_network(&address, text), address_rows[i].network);
    }
}

static void test_addresses_without_end(void **state)
{
    (void)state;
    struct address address;
    char text[ADDRESS_TEXT_SIZE];
    assert_int_equal(address_parse(&address, "10.0.0.12345", 9), 0);
    assert_string_equal(address_text(&address, text), "10.0.0.12");
    assert_int_equal(address_parse(&address, "10.0.0.1\0", 9), -1);
}

/* --- ranges --- */

static const struct {
    const char *ranges;
    const char *inside, *outside; /* addresses, or NULL */
    const char *refusal;          /* part of the message; NULL: accepted */
} range_rows[] = {
    {"", NULL, NULL, "names none"},
    {"   ", NULL, NULL, "names none"},
    {"10.0.0.0/8", "10.255.255.255", "11.0.0.0", NULL},
    {"10.0.0.0/8", "::ffff:10.1.2.3", "::10.1.2.3", NULL},
    {"10.0.0.0/8 192.0.2.1", "192.0.2.1", "192.0.2.2", NULL},
    {"  192.0.2.0/31   192.0.2.4 ", "192.0.2.1", "192.0.2.2", NULL},
    {"192.0.2.8/29", "192.0.2.15", "192.0.2.16", NULL},
    {"0.0.0.0/0", "255.255.255.255", "::1", NULL},
    {"::/0", "203.0.113.7", NULL, NULL},
    {"2001:db8::/33", "2001:db8:7fff::1", "2001:db8:8000::1", NULL},
    {"::1", "::1", "::2", NULL},
    {"::1/128", "::1", "::", NULL},
    {"fe80::/10", "febf::1", "fec0::1", NULL},
    {"10.0.0.0/33", NULL, NULL, "10.0.0.0/33"},
    {"::/129", NULL, NULL, "::/129"},
    {"10.0.0.0/", NULL, NULL, "10.0.0.0/"},
    {"10.0.0.0/-1", NULL, NULL, "10.0.0.0/-1"},
    {"10.0.0.0/8/8", NULL, NULL, "10.0.0.0/8/8"},
    {"10.0.0.0,::1", NULL, NULL, "10.0.0.0,::1"},
    {"::1 localhost", NULL, NULL, "localhost"},
    {"10.0.0.1/8", NULL, NULL, "bits behind its prefix"},
    {"2001:db8::1/64", NULL, NULL, "bits behind its prefix"},
};

static bool is_in(const struct address_ranges *ranges, const char *text)
{
    struct address address;
    assert_int_equal(address_parse(&address, text, strlen(text)), 0);
    return address_ranges_have(ranges, &address);
}

static void test_ranges(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof range_rows / sizeof range_rows[0]; i++) {
        struct address_ranges ranges;
        struct error error = {0};
        const int result = address_ranges_parse(&ranges, range_rows[i].ranges, &error);
        if (result != (range_rows[i].refusal == NULL ? 0 : -1))
            fail_msg("\"%s\" returned %d: %s", range_rows[i].ranges, result, error.message);
        if (result < 0 && strstr(error.message, range_rows[i].refusal) == NULL)
            fail_msg("\"%s\": %s", range_rows[i].ranges, error.message);
        if (range_rows[i].inside != NULL && !is_in(&ranges, range_rows[i].inside))
            fail_msg("%s is not in %s", range_rows[i].inside, range_rows[i].ranges);
        if (range_rows[i].outside != NULL && is_in(&ranges, range_rows[i].outside))
            fail_msg("%s is in %s", range_rows[i].outside, range_rows[i].ranges);
        address_ranges_release(&ranges);
    }
}

/* --- senders --- */

static const struct {
    const char *sentence;
    const char *peer, *forwarded;
    const char *address; /* NULL: not known */
    bool is_hidden;
} sender_rows[] = {
    {"the peer", "203.0.113.7", "", "203.0.113.7", false},
    {"no address", "", "", NULL, false},
    {"a socket of the file system", "unix:", "", NULL, false},
    {"who is nobody's proxy is not believed", "203.0.113.7", "192.0.2.1", "203.0.113.7", true},
    {"nor a peer without an address", "unix:", "192.0.2.1", NULL, true},
    {"a proxy that asks for itself", "10.0.0.1", "", "10.0.0.1", false},
    {"a proxy is believed", "10.0.0.1", "192.0.2.1", "192.0.2.1", false},
    {"what the client wrote itself is not", "10.0.0.1", "127.0.0.1, 192.0.2.1", "192.0.2.1", false},
    {"a chain of proxies", "10.0.0.1", "192.0.2.1, 10.0.0.9, 10.0.0.8", "192.0.2.1", false},
    {"a chain that begins inside", "10.0.0.1", "10.0.0.9, 10.0.0.8", "10.0.0.9", false},
    {"an address mapped into IPv6", "::ffff:10.0.0.1", "192.0.2.1", "192.0.2.1", false},
    {"IPv6", "2001:db8::1", "2001:db9::7", "2001:db9::7", false},
    {"a port", "10.0.0.1", "192.0.2.1:4711", "192.0.2.1", false},
    {"brackets", "10.0.0.1", "[2001:db9::7]", "2001:db9::7", false},
    {"brackets and a port", "10.0.0.1", "[2001:db9::7]:4711", "2001:db9::7", false},
    {"empty entries", "10.0.0.1", " , 192.0.2.1 ,\t, ", "192.0.2.1", false},
    {"nothing but commas", "10.0.0.1", ", ,,", "10.0.0.1", false},
    {"a proxy that could not tell", "10.0.0.1", "unknown", "10.0.0.1", true},
    {"one that was not told before it", "10.0.0.1", "192.0.2.1, unknown, 10.0.0.2", "10.0.0.2",
     true},
    {"brackets without an end", "10.0.0.1", "[::1", "10.0.0.1", true},
    {"a proxy that can not be understood", "10.0.0.1", SENDER_UNTOLD, "10.0.0.1", true},
    {"nor one that is not trusted", "203.0.113.7", SENDER_UNTOLD, "203.0.113.7", true},
    {"words between commas", "10.0.0.1", "192.0.2.1 192.0.2.2", "10.0.0.1", true},
};

static void test_senders(void **state)
{
    (void)state;
    struct address_ranges trusted;
    assert_int_equal(address_ranges_parse(&trusted, "10.0.0.0/8 2001:db8::/32", NULL), 0);
    for (size_t i = 0; i < sizeof sender_rows / sizeof sender_rows[0]; i++) {
        struct sender sender;
        char text[ADDRESS_TEXT_SIZE];
        sender_find(&sender, &trusted, sender_rows[i].peer, sender_rows[i].forwarded);
        if (sender.is_known != (sender_rows[i].address != NULL) ||
            sender.is_hidden != sender_rows[i].is_hidden)
            fail_msg("%s: known %d, hidden %d", sender_rows[i].sentence, sender.is_known,
                     sender.is_hidden);
        if (sender.is_known &&
            strcmp(address_text(&sender.address, text), sender_rows[i].address) != 0)
            fail_msg("%s: %s", sender_rows[i].sentence, text);
    }
    address_ranges_release(&trusted);
}

static void test_nobody_is_trusted(void **state)
{
    (void)state;
    static const struct address_ranges none;
    struct sender sender;
    char text[ADDRESS_TEXT_SIZE];
    sender_find(&sender, &none, "127.0.0.1", "192.0.2.1");
    assert_string_equal(address_text(&sender.address, text), "127.0.0.1");
    assert_true(sender.is_hidden);
}

int main(void)
{
    cmocka_set_message_output(CM_OUTPUT_TAP);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_addresses),
        cmocka_unit_test(test_addresses_without_end),
        cmocka_unit_test(test_ranges),
        cmocka_unit_test(test_senders),
        cmocka_unit_test(test_nobody_is_trusted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
