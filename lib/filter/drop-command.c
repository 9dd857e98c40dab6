/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          dropping commands by name, for a loader that does not know them.
 * Must not know: what is in sections.
 * See also:      stream/command.h, the names.
 *
 * Only a command that says something to the loader can go.  One that changes how the
 * loader reads what follows cannot: PACKAGED, RECV_BITMAP, and the commands of postcopy,
 * but for POSTCOPY_ADVISE where the migration ended before postcopy began.  The filter fold
 * undoes those.  A command of a release to come has no name here, and goes by its number.
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
    GHashTable *numbers; /* of commands without a name: how many were dropped */
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

static bool refuse_name(const char *value, unsigned id, GError **error)
{
    g_autofree char *names = names_of(DROPPABLE);

    if (!id) {
        mig_error_set_plain(error, MIG_ERROR_USAGE,
                            "no command is called %s: wanted one of %s, or the number "
                            "of one that has no name",
                            value, names);
    } else {
        mig_error_set_plain(error, MIG_ERROR_USAGE,
                            "%s cannot be dropped: without it a loader would read what "
                            "follows in another way.  Those that can are %s; the filter "
                            "fold makes an ordinary stream of one with postcopy",
                            value, names);
    }
    return false;
}

/* The number of a command that has no name; 0: @value is none. */
static unsigned number_of(const char *value)
{
    char *end;
    guint64 number = g_ascii_isdigit(*value) ? g_ascii_strtoull(value, &end, 0) : 0;

    return number && !*end && number <= UINT16_MAX && !mig_command_name((uint16_t)number)
               ? (unsigned)number
               : 0;
}

static bool drop_command_configure(void *state, const char *key, const char *value,
                                   GError **error)
{
    DropCommand *drop = state;
    unsigned id, number;

    if (!drop->numbers) {
        drop->numbers = g_hash_table_new(NULL, NULL);
    }
    if (!key && !drop->wanted && !g_hash_table_size(drop->numbers)) {
        g_autofree char *names = names_of(DROPPABLE);

        mig_error_set_plain(error, MIG_ERROR_USAGE, "name=COMMAND is missing: one of %s",
                            names);
        return false;
    }
    if (!key) {
        return true;
    }
    id = id_of(value);
    number = number_of(value);
    if (number) {
        g_hash_table_insert(drop->numbers, GUINT_TO_POINTER(number), NULL);
    } else if (!(DROPPABLE & 1u << id)) {
        return refuse_name(value, id, error);
    } else {
        drop->wanted |= 1u << id;
    }
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
    gpointer number = GUINT_TO_POINTER((guint)item->command.id), n;

    if (g_hash_table_lookup_extended(drop->numbers, number, NULL, &n)) {
        g_hash_table_insert(drop->numbers, number,
                            GSIZE_TO_POINTER(GPOINTER_TO_SIZE(n) + 1));
        return true;
    }
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

/* Of those without a name. */
static bool finish_numbers(const DropCommand *drop, MigNext *next, GError **error)
{
    GHashTableIter iter;
    gpointer number, n;

    g_hash_table_iter_init(&iter, drop->numbers);
    while (g_hash_table_iter_next(&iter, &number, &n)) {
        if (!n && !mig_next_unmatched(next, error, "the stream has no command %u to drop",
                                      GPOINTER_TO_UINT(number))) {
            return false;
        }
        if (n) {
            mig_next_report(next, NULL,
                            "%zu of command %u dropped: what it asked of the "
                            "loader is given up",
                            GPOINTER_TO_SIZE(n), GPOINTER_TO_UINT(number));
        }
    }
    return true;
}

static bool drop_command_finish(void *state, MigNext *next, GError **error)
{
    const DropCommand *drop = state;

    if (drop->wanted & ~drop->dropped) {
        g_autofree char *names = names_of(drop->wanted & ~drop->dropped);

        if (!mig_next_unmatched(next, error, "the stream has no %s to drop", names)) {
            return false;
        }
    }
    for (unsigned id = 1; id < MIG_CMD_COUNT; id++) {
        if (drop->n[id]) {
            mig_next_report(next, NULL, "%" PRIu64 " %s dropped", drop->n[id],
                            mig_command_name(id));
        }
    }
    return finish_numbers(drop, next, error);
}

static void drop_command_clear(void *state)
{
    g_clear_pointer(&((DropCommand *)state)->numbers, g_hash_table_unref);
}

static const MigFilterOption drop_command_options[] = {
    { "name", "COMMAND",
      "SWITCHOVER_START, PING, OPEN_RETURN_PATH, ENABLE_COLO or POSTCOPY_ADVISE; or the "
      "number of one that has no name here; may be repeated" },
    { 0 },
};

const MigFilterType mig_filter_drop_command = {
    .name = "drop-command",
    .summary = "drop commands by name, such as SWITCHOVER_START, which QEMU up to 9.2 "
               "refuses",
    .gives_up = "nothing of the guest; what the command asks of the loader",
    .options = drop_command_options,
    MIG_FILTER_HANDLES(MIG_ITEM_BIT(COMMAND)),
    .state_size = sizeof(DropCommand),
    .configure = drop_command_configure,
    .event = drop_command_event,
    .finish = drop_command_finish,
    .clear = drop_command_clear,
};
