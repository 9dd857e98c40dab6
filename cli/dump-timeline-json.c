/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          migstat dump --timeline as JSON; the keys are described in migstat-json(5).
 * Must not know: how times are found.
 * See also:      dump-timeline.c, which calls it.
 */
#include "dump-timeline.h"

static void put_time(CliJson *json, const char *key, uint64_t time)
{
    if (time == MIG_TIME_NONE) {
        cli_json_null(json, key);
    } else {
        cli_json_uint(json, key, time);
    }
}

static void put_span(CliJson *json, const DumpSpan *span)
{
    cli_json_uint(json, "from_ns", span->from);
    cli_json_uint(json, "ns", dump_span_ns(span));
    cli_json_uint(json, "length", span->length);
}

static void put_phases(CliJson *json, const DumpTiming *t)
{
    for (DumpPhase phase = 0; phase < DUMP_PHASES; phase++) {
        if (t->phases[phase].from != MIG_TIME_NONE) {
            cli_json_object(json, NULL);
            cli_json_string(json, "phase", dump_phase_key(phase));
            put_span(json, &t->phases[phase]);
            cli_json_end_object(json);
        }
    }
}

static void put_round(CliJson *json, const DumpRound *round)
{
    cli_json_object(json, NULL);
    cli_json_string(json, "phase", dump_phase_key(round->phase));
    put_span(json, &round->span);
    cli_json_object(json, "pages");
    for (MigPageKind kind = 0; kind < MIG_PAGE_KIND_COUNT; kind++) {
        cli_json_uint(json, mig_page_kind_name(kind), round->pages[kind]);
    }
    cli_json_end_object(json);
    cli_json_end_object(json);
}

static void put_section(CliJson *json, const MigSection *section)
{
    if (section) {
        cli_json_string_len(json, "name", section->name, section->name_length);
        cli_json_uint(json, "instance_id", section->instance_id);
    } else {
        cli_json_null(json, "name");
        cli_json_null(json, "instance_id");
    }
}

static void put_spent(CliJson *json, const DumpSpent *row)
{
    cli_json_object(json, NULL);
    cli_json_string(json, "phase", dump_phase_key(row->phase));
    put_section(json, row->section);
    put_time(json, "from_ns", row->span.from);
    cli_json_uint(json, "ns", row->ns);
    cli_json_uint(json, "length", row->span.length);
    cli_json_uint(json, "pieces", row->pieces);
    if (row->packets) {
        cli_json_object(json, "multifd");
        put_span(json, &row->sent);
        cli_json_uint(json, "packets", row->packets);
        cli_json_end_object(json);
    } else {
        cli_json_null(json, "multifd");
    }
    cli_json_end_object(json);
}

static void put_channel(CliJson *json, const DumpTiming *t, uint32_t i,
                        const MigTimelineChannel *channel)
{
    cli_json_object(json, NULL);
    cli_json_uint(json, "channel", i);
    cli_json_string(json, "file", mig_input_name(dump_timing_input(t, i)));
    put_time(json, "opened_ns", channel->opened);
    put_time(json, "closed_ns", channel->closed);
    put_time(json, "first_ns", channel->first);
    put_time(json, "last_ns", channel->last);
    cli_json_uint(json, "length", channel->size);
    cli_json_uint(json, "silences", channel->n_silences);
    cli_json_uint(json, "silent_ns", channel->silent);
    cli_json_end_object(json);
}

static void put_channels(CliJson *json, const DumpTiming *t)
{
    const MigTimelineChannel *channel;

    for (uint32_t i = 0; dump_timing_input(t, i); i++) {
        if ((channel = dump_timing_channel(t, i))) {
            put_channel(json, t, i, channel);
        }
    }
}

static void put_silence(CliJson *json, const DumpSilence *one)
{
    cli_json_object(json, NULL);
    if (one->known) {
        cli_json_uint(json, "channel", one->channel);
    } else {
        cli_json_null(json, "channel");
    }
    cli_json_uint(json, "from_ns", one->silence->from);
    cli_json_uint(json, "ns", one->silence->length);
    cli_json_uint(json, "offset", one->silence->offset);
    cli_json_string(json, "item", one->known ? mig_item_kind_name(one->kind) : NULL);
    put_section(json, one->section);
    cli_json_string(json, "type",
                    one->section && !one->channel ? mig_section_type_key(one->type)
                                                  : NULL);
    cli_json_end_object(json);
}

/* Ends the array before, and begins another. */
static void next_array(CliJson *json, const char *key)
{
    cli_json_end_array(json);
    cli_json_array(json, key);
}

void dump_timeline_json(const DumpTiming *t)
{
    CliJson *json = dump_json_begin(t->dump, "phases");

    put_phases(json, t);
    next_array(json, "rounds");
    for (guint i = 0; i < t->rounds->len; i++) {
        put_round(json, &g_array_index(t->rounds, DumpRound, i));
    }
    next_array(json, "sections");
    for (guint i = 0; i < t->spent->len; i++) {
        put_spent(json, &g_array_index(t->spent, DumpSpent, i));
    }
    next_array(json, "channels");
    put_channels(json, t);
    next_array(json, "silences");
    for (guint i = 0; i < t->silences->len; i++) {
        put_silence(json, &g_array_index(t->silences, DumpSilence, i));
    }
    next_array(json, "notes");
    for (guint i = 0; i < t->notes->len; i++) {
        cli_json_string(json, NULL, g_ptr_array_index(t->notes, i));
    }
    dump_json_end(json, t->dump);
}
