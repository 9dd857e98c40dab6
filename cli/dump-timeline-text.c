/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          migstat dump --timeline as text.
 * Must not know: how times are found.
 * See also:      dump-timeline.c, which calls it; dump-timing.c, which rows are shown.
 */
#include "dump-timeline.h"

#include "text.h"

/* Rows of silences, but with --all or --top. */
#define SILENCES 10u

static char *count(uint64_t n)
{
    return n ? cli_number(n) : g_strdup("-");
}

static void heading(const DumpTiming *t, const char *title)
{
    bool color = cli_use_color(t->dump->options->common->color, stdout);

    printf("\n%s%s%s\n", cli_style(color, CLI_BOLD), title, cli_style(color, CLI_PLAIN));
}

static void print_phases(const DumpTiming *t)
{
    CliTable *table = cli_table_new("lrrrr");

    cli_table_head(table, "phase", "from ms", "ms", "bytes", "rate");
    for (DumpPhase phase = 0; phase < DUMP_PHASES; phase++) {
        const DumpSpan *span = &t->phases[phase];
        uint64_t ns = dump_span_ns(span);
        g_autofree char *from = NULL, *took = cli_ms(ns),
                        *bytes = cli_number(span->length);
        g_autofree char *speed = cli_rate(span->length, ns);

        if (span->from != MIG_TIME_NONE) {
            from = cli_ms(span->from);
            cli_table_row(table, dump_phase_name(phase), from, took, bytes, speed);
        }
    }
    cli_table_print(table, stdout, 2);
}

static void round_row(CliTable *table, const DumpRound *round, guint i)
{
    uint64_t ns = dump_span_ns(&round->span);
    g_autofree char *name = round->phase == DUMP_PRECOPY
                                ? g_strdup_printf("%u", i + 1)
                                : g_strdup(dump_phase_name(round->phase));
    g_autofree char *from = cli_ms(round->span.from), *took = cli_ms(ns);
    g_autofree char *normal = count(round->pages[MIG_PAGE_NORMAL]);
    g_autofree char *zero = count(round->pages[MIG_PAGE_ZERO]);
    g_autofree char *encoded =
        count(round->pages[MIG_PAGE_XBZRLE] + round->pages[MIG_PAGE_COMPRESSED]);
    g_autofree char *bytes = cli_number(round->span.length);
    g_autofree char *speed = cli_rate(round->span.length, ns);

    cli_table_row(table, name, from, took, normal, zero, encoded, bytes, speed);
}

static void print_cut(guint cut)
{
    g_autofree char *number = cli_number(cut);

    if (cut) {
        printf("  and %s more\n", number);
    }
}

static void print_rounds(const DumpTiming *t)
{
    guint n = MIN(t->rounds->len, t->dump->options->top);
    CliTable *table;

    if (!t->rounds->len) {
        return;
    }
    heading(t, "ROUNDS OVER MEMORY");
    table = cli_table_new("lrrrrrrr");
    cli_table_head(table, "round", "from ms", "ms", "normal", "zero", "encoded", "bytes",
                   "rate");
    for (guint i = 0; i < n; i++) {
        round_row(table, &g_array_index(t->rounds, DumpRound, i), i);
    }
    cli_table_drop_empty(table);
    cli_table_print(table, stdout, 2);
    print_cut(t->rounds->len - n);
}

/* --- sections ----------------------------------------------------------------------------- */

static void spent_row(CliTable *table, const DumpSpent *row)
{
    g_autofree char *name = row->section
                                ? dump_section_name(row->section)
                                : g_strdup("(until the source sent the first byte)");
    g_autofree char *from =
        cli_ms(row->span.from == MIG_TIME_NONE ? row->sent.from : row->span.from);
    g_autofree char *took = cli_ms(row->ns), *bytes = count(row->span.length);
    g_autofree char *sent =
        row->packets ? cli_ms(dump_span_ns(&row->sent)) : g_strdup("-");
    g_autofree char *sent_bytes = count(row->sent.length);

    cli_table_row(table, dump_phase_name(row->phase), name, from, took, bytes, sent,
                  sent_bytes);
}

