/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          what a line has that a monitor prints: names in quotes, numbers, ids.
 * Must not know: what the line is of.  Private to shape/.
 * See also:      transcript-text.c.
 */
#ifndef MIG_SHAPE_TRANSCRIPT_LINE_H
#define MIG_SHAPE_TRANSCRIPT_LINE_H

#include "shape/transcript.h"

/* @n bytes of @text, kept as long as the transcript. */
const char *mig_transcript_keep(const MigTranscript *transcript, const char *text,
                                size_t n);

/* What is between the first two '"' from @text on, or NULL where it is empty. */
const char *mig_transcript_quoted(const MigTranscript *transcript, const char *text);

/* The number after @mark, or false. */
bool mig_transcript_number(const char *text, const char *mark, int base, guint64 *value);

/* " 8086:2918" after @mark. */
void mig_transcript_ids(MigTranscriptFunction *function, const char *text,
                        const char *mark);

/* " at 0xffffffffffffffff [0x1e]": the address, and the last one that belongs to it. */
void mig_transcript_bar_size(MigTranscriptBar *bar, const char *text);

#endif
