/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          signals that end a command, and let it clear up.
 * Must not know: what there is to clear up.
 * See also:      cli/cli.h; the library, which asks wherever it may take long.
 */
#include <signal.h>
#include <stdatomic.h>

#include "cli.h"

static atomic_bool cancelled;

bool cli_is_cancelled(void *unused)
{
    (void)unused;
    return atomic_load_explicit(&cancelled, memory_order_relaxed);
}

static void on_signal(int signal_number)
{
    (void)signal_number;
    atomic_store_explicit(&cancelled, true, memory_order_relaxed);
}

/* Without SA_RESTART: a read or write that waits must come back. */
void cli_catch_signals(void)
{
    static const int signals[] = { SIGINT, SIGTERM, SIGHUP };
    struct sigaction action = { .sa_handler = on_signal };

    for (size_t i = 0; i < G_N_ELEMENTS(signals); i++) {
        struct sigaction old;

        if (sigaction(signals[i], NULL, &old) == 0 && old.sa_handler != SIG_IGN) {
            sigaction(signals[i], &action, NULL);
        }
    }
}
