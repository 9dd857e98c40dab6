/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          RAM at fixed places of the file becomes page records, and the other way
 *                round.
 * Must not know: where in the file things land: the writer decides that.
 * See also:      mapped-ram-lay.c and mapped-ram-plain.c, which do it; stream/mapped-ram.c,
 *                which has the layout.
 *
 * A page lies in one place of the file and has one content, so that of all records of a page
 * the last one counts: the way to mapped-ram takes a first pass over all of the stream.  The
 * way back takes one pass, since a bitmap comes before its pages.
 */
#include "filter/mapped-ram-private.h"

#include <inttypes.h>

#include "stream/configuration.h"

#define CAPABILITY "mapped-ram"

static bool mapped_configure(void *state, const char *key, const char *value,
                             GError **error)
{
    MigMapped *m = state;

    if (!key) {
        return true;
    }
    m->to_plain = g_str_equal(value, "plain");
    if (!m->to_plain && !g_str_equal(value, "mapped")) {
        mig_error_set_plain(error, MIG_ERROR_USAGE,
                            "to is \"%s\", wanted mapped or plain", value);
        return false;
    }
    return true;
}

static MigScan mapped_wants_scan(const void *state)
{
    return ((const MigMapped *)state)->to_plain ? MIG_SCAN_NONE : MIG_SCAN_NEEDED;
}

/* The configuration as it is to be; *m knows whether it is so already. */
static GByteArray *encode_configuration(MigMapped *m, MigNext *next, const MigItem *item,
                                        GError **error)
{
    const uint8_t *p = mig_next_bytes(next, item, error);
    GByteArray *bytes = p ? g_byte_array_new() : NULL;

    if (p) {
        MigConfigurationParts parts = mig_configuration_parts(item, p);

        mig_configuration_encode_capability(&parts, CAPABILITY, !m->to_plain, bytes);
        m->seen = true;
        m->unchanged = bytes->len == item->length;
    }
    return bytes;
}

/* What the two forms of RAM do not have in common. */
static bool check(const MigMapped *m, MigNext *next, const MigItem *item, GError **error)
{
    const MigCommandHeader *command = &item->command;

    if (item->kind == MIG_ITEM_COMMAND) {
        if (m->to_plain ||
            (command->id != MIG_CMD_POSTCOPY_LISTEN &&
             command->id != MIG_CMD_POSTCOPY_RUN &&
             command->id != MIG_CMD_POSTCOPY_RAM_DISCARD &&
             (command->id != MIG_CMD_POSTCOPY_ADVISE || command->length == 0))) {
            return true;
        }
        return mig_next_refuse(next, item, NULL, error,
                               "no loader takes mapped-ram together with postcopy; "
                               "--filter=fold makes a stream without postcopy, "
                               "--filter=drop-command:name=POSTCOPY_ADVISE one where it "
                               "was never used");
    }
    if (!m->seen) {
        return mig_next_refuse(next, item, item->section, error,
                               "the stream has no CONFIGURATION section to say whether "
                               "RAM is mapped");
    }
    return true;
}

static bool is_only_list(MigMapped *m, MigNext *next, const MigItem *item, GError **error)
{
    return m->lists++ == 0 || mig_next_refuse(next, item, item->section, error,
                                              "a second block list: no source sends one");
}

static bool mapped_scan(void *state, MigNext *next, const MigItem *item, GError **error)
{
    MigMapped *m = state;

    if (item->kind == MIG_ITEM_CONFIGURATION) {
        g_autoptr(GByteArray) bytes = encode_configuration(m, next, item, error);
        return bytes != NULL;
    }
    return m->unchanged ||
           (check(m, next, item, error) &&
            (item->kind != MIG_ITEM_RAM_LIST || is_only_list(m, next, item, error)) &&
            mig_mapped_watch(m, next, item, error));
}

static bool mapped_start(void *state, MigNext *next, GError **error)
{
    MigMapped *m = state;

    if (m->lists > 0 && m->page_size == 0) {
        return mig_next_refuse(next, NULL, NULL, error,
                               "the stream carries no page of its RAM; where other "
                               "channels do, convert the capture: --channel=FILE");
    }
    m->lists = 0;
    return true;
}

static bool change_configuration(MigMapped *m, MigNext *next, const MigItem *item,
                                 GError **error)
{
    g_autoptr(GByteArray) bytes = encode_configuration(m, next, item, error);

    return bytes &&
           mig_next_emit_bytes(next, item, item->kind, bytes->data, bytes->len, error);
}

