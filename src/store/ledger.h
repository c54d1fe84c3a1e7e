/*
 * The counters of all processes together: each adds to one row in the store
 * what it has counted since it last did, now and then, at its end, and before
 * the sums are told.
 *
 * A process that is killed takes with it what it counted in the last
 * LEDGER_PAUSE_MS. A store that was emptied, and a version that counts other
 * things, begin at 0 again, which whoever reads counters is prepared for.
 */
#ifndef FORGEFOLD_STORE_LEDGER_H
#define FORGEFOLD_STORE_LEDGER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/counters.h"
#include "store/store.h"

/* What is added at most this often where requests are served, and when the store has refused. */
#define LEDGER_PAUSE_MS 2000
#define LEDGER_REFUSED_PAUSE_MS 30000

/* Sums that nothing was added to for so long are forgotten. */
#define LEDGER_KEEP_SECONDS (90 * 24 * 60 * 60)

struct ledger;

/*
 * A ledger of those counters, which outlive it, as does the store. `meaning` names what the cells
 * mean: only processes with the same one share sums (printable ASCII, no spaces at its ends, at
 * most 100 bytes).
 */
struct ledger *ledger_new(struct counters *counters, struct store *store, const char *meaning);

/* Adds what is left, and frees. NULL is allowed. No other thread may use it any more. */
void ledger_free(struct ledger *ledger);

/* Whether anything was counted that is not in the store yet. Any thread. NULL: no. */
bool ledger_is_behind(const struct ledger *ledger);

/*
 * Adds what is not there yet, if it is time to. Whoever serves requests calls it again and again.
 * Any thread; NULL is allowed.
 */
void ledger_settle_in_time(struct ledger *ledger);

/*
 * The milliseconds until that makes sense, for whoever has nothing else to do meanwhile; -1: it
 * does not, before something else happens. A store that refuses is left alone till then.
 */
int64_t ledger_wait_ms(const struct ledger *ledger);

/* Adds what is not there yet, at once. NULL is allowed. */
void ledger_settle(struct ledger *ledger);

/*
 * Adds what is not there yet, and tells the sums of all processes: 0, or -1 when the store cannot
 * tell. Any thread.
 */
int ledger_read(struct ledger *ledger, int64_t sums[COUNTERS_CELLS]);

#endif
