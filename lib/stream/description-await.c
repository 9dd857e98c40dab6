/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          how much of a pipe is held, and of a file looked through, for the description:
 *                other bytes may follow it, without an end, or the rest of another stream.
 * Must not know: how a pipe is held.
 * See also:      description-find.c, which searches from the end of what has one; tail.c.
 *
 * A description that comes after an end mark, and whose lengths lead back from that mark,
 * over header after header, to the section that is being read, is the one of this stream.
 */
#include "stream/reader-private.h"

#include "io/tiny.h"
#include "stream/description-begin.h"

/* How many that look like a description are read before all of the pipe is held. */
#define CANDIDATES_MAX 64

/* Bytes that are looked through of a file: the devices of a guest have less. */
#define AHEAD_MAX (UINT64_C(64) << 20)

/* Bytes that are looked at in one piece. */
#define CHUNK MIG_TINY_OR(16u, 64u << 10)

typedef struct Search {
    MigReader *reader;
    uint64_t at;  /* the end marks before this were looked at */
    uint64_t end; /* where no more are looked for, of a file; UINT64_MAX: more may come */
    unsigned candidates;
    MigDescription *found;
    uint64_t base; /* of the bytes in the buffer */
    size_t filled; /* how many they are */
    uint8_t buffer[CHUNK];
} Search;

static const uint8_t marks[] = { MIG_EOF, MIG_DESCRIPTION };

/* Where search->at is in the buffer, with at least the marks after it; NULL: it cannot be read. */
static const uint8_t *look(Search *s, uint64_t size, size_t *n)
{
    if (s->at < s->base || s->at - s->base + sizeof(marks) > s->filled) {
        s->base = s->at;
        s->filled = (size_t)MIN(CHUNK, size - s->at);
        if (mig_input_read_at(s->reader->in, s->at, s->buffer, s->filled) != s->filled) {
            s->filled = 0;
            return NULL;
        }
    }
    *n = s->filled - (size_t)(s->at - s->base);
    return s->buffer + (s->at - s->base);
}

/* The next end mark and description mark from search->at on, up to @size; *offset is that of
 * the latter. */
static bool next_marks(Search *s, uint64_t size, uint64_t *offset)
{
    while (size - s->at >= sizeof(marks)) {
        size_t n;
        const uint8_t *from = look(s, size, &n), *p;

        if (!from) {
            return false;
        }
        p = memmem(from, n, marks, sizeof(marks));
        if (p) {
            s->at += (uint64_t)(p - from) + 1;
            *offset = s->at;
            return true;
        }
        s->at += n - 1;
    }
    return false;
}

/* Whether a description can be at @offset: 1 if so, 0 if not, -1 if more has to come. */
static int plausible(Search *s, uint64_t offset, uint64_t size)
{
    uint8_t header[MIG_DESCRIPTION_BEGIN_LENGTH];
    uint64_t skip = offset - s->base;
    uint32_t length;

    if (skip + sizeof(header) <= s->filled) {
        memcpy(header, s->buffer + skip, sizeof(header));
    } else if (size - offset < sizeof(header) ||
               mig_input_read_at(s->reader->in, offset, header, sizeof(header)) !=
                   sizeof(header)) {
        return -1;
    }
    if (!mig_description_begins(header, &length)) {
        return 0;
    }
    return length <= size - offset - MIG_DESCRIPTION_HEADER_LENGTH ? 1 : -1;
}

static bool has_come(void *data)
{
    Search *s = data;
    uint64_t size = MIN(mig_input_size(s->reader->in), s->end), offset;

    while (s->candidates < CANDIDATES_MAX && next_marks(s, size, &offset)) {
        int is_there = plausible(s, offset, size);

        if (is_there < 0 && s->end == UINT64_MAX) {
            s->at = offset - 1; /* once more when it is */
            return false;
        }
        if (is_there > 0) {
            g_autoptr(MigDescription) d = mig_description_read(s->reader->in, offset);

            s->candidates++;
            if (d && d->valid && mig_reader_leads_here(s->reader, d)) {
                s->found = g_steal_pointer(&d);
                return true;
            }
        }
    }
    return false;
}

MigDescription *mig_reader_await_description(MigReader *r, GError **error)
{
    g_autofree Search *s = g_new0(Search, 1);
    bool ends_with_it = r->grammar.state == STATE_BODY && !r->grammar.package_depth;

    s->reader = r;
    s->at = mig_reader_tell(r);
    s->end = UINT64_MAX;
    if (ends_with_it && mig_input_seekable(r->in)) {
        s->end = s->at + AHEAD_MAX;
        has_come(s);
    } else if (!mig_input_hold_until(r->in, ends_with_it ? has_come : NULL, s, error)) {
        mig_description_free(s->found);
        return NULL;
    }
    return s->found ? s->found : mig_description_find(r->in, r->pos);
}
