#include "config.h"

#include "gateway/progress.h"

#include <unistd.h>

/* Back to the first column, and erase to the end of the line (ECMA-48 EL). */
#define ERASE_LINE "\r\033[K"

void progress_init(struct progress *progress, FILE *out)
{
    const int descriptor = fileno(out);
    *progress = (struct progress){.out = descriptor >= 0 && isatty(descriptor) ? out : NULL};
}

void progress_show(struct progress *progress, struct engine_progress done, int64_t now)
{
    if (progress->out == NULL || now < progress->next)
        return;
    fputs(ERASE_LINE, progress->out);
    if (progress->accounts > 0)
        fprintf(progress->out, "%zu of %zu accounts, ", progress->accounts_done,
                progress->accounts);
    fprintf(progress->out, "%zu of %zu calls, %zu repositories", done.calls_done, done.calls_known,
            done.repositories);
    fflush(progress->out);
    progress->shown = true;
    progress->next = now + PROGRESS_INTERVAL_MS;
}

void progress_end(struct progress *progress)
{
    if (!progress->shown)
        return;
    fputs(ERASE_LINE, progress->out);
    fflush(progress->out);
    progress->shown = false;
}
