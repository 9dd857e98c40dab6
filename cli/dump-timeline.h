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
    MigTimeline *timeline;
    DumpSpan phases[DUMP_PHASES];
    GArray *rounds;   /* DumpRound */
    GArray *spent;    /* DumpSpent */
    GArray *silences; /* DumpSilence, the longest first */
    GPtrArray *notes; /* texts */
} DumpTiming;

/* Reads the channels of @dump, a capture that is open, and its time line.  On failure, of the time
 * line, what came before is there; one of a channel is dump->error. */
DumpTiming *dump_timing_new(Dump *dump, GError **error);
void dump_timing_free(DumpTiming *timing);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(DumpTiming, dump_timing_free)

/* "pre-copy", ... for people, and the word of JSON. */
const char *dump_phase_name(DumpPhase phase);
const char *dump_phase_key(DumpPhase phase);

/* The @i-th channel, as MigItem has it; NULL after the last.  And what the time line knows of one
 * that there is; NULL where it does not speak of it. */
const MigInput *dump_timing_input(const DumpTiming *timing, uint32_t i);
const MigTimelineChannel *dump_timing_channel(const DumpTiming *timing, uint32_t i);

/* N of the file "channel-N", perhaps with an ending. */
#define DUMP_NO_CHANNEL UINT32_MAX
uint32_t dump_channel_number(const MigInput *in);

/* How long it was; 0 for none. */
uint64_t dump_span_ns(const DumpSpan *span);

/* How long it kept the destination waiting, on either kind of channel. */
uint64_t dump_spent_ns(const DumpSpent *row);

/* The rows that are worth one, the longest of each phase first; *cut and *others, which others
 * took together, are of the rest. */
GPtrArray *dump_timing_spent(const DumpTiming *timing, guint *cut, uint64_t *others);

/* "START of ram": what ended it.  The caller frees. */
char *dump_silence_what(const DumpSilence *silence);

#endif