static void print_spent(const DumpTiming *t)
{
    guint cut;
    uint64_t others;
    g_autoptr(GPtrArray) rows = dump_timing_spent(t, &cut, &others);
    g_autofree char *number = cli_number(cut), *time = cli_ms(others);
    CliTable *table;

    if (rows->len + cut == 0) {
        return;
    }
    heading(t, "SECTIONS, THE LONGEST FIRST");
    table = cli_table_new("llrrrrr");
    cli_table_head(table, "phase", "section", "from ms", "ms", "bytes", "multifd ms",
                   "multifd bytes");
    for (guint i = 0; i < rows->len; i++) {
        spent_row(table, g_ptr_array_index(rows, i));
    }
    cli_table_drop_empty(table);
    cli_table_print(table, stdout, 2);
    if (cut) {
        printf("  and %s more, together %s ms\n", number, time);
    }
}

/* --- silences ----------------------------------------------------------------------------- */

static void silence_row(CliTable *table, const DumpSilence *one)
{
    g_autofree char *number =
        one->known ? g_strdup_printf("%u", one->channel) : g_strdup("?");
    g_autofree char *from = cli_ms(one->silence->from),
                    *length = cli_ms(one->silence->length);
    g_autofree char *offset = g_strdup_printf("0x%" PRIx64, one->silence->offset);
    g_autofree char *what = dump_silence_what(one);

    cli_table_row(table, number, from, length, offset, what);
}

static void print_silences(const DumpTiming *t)
{
    guint most = t->dump->options->all ? UINT_MAX : SILENCES;
    guint n = MIN(t->silences->len,
                  t->dump->options->top != UINT_MAX ? t->dump->options->top : most);
    CliTable *table;

    if (!t->silences->len) {
        return;
    }
    heading(t, "SILENCES, THE LONGEST FIRST");
    table = cli_table_new("rrrrw");
    cli_table_head(table, "channel", "from ms", "ms", "before offset", "what came then");
    for (guint i = 0; i < n; i++) {
        silence_row(table, &g_array_index(t->silences, DumpSilence, i));
    }
    cli_table_print(table, stdout, 2);
    print_cut(t->silences->len - n);
}

static void channel_row(const DumpTiming *t, CliTable *table, uint32_t i,
                        const MigTimelineChannel *channel)
{
    g_autofree char *number = g_strdup_printf("%u", i),
                    *bytes = cli_number(channel->size);
    const MigInput *in = dump_timing_input(t, i);
    g_autofree char *base = g_path_get_basename(mig_input_name(in));
    g_autofree char *file = cli_file_name(base);
    g_autofree char *opened =
        channel->opened == MIG_TIME_NONE ? g_strdup("-") : cli_ms(channel->opened);
    g_autofree char *first =
        channel->first == MIG_TIME_NONE ? g_strdup("-") : cli_ms(channel->first);
    g_autofree char *last =
        channel->last == MIG_TIME_NONE ? g_strdup("-") : cli_ms(channel->last);
    g_autofree char *silences = count(channel->n_silences);
    g_autofree char *silent = channel->silent ? cli_ms(channel->silent) : g_strdup("-");

    cli_table_row(table, number, opened, first, last, bytes, silences, silent, file);
}

static void print_channels(const DumpTiming *t)
{
    CliTable *table = cli_table_new("rrrrrrrl");

    heading(t, "CHANNELS");
    cli_table_head(table, "channel", "connected ms", "first ms", "last ms", "bytes",
                   "silences", "silent ms", "file");
    for (uint32_t i = 0; dump_timing_input(t, i); i++) {
        const MigTimelineChannel *channel = dump_timing_channel(t, i);

        if (channel) {
            channel_row(t, table, i, channel);
        }
    }
    cli_table_print(table, stdout, 2);
}

void dump_timeline_text(const DumpTiming *t)
{
    if (t->phases[DUMP_PRECOPY].from == MIG_TIME_NONE) {
        return; /* nothing could be read */
    }
    if (t->dump->options->several) {
        g_autofree char *name = cli_file_name(t->dump->file);

        printf("%s:\n", name);
    }
    print_phases(t);
    print_rounds(t);
    print_spent(t);
    print_channels(t);
    print_silences(t);
    for (guint i = 0; i < t->notes->len; i++) {
        const char *note = g_ptr_array_index(t->notes, i);
        g_autofree char *text = cli_own_text(note);
        g_autofree char *line = g_strdup_printf("  note: %s", text);

        printf(i ? "" : "\n");
        cli_print_row(stdout, 4, line);
    }
}
