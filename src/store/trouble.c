#include "config.h"

#include "store/trouble.h"

#include "base/log.h"
#include "store/store.h"

void trouble_log(struct trouble *trouble, const struct error *error, int64_t monotonic_ms)
{
    int64_t quiet_until = atomic_load(&trouble->quiet_until);
    /* Of several threads that come at the same time, the one that moves the end of quiet speaks. */
    if (monotonic_ms < quiet_until ||
        !atomic_compare_exchange_strong(&trouble->quiet_until, &quiet_until,
                                        monotonic_ms + STORE_LOG_SECONDS * 1000)) {
        atomic_fetch_add(&trouble->left_out, 1);
        return;
    }
    const unsigned left_out = atomic_exchange(&trouble->left_out, 0);
    if (left_out == 0)
        log_warning("cache: %s", error->message);
    else
        log_warning("cache: %s (%u more such lines were left out)", error->message, left_out);
}
