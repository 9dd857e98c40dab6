/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          what is said alike of a time line wherever it is shown: names, channels, and which
 *                rows are worth one.
 * Must not know: how times are found, nor how they look.
 * See also:      dump-timeline.h; dump-timeline-text.c, report-timeline.c.
 */
#include "dump-timeline.h"

#include <string.h>

#include "text.h"

/* Of the time that a phase took, no more than this part is no row of its own, but with --all; unless
 * it has so many bytes. */
#define SHARE 200u
#define BYTES (1u << 20)

const char *dump_phase_name(DumpPhase phase)
{
    static const char *const names[] = { "pre-copy", "stop-and-copy", "postcopy",
                                         "after the end mark" };

    return names[phase];
}

const char *dump_phase_key(DumpPhase phase)
{
    static const char *const keys[] = { "precopy", "stop_copy", "postcopy", "after" };

    return keys[phase];
}

uint64_t dump_span_ns(const DumpSpan *span)
{
    return span->from == MIG_TIME_NONE || span->to < span->from ? 0
                                                                : span->to - span->from;
}

/* --- channels ----------------------------------------------------------------------------- */

uint32_t dump_channel_number(const MigInput *in)
{
    g_autofree char *base = g_path_get_basename(mig_input_name(in));
    char *end;
    guint64 number;

    if (!g_str_has_prefix(base, "channel-") || !g_ascii_isdigit(base[8])) {
        return DUMP_NO_CHANNEL;
    }
    number = g_ascii_strtoull(base + 8, &end, 10);
    return (*end == '\0' || *end == '.') && number < MIG_TIMELINE_CHANNELS_MAX
               ? (uint32_t)number
               : DUMP_NO_CHANNEL;
}

const MigInput *dump_timing_input(const DumpTiming *timing, uint32_t i)
{
    return i ? mig_input_attached(timing->dump->in, i - 1) : timing->dump->in;
}

const MigTimelineChannel *dump_timing_channel(const DumpTiming *timing, uint32_t i)
{
    return mig_timeline_channel(timing->timeline,
                                dump_channel_number(dump_timing_input(timing, i)));
}

/* --- rows --------------------------------------------------------------------------------- */

uint64_t dump_spent_ns(const DumpSpent *row)
{
    return MAX(row->ns, dump_span_ns(&row->sent));
}

static gint by_time(gconstpointer a, gconstpointer b)
{
    const DumpSpent *const *first = a, *const *second = b;

    if ((*first)->phase != (*second)->phase) {
        return (*first)->phase < (*second)->phase ? -1 : 1;
    }
    return dump_spent_ns(*first) > dump_spent_ns(*second)
               ? -1
               : dump_spent_ns(*first) < dump_spent_ns(*second);
}

GPtrArray *dump_timing_spent(const DumpTiming *t, guint *cut, uint64_t *others)
{
    const DumpOptions *dump_options = t->dump->options;
    GPtrArray *rows = g_ptr_array_new();

    *cut = 0;
    *others = 0;
    for (guint i = 0; i < t->spent->len; i++) {
        const DumpSpent *row = &g_array_index(t->spent, DumpSpent, i);
        uint64_t all = dump_span_ns(&t->phases[row->phase]);

        if (dump_options->all || dump_spent_ns(row) > all / SHARE ||
            row->span.length + row->sent.length >= BYTES) {
            g_ptr_array_add(rows, (gpointer)(uintptr_t)row);
        } else {
            *others += row->ns;
            (*cut)++;
        }
    }
    g_ptr_array_sort(rows, by_time);
    while (rows->len > dump_options->top) {
        const DumpSpent *row = g_ptr_array_index(rows, rows->len - 1);

        *others += row->ns;
        (*cut)++;
        g_ptr_array_set_size(rows, (gint)rows->len - 1);
    }
    return rows;
}

char *dump_silence_what(const DumpSilence *one)
{
    g_autofree char *name = one->section ? dump_section_name(one->section) : NULL;

    return !one->known ? g_strdup("?")
           : !name     ? g_strdup(mig_item_kind_name(one->kind))
           : one->channel
               ? g_strdup_printf("%s of %s", mig_item_kind_name(one->kind), name)
               : g_strdup_printf("%s of %s, %s", mig_section_type_name(one->type), name,
                                 mig_item_kind_name(one->kind));
}
