/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          what a format has to show of migstat dump --timeline.
 * Must not know: any one format.
 * See also:      dump-timeline.c, which fills it in; dump-timeline-text.c,
 *                dump-timeline-json.c.
 *
 * All times are nanoseconds since the first connection.
 */
#ifndef CLI_DUMP_TIMELINE_H
#define CLI_DUMP_TIMELINE_H

#include "dump.h"

/* Rounds that are kept; what is more is part of the last. */
#define DUMP_ROUNDS_MAX 4096u

typedef enum DumpPhase {
    DUMP_PRECOPY,
    DUMP_STOP_COPY, /* the guest stands still */
    DUMP_POSTCOPY,  /* it runs at the destination */
    DUMP_AFTER,     /* the end mark: the description */
    DUMP_PHASES
} DumpPhase;

/* From when to when; from is MIG_TIME_NONE for what was not. */
typedef struct DumpSpan {
    uint64_t from, to;
    uint64_t length; /* bytes of all channels */
} DumpSpan;

/* A pass over guest memory; or what was left of it for a later phase. */
typedef struct DumpRound {
    DumpSpan span;
    DumpPhase phase;
    uint64_t pages[MIG_PAGE_KIND_COUNT];
} DumpRound;

/* A section in one phase. */
typedef struct DumpSpent {
    const MigSection
        *section; /* NULL: the time until the source began to send this phase */
    DumpPhase phase;
    DumpSpan span;    /* on the main channel, */
    uint64_t ns;      /* so long of which were its own; */
    uint64_t pieces;  /* START, PART, END and FULL */
    uint64_t packets; /* and on multifd channels */
    DumpSpan sent;
} DumpSpent;

/* A silence, and what came after it. */
typedef struct DumpSilence {
    const MigSilence *silence;
    uint32_t channel; /* as MigItem has it */
    bool known;       /* an item was read there, and so are */
    MigItemKind kind;
    const MigSection *section; /* NULL: it is in none */
    MigSectionType type;
} DumpSilence;

typedef struct DumpTiming {
    const Dump *dump;
    const MigTimeline *timeline;
    DumpSpan phases[DUMP_PHASES];
    GArray *rounds;   /* DumpRound */
    GArray *spent;    /* DumpSpent */
    GArray *silences; /* DumpSilence, the longest first */
    GPtrArray *notes; /* texts */
} DumpTiming;

/* "pre-copy", ... for people, and the word of JSON. */
const char *dump_phase_name(DumpPhase phase);
const char *dump_phase_key(DumpPhase phase);

/* The @i-th channel, as MigItem has it; NULL after the last.  And what the time line knows of one
 * that there is; NULL where it does not speak of it. */
const MigInput *dump_timing_input(const DumpTiming *timing, uint32_t i);
const MigTimelineChannel *dump_timing_channel(const DumpTiming *timing, uint32_t i);

/* How long it was; 0 for none. */
uint64_t dump_span_ns(const DumpSpan *span);

#endif