static bool pass_block(MigMapped *m, MigNext *next, const MigItem *item, GError **error)
{
    m->n_blocks++;
    return mig_next_emit(next, item, error) &&
           (m->to_plain || mig_mapped_lay_block(m, next, item, error));
}

/* Of marks, mapped-ram has those alone that end a body. */
static bool pass_mark(MigMapped *m, MigNext *next, const MigItem *item, GError **error)
{
    bool ends = item->ram_mark.flag == MIG_RAM_EOS;

    if (m->to_plain && ends && !m->written && item->type != MIG_SECTION_START &&
        !mig_mapped_write_records(m, next, item, error)) {
        return false;
    }
    return (!m->to_plain && !ends) || mig_next_emit(next, item, error);
}

static bool mapped_event(void *state, MigNext *next, const MigItem *item, GError **error)
{
    MigMapped *m = state;

    if (item->kind == MIG_ITEM_CONFIGURATION) {
        return change_configuration(m, next, item, error);
    }
    if (m->unchanged || (item->kind == MIG_ITEM_PADDING && !item->section)) {
        return mig_next_emit(next, item, error);
    }
    if (!check(m, next, item, error)) {
        return false;
    }
    switch (item->kind) {
    case MIG_ITEM_RAM_LIST:
        return is_only_list(m, next, item, error) && mig_next_emit(next, item, error);
    case MIG_ITEM_RAM_BLOCK:
        return pass_block(m, next, item, error);
    case MIG_ITEM_RAM_MARK:
        return pass_mark(m, next, item, error);
    case MIG_ITEM_RAM_PAGES: /* of mapped-ram no loader takes them */
    case MIG_ITEM_MAPPED_BITMAP:
    case MIG_ITEM_MAPPED_PAGES:
    case MIG_ITEM_PADDING:
        return true;
    case MIG_ITEM_MAPPED_HEADER:
        return mig_mapped_keep_block(m, next, item, error);
    default:
        return mig_next_emit(next, item, error);
    }
}

static bool mapped_finish(void *state, MigNext *next, GError **error)
{
    const MigMapped *m = state;

    if (m->seen && m->unchanged) {
        mig_next_report(next, NULL, "RAM %s already",
                        m->to_plain ? "comes as page records" : "is mapped");
        return true;
    }
    if (m->blocks && m->blocks->len && !m->written) {
        return mig_next_refuse(
            next, NULL, NULL, error,
            "the stream ends before the section of RAM does, and has no "
            "place for its pages");
    }
    mig_next_report(next, NULL,
                    m->to_plain ? "RAM becomes page records: %" PRIu64 " blocks, %" PRIu64
                                  " pages that are not zero"
                                : "RAM becomes mapped: %" PRIu64 " blocks, %" PRIu64
                                  " pages that have a place in the file",
                    m->n_blocks, m->n_pages);
    if (m->missing) {
        mig_next_report(next, NULL,
                        "%" PRIu64 " bytes of RAM are not in the stream: a loader leaves "
                        "them as they are, before and after",
                        m->missing);
    }
    return true;
}

static void mapped_clear(void *state)
{
    mig_mapped_clear(state);
}

static const MigFilterOption mapped_options[] = {
    { "to", "mapped|plain",
      "mapped, the default: pages at fixed places, for 9.0 and later; plain: page "
      "records" },
    { 0 },
};

const MigFilterType mig_filter_mapped_ram = {
    .name = "mapped-ram",
    .summary = "lay RAM out at fixed places of the file, or make page records of it",
    .gives_up = "nothing",
    .options = mapped_options,
    MIG_FILTER_HANDLES(MIG_ITEM_BIT(CONFIGURATION) | MIG_ITEM_BIT(COMMAND) |
                       MIG_ITEM_BIT(RAM_LIST) | MIG_ITEM_BIT(RAM_BLOCK) |
                       MIG_ITEM_BIT(RAM_PAGES) | MIG_ITEM_BIT(RAM_MARK) |
                       MIG_ITEM_BIT(MAPPED_HEADER) | MIG_ITEM_BIT(MAPPED_BITMAP) |
                       MIG_ITEM_BIT(MAPPED_PAGES) | MIG_ITEM_BIT(PADDING)),
    .page_kinds = MIG_PAGE_BITS_ALL,
    .state_size = sizeof(MigMapped),
    .configure = mapped_configure,
    .wants_scan = mapped_wants_scan,
    .scan = mapped_scan,
    .start = mapped_start,
    .event = mapped_event,
    .finish = mapped_finish,
    .clear = mapped_clear,
};
