/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          see transcript-line.h.
 * Must not know: what a line is of.
 * See also:      transcript-text.c.
 */
#include "shape/transcript-line.h"

#include <stdio.h>
#include <string.h>

const char *mig_transcript_keep(const MigTranscript *transcript, const char *text,
                                size_t n)
{
    return g_string_chunk_insert_len(transcript->tree->strings, text, (gssize)n);
}

const char *mig_transcript_quoted(const MigTranscript *transcript, const char *text)
{
    const char *begin = strchr(text, '"');
    const char *end = begin ? strchr(begin + 1, '"') : NULL;

    return end && end > begin + 1
               ? mig_transcript_keep(transcript, begin + 1, (size_t)(end - begin - 1))
               : NULL;
}

bool mig_transcript_number(const char *text, const char *mark, int base, guint64 *value)
{
    const char *p = strstr(text, mark);
    char *end;

    if (!p) {
        return false;
    }
    p += strlen(mark);
    *value = g_ascii_strtoull(p, &end, base);
    return end != p;
}

void mig_transcript_ids(MigTranscriptFunction *function, const char *text,
                        const char *mark)
{
    unsigned vendor, device;
    const char *p = strstr(text, mark);

    if (p && sscanf(p + strlen(mark), " %4x:%4x", &vendor, &device) == 2) {
        function->has_ids = true;
        function->vendor = (uint16_t)vendor;
        function->device = (uint16_t)device;
    }
}

void mig_transcript_bar_size(MigTranscriptBar *bar, const char *text)
{
    guint64 address, last;

    if (mig_transcript_number(text, " at ", 16, &address) &&
        mig_transcript_number(text, "[", 16, &last)) {
        bar->size = last - address + 1;
    }
}
