/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          dropping commands by name, for a loader that does not know them.
 * Must not know: what is in sections.
 * See also:      stream/command.h, the names.
 *
 * Only a command that says something to the loader can go.  One that changes how the
 * loader reads what follows cannot: PACKAGED, RECV_BITMAP, and the commands of postcopy,
 * but for POSTCOPY_ADVISE where the migration ended before postcopy began.
 * Source: migration/savevm.c, loadvm_process_command().
 */
#include <string.h>

#include "filter/filter.h"
#include "stream/command.h"

#define BIT(name) (1u << MIG_CMD_##name)
#define DROPPABLE                                                                  \
    (BIT(OPEN_RETURN_PATH) | BIT(PING) | BIT(POSTCOPY_ADVISE) | BIT(ENABLE_COLO) | \
     BIT(SWITCHOVER_START))
/* What the loader refuses, or misreads, without that before it. */
#define NEEDS_RETURN_PATH BIT(PING)
#define NEEDS_ADVISE \
    (BIT(POSTCOPY_RAM_DISCARD) | BIT(POSTCOPY_LISTEN) | BIT(POSTCOPY_RUN))

typedef struct DropCommand {
    uint32_t wanted;  /* ids to drop, as bits */
    uint32_t dropped; /* those that were */
    uint64_t n[MIG_CMD_COUNT];
} DropCommand;

/* The id of that name, or 0. */
static unsigned id_of(const char *name)
{
    for (unsigned id = 1; id < MIG_CMD_COUNT; id++) {
        if (strcmp(mig_command_name(id), name) == 0) {
            return id;
        }
    }
    return 0;
}

static char *names_of(uint32_t ids)
{
    GString *names = g_string_new(NULL);

    for (unsigned id = 1; id < MIG_CMD_COUNT; id++) {
        if (ids & 1u << id) {
            g_string_append_printf(names, "%s%s", names->len ? ", " : "",
                                   mig_command_name(id));
        }
    }
    return g_string_free(names, false);
}

static bool drop_command_configure(void *state, const char *key, const char *value,
                                   GError **error)
{
    DropCommand *drop = state;
    g_autofree char *names = names_of(DROPPABLE);
    unsigned id = key ? id_of(value) : 0;

    if (!key && !drop->wanted) {
        mig_error_set_plain(error, MIG_ERROR_USAGE, "name=COMMAND is missing: one of %s",
                            names);
        return false;
    }
    if (key && !id) {
        mig_error_set_plain(error, MIG_ERROR_USAGE,
                            "no command is called %s: wanted one of %s", value, names);
        return false;
    }
    if (key && !(DROPPABLE & 1u << id)) {
        mig_error_set_plain(error, MIG_ERROR_USAGE,
                            "%s cannot be dropped: without it a loader would read what "
                            "follows in another way.  Those that can are %s",
                            value, names);
        return false;
    }
    drop->wanted |= key ? 1u << id : 0;
    return true;
}

/* A command that stays, and needs one that went. */
static bool refuse_orphan(MigNext *next, const MigItem *item, MigCommand needed,
                          GError **error)
{
    return mig_next_refuse(next, item, NULL, error,
                           "%s needs the %s before it, which is to be dropped",
                           mig_command_name(item->command.id), mig_command_name(needed));
}

static bool drop_command_event(void *state, MigNext *next, const MigItem *item,
                               GError **error)
{
    DropCommand *drop = state;
    uint32_t bit = item->command.id < MIG_CMD_COUNT ? 1u << item->command.id : 0;

    if (drop->wanted & bit) {
        drop->n[item->command.id]++;
        drop->dropped |= bit;
        return true;
    }
    if (drop->dropped & BIT(OPEN_RETURN_PATH) && bit & NEEDS_RETURN_PATH) {
        return refuse_orphan(next, item, MIG_CMD_OPEN_RETURN_PATH, error);
    }
    if (drop->dropped & BIT(POSTCOPY_ADVISE) && bit & NEEDS_ADVISE) {
        return refuse_orphan(next, item, MIG_CMD_POSTCOPY_ADVISE, error);
    }
    return mig_next_emit(next, item, error);
}

static bool drop_command_finish(void *state, MigNext *next, GError **error)
{
    const DropCommand *drop = state;

    if (drop->wanted & ~drop->dropped) {
        g_autofree char *names = names_of(drop->wanted & ~drop->dropped);

        return mig_next_unmatched(next, error, "the stream has no %s to drop", names);
    }
    for (unsigned id = 1; id < MIG_CMD_COUNT; id++) {
        if (drop->n[id]) {
            mig_next_report(next, NULL, "%" PRIu64 " %s dropped", drop->n[id],
                            mig_command_name(id));
        }
    }
    return true;
}

static const MigFilterOption drop_command_options[] = {
    { "name", "COMMAND",
      "SWITCHOVER_START, PING, OPEN_RETURN_PATH, ENABLE_COLO or POSTCOPY_ADVISE; may be "
      "repeated" },
    { 0 },
};

const MigFilterType mig_filter_drop_command = {
    .name = "drop-command",
    .summary = "drop commands by name, such as SWITCHOVER_START, which QEMU up to 9.2 "
               "refuses",
    .options = drop_command_options,
    MIG_FILTER_HANDLES(MIG_ITEM_BIT(COMMAND)),
    .state_size = sizeof(DropCommand),
    .configure = drop_command_configure,
    .event = drop_command_event,
    .finish = drop_command_finish,
};
