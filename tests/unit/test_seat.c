#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "archive_scene.h"
#include "base/alloc.h"
#include "engine/seat.h"

/* Something that is visited, with what it has told. */
struct visited {
    struct seats seats;
    size_t calls;
    int left;
};

struct guest {
    struct seat seat;
    struct snapshot *snapshot;
    int answers;
    struct guest *friend; /* leaves when this one is answered */
};

static size_t count_calls(const struct seats *seats)
{
    return ((const struct visited *)seats)->calls; /* the first member */
}

static void on_left(struct seats *seats)
{
    alloc_owner(seats, struct visited, seats)->left++;
}

static void on_answer(struct seat *seat, struct snapshot *snapshot)
{
    struct guest *guest = alloc_owner(seat, struct guest, seat);
    guest->snapshot = snapshot;
    guest->answers++;
    if (guest->friend != NULL)
        seat_leave(&guest->friend->seat);
}

static struct visited visited_new(void)
{
    return (struct visited){.seats = {.count_calls = count_calls, .left = on_left}};
}

static void comes(struct guest *guest, struct visited *visited)
{
    *guest = (struct guest){.seat.answer = on_answer};
    seats_take(&visited->seats, &guest->seat);
}

static void all_are_answered_once(void **state)
{
    (void)state;
    struct visited visited = visited_new();
    struct guest guests[3];
    struct snapshot *snapshot = archive_scene_snapshot("ann", 5, SCENE_WALL);
    for (size_t i = 0; i < 3; i++)
        comes(&guests[i], &visited);
    visited.calls = 7;
    for (int round = 0; round < 2; round++)
        seats_answer(&visited.seats, snapshot);
    snapshot_drop(snapshot);
    for (size_t i = 0; i < 3; i++) {
        assert_int_equal(guests[i].answers, 1);
        assert_int_equal(guests[i].seat.calls, 7);
        assert_int_equal(guests[i].snapshot->status, ACCOUNT_OK); /* a reference of its own */
        seat_leave(&guests[i].seat);                              /* which is nothing now */
        snapshot_drop(guests[i].snapshot);
    }
    assert_int_equal(visited.left, 0);
}

/* From the first, from between and from the end of the line. */
static void who_has_left_is_not_answered(void **state)
{
    (void)state;
    struct snapshot *snapshot = archive_scene_snapshot("ann", 5, SCENE_WALL);
    for (size_t leaver = 0; leaver < 3; leaver++) {
        struct visited visited = visited_new();
        struct guest guests[3];
        for (size_t i = 0; i < 3; i++)
            comes(&guests[i], &visited);
        visited.calls = 2;
        seat_leave(&guests[leaver].seat);
        seat_leave(&guests[leaver].seat);
        visited.calls = 5;
        seats_answer(&visited.seats, snapshot);
        for (size_t i = 0; i < 3; i++) {
            assert_int_equal(guests[i].answers, i != leaver);
            assert_int_equal(guests[i].seat.calls, i == leaver ? 2 : 5);
            snapshot_drop(guests[i].snapshot);
        }
        assert_int_equal(visited.left, 0);
    }
    snapshot_drop(snapshot);
}

static void one_answer_may_make_another_leave(void **state)
{
    (void)state;
    struct visited visited = visited_new();
    struct guest first, second;
    struct snapshot *snapshot = archive_scene_snapshot("ann", 5, SCENE_WALL);
    comes(&second, &visited);
    comes(&first, &visited);
    first.friend = &second;
    second.friend = &first;
    seats_answer(&visited.seats, snapshot);
    assert_int_equal(first.answers + second.answers, 1);
    snapshot_drop(first.snapshot);
    snapshot_drop(second.snapshot);
    snapshot_drop(snapshot);
}

static void the_last_who_leaves_is_told_of(void **state)
{
    (void)state;
    struct visited visited = visited_new();
    struct guest guests[2];
    comes(&guests[0], &visited);
    comes(&guests[1], &visited);
    seat_leave(&guests[0].seat);
    assert_int_equal(visited.left, 0);
    seat_leave(&guests[1].seat);
    assert_int_equal(visited.left, 1);
    seat_leave(&guests[1].seat);
    assert_int_equal(visited.left, 1);
}

static void what_will_be_answered_can_be_had_before(void **state)
{
    (void)state;
    struct visited visited = visited_new();
    struct guest guest = {.seat.answer = on_answer};
    struct snapshot *snapshot = archive_scene_snapshot("ann", 5, SCENE_WALL);
    assert_null(seat_snapshot(&guest.seat)); /* it was never taken */
    comes(&guest, &visited);
    assert_null(seat_snapshot(&guest.seat));
    visited.seats.landed = snapshot;
    struct snapshot *had = seat_snapshot(&guest.seat);
    assert_ptr_equal(had, snapshot);
    snapshot_drop(had);
    seat_leave(&guest.seat);
    assert_null(seat_snapshot(&guest.seat));
    snapshot_drop(snapshot);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_are_answered_once),
        cmocka_unit_test(who_has_left_is_not_answered),
        cmocka_unit_test(one_answer_may_make_another_leave),
        cmocka_unit_test(the_last_who_leaves_is_told_of),
        cmocka_unit_test(what_will_be_answered_can_be_had_before),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
