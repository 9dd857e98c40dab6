/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          the search for a description from the end of the input backwards.
 * Must not know: what is in one; stream/description.c reads it.
 * See also:      stream/description.h.
 */
#include "stream/description.h"

#include "io/tiny.h"
#include "stream/description-begin.h"

/* How many candidates that look like a description are read before giving up. */
#define CANDIDATES_MAX 64

/* Bytes that are looked at in one piece. */
#define CHUNK MIG_TINY_OR(16u, 64u << 10)

/* The search for 0x06 backwards from @end, down to @from. */
typedef struct Backwards {
    MigInput *in;
    uint64_t from, at; /* at: offset of buffer[0] */
    size_t n;          /* bytes of the buffer that were not looked at */
    size_t filled;     /* bytes of it */
    uint8_t buffer[CHUNK];
} Backwards;

static void backwards_init(Backwards *b, MigInput *in, uint64_t from, uint64_t end)
{
    b->in = in;
    b->from = from;
    b->at = end;
    b->n = b->filled = 0;
}

static bool backwards_refill(Backwards *b)
{
    b->n = b->filled = (size_t)MIN(CHUNK, b->at - MIN(b->from, b->at));
    b->at -= b->n;
    return b->n && mig_input_read_at(b->in, b->at, b->buffer, b->n) == b->n;
}

static bool previous_mark(Backwards *b, uint64_t *offset)
{
    for (;;) {
        const uint8_t *p = b->n ? memrchr(b->buffer, MIG_DESCRIPTION, b->n) : NULL;

        if (p) {
            b->n = (size_t)(p - b->buffer);
            *offset = b->at + b->n;
            return true;
        }
        if (!backwards_refill(b)) {
            return false;
        }
    }
}

/* The offset after the last byte in [from, end) that is not zero. */
static uint64_t without_padding(Backwards *b, MigInput *in, uint64_t from, uint64_t end)
{
    backwards_init(b, in, from, end);
    while (backwards_refill(b)) {
        while (b->n) {
            if (b->buffer[b->n - 1]) {
                return b->at + b->n;
            }
            b->n--;
        }
    }
    return from;
}

/* Whether the mark that was found last can be a description's that ends at or before @end. */
static bool plausible(const Backwards *b, uint64_t end, uint32_t *length)
{
    uint64_t offset = b->at + b->n;
    uint8_t header[MIG_DESCRIPTION_BEGIN_LENGTH];

    if (end - offset < sizeof(header)) {
        return false;
    }
    if (b->filled - b->n >= sizeof(header)) {
        memcpy(header, b->buffer + b->n, sizeof(header));
    } else if (mig_input_read_at(b->in, offset, header, sizeof(header)) !=
               sizeof(header)) {
        return false;
    }
    return mig_description_begins(header, length) &&
           *length <= end - offset - MIG_DESCRIPTION_HEADER_LENGTH;
}

/* JSON has no byte 6 in it, so the mark of a description that ends at @end is the last
 * such byte before it, or one of the four before that, when its length has some. */
static MigDescription *ending_at(Backwards *b, MigInput *in, uint64_t from, uint64_t end)
{
    uint64_t last, mark;

    backwards_init(b, in, MAX(from, end - MIN(end, MIG_DESCRIPTION_MAX + 5ull)), end);
    if (!previous_mark(b, &last)) {
        return NULL;
    }
    mark = last;
    do {
        uint32_t length;

        if (plausible(b, end, &length) &&
            mark + MIG_DESCRIPTION_HEADER_LENGTH + length == end) {
            return mig_description_read(in, mark);
        }
    } while (previous_mark(b, &mark) && last - mark < MIG_DESCRIPTION_HEADER_LENGTH);
    return NULL;
}

static MigDescription *last_valid(Backwards *b, MigInput *in, uint64_t from, uint64_t end)
{
    unsigned candidates = 0;
    uint64_t mark;
    uint32_t length;

    backwards_init(b, in, from, end);
    while (candidates < CANDIDATES_MAX && previous_mark(b, &mark)) {
        g_autoptr(MigDescription) d = NULL;

        if (!plausible(b, end, &length)) {
            continue;
        }
        candidates++;
        d = mig_description_read(in, mark);
        if (d && d->valid) {
            return g_steal_pointer(&d);
        }
    }
    return NULL;
}

MigDescription *mig_description_at_end(MigInput *in, uint64_t from)
{
    g_autofree Backwards *b = g_new(Backwards, 1);

    return ending_at(b, in, from, mig_input_size(in));
}

MigDescription *mig_description_within(MigInput *in, uint64_t from, uint64_t end)
{
    g_autofree Backwards *b = g_new(Backwards, 1);

    return last_valid(b, in, from, end);
}

MigDescription *mig_description_find(MigInput *in, uint64_t from)
{
    g_autofree Backwards *b = g_new(Backwards, 1);
    uint64_t end = mig_input_data_end(in, from);
    MigDescription *d = ending_at(b, in, from, end);

    if (!d) {
        uint64_t trimmed = without_padding(b, in, from, end);

        d = trimmed < end ? ending_at(b, in, from, trimmed) : NULL;
    }
    return d ? d : last_valid(b, in, from, end);
}
