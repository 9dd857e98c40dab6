/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          where the body of a section ends if it does not say so itself.
 * Must not know: what is in the body; device/ does.
 * See also:      stream/description.c.
 *
 * The description after the end mark has the length of each FULL section.  Where there is
 * none, or its length does not lead to this section's footer, the reader searches for the
 * footer: its bytes, followed by something that can come next.  An end that was found this
 * way is marked as inferred.  Without footers the end cannot be known, which is an error.
 */
#include <string.h>

#include "io/tiny.h"
#include "stream/reader-private.h"
#include "stream/defect.h"

/* Of the search for a footer, in bytes: most sections are short. */
#define WINDOW_MIN MIG_TINY_OR(16u, 4u << 10)
#define WINDOW_MAX MIG_TINY_OR(64u, 64u << 10)

/* How long, in bytes, a better end of a section is looked for, and of all sections. */
#define SECOND_BEST_FOR (64u << 10)
#define SECOND_BEST_ALL (16u << 20)

/* Bytes from @offset on; how many is returned, at most @n. */
static size_t look(MigReader *r, uint64_t offset, uint8_t *p, size_t n)
{
    return mig_input_read_at(r->in, offset, p, n);
}

static uint64_t limit_of(const MigReader *r)
{
    return r->grammar.package_depth ? r->grammar.package_end[r->grammar.package_depth - 1]
                                    : mig_input_size(r->in);
}

/* Whether a section, a command or the end can be at @offset. */
static bool plausible(MigReader *r, uint64_t offset)
{
    uint8_t p[MIG_PLAUSIBLE_LENGTH];

    return offset == limit_of(r) ||
           mig_reader_plausible(r, p, look(r, offset, p, sizeof(p)));
}

static bool footer_at(MigReader *r, uint64_t offset)
{
    uint8_t p[MIG_FOOTER_LENGTH];

    return look(r, offset, p, sizeof(p)) == sizeof(p) && p[0] == MIG_FOOTER &&
           mig_be32(p + 1) == r->grammar.section_id;
}

/* Whether the section can end at @end, by its footer or, without footers, by what follows. */
static bool can_end(MigReader *r, uint64_t end)
{
    if (end > limit_of(r)) {
        return false;
    }
    return (r->grammar.footers != FOOTERS_OFF && footer_at(r, end)) ||
           (r->grammar.footers != FOOTERS_ON && plausible(r, end));
}

/* The same for bytes that are in memory, where what must be seen of it is. */
static bool plausible_in(MigReader *r, const uint8_t *p, const uint8_t *end,
                         uint64_t offset)
{
    return end - p >= (ptrdiff_t)MIG_PLAUSIBLE_LENGTH
               ? mig_reader_plausible(r, p, MIG_PLAUSIBLE_LENGTH)
               : plausible(r, offset);
}

/* Finds the footer of this section from @from on. Best: one followed by something
 * plausible. Second best, if none is near: one followed by a section type or the end mark,
 * since names and trailing bytes may hold anything. */
static bool find_footer(MigReader *r, uint64_t from, uint64_t *end)
{
    g_autofree uint8_t *window = g_malloc(WINDOW_MAX);
    uint8_t footer[MIG_FOOTER_LENGTH] = { MIG_FOOTER };
    uint64_t limit = limit_of(r), second_best = UINT64_MAX;
    size_t want = WINDOW_MIN;

    mig_put_be32(footer + 1, r->grammar.section_id);
    while (from < limit) {
        const uint8_t *p = window;
        size_t n = look(r, from, window, (size_t)MIN(want, limit - from));

        while ((p = memmem(p, n - (size_t)(p - window), footer, sizeof(footer)))) {
            const uint8_t *next = p + MIG_FOOTER_LENGTH;

            *end = from + (uint64_t)(p - window);
            if (plausible_in(r, next, window + n, *end + MIG_FOOTER_LENGTH)) {
                return true;
            }
            if (next < window + n && mig_starts_section(*next)) {
                second_best = MIN(second_best, *end);
            }
            p++;
        }
        bool found = second_best != UINT64_MAX;
        r->second_best_sought += found ? n : 0;
        if (n <= MIG_FOOTER_LENGTH || from + n >= limit ||
            (found && (from + n - second_best > SECOND_BEST_FOR ||
                       r->second_best_sought > SECOND_BEST_ALL))) {
            break;
        }
        from += n - MIG_FOOTER_LENGTH; /* so that what follows a footer is seen too */
        want = MIN(want * 4, WINDOW_MAX);
    }
    *end = second_best;
    return second_best != UINT64_MAX;
}

/* The length that the description has for this section. */
static bool described_length(MigReader *r, uint64_t *length)
{
    const MigDescription *d = r->description;
    ssize_t i;

    if (!d || r->grammar.type != MIG_SECTION_FULL ||
        strlen(r->grammar.section->name) != r->grammar.section->name_length) {
        return false;
    }
    i = mig_description_lookup(d, r->grammar.section->name,
                               r->grammar.section->instance_id, r->next_device);
    if (i < 0) {
        return false;
    }
    r->next_device = (size_t)i + 1;
    *length = d->devices[i].size;
    return d->devices[i].size_known;
}

static MigStatus find_end(MigReader *r, MigItem *item, uint64_t *end, GError **error)
{
    uint64_t length = 0, limit = limit_of(r);
    bool described = described_length(r, &length);

    *end = item->offset + length;
    if (described && length <= limit - MIN(limit, item->offset) && can_end(r, *end)) {
        return MIG_STATUS_MORE;
    }
    item->description_differs = described;
    if (r->grammar.footers != FOOTERS_OFF && find_footer(r, item->offset, end)) {
        item->inferred = true;
        return MIG_STATUS_MORE;
    }
    if (!mig_reader_ended_well(r, error)) {
        return MIG_STATUS_ERROR;
    }
    if (r->grammar.footers != FOOTERS_ON) {
        return mig_reader_malformed(
            r, item->offset, MIG_DEFECT_SECTION_END_UNKNOWN, error,
            "where this section ends cannot be known: %s, and %s",
            r->grammar.footers == FOOTERS_OFF ? "the stream has no footers"
                                              : "no footer follows",
            described ? "the length in its description is wrong"
                      : "no description has a length for it");
    }
    mig_error_set(
        error, MIG_ERROR_TRUNCATED, item->offset, MIG_DEFECT_TRUNCATED,
        "cut short: the stream ends inside of this section, whose footer is not "
        "among the %" PRIu64 " bytes that are left",
        limit - MIN(limit, item->offset));
    return MIG_STATUS_ERROR;
}

/* The same of a stream that is still sent: whether it ends with the footer at @at of the @n bytes
 * at @p.  What comes after it tells, as far as it has come. */
static bool ends_live(MigReader *r, const uint8_t *p, size_t n, size_t at)
{
    size_t next = at + MIG_FOOTER_LENGTH;

    return (r->grammar.package_depth && r->pos + next == limit_of(r)) ||
           (next < n &&
            mig_reader_plausible(r, p + next, MIN(n - next, MIG_PLAUSIBLE_LENGTH)));
}

/* Waits for no more bytes than those that tell. */
static MigStatus find_end_live(MigReader *r, MigItem *item, uint64_t *end, GError **error)
{
    uint8_t footer[MIG_FOOTER_LENGTH] = { MIG_FOOTER };
    size_t n = 0, from = 0, want = MIG_FOOTER_LENGTH;

    mig_put_be32(footer + 1, r->grammar.section_id);
    do {
        const uint8_t *p = mig_reader_peek(r, want, &n), *found = NULL;

        if (n < want) {
            break;
        }
        while ((found = memmem(p + from, n - from, footer, sizeof footer))) {
            from = (size_t)(found - p);
            if (ends_live(r, p, n, from)) {
                *end = item->offset + from;
                item->inferred = true;
                return MIG_STATUS_MORE;
            }
            if (from + MIG_FOOTER_LENGTH == n) {
                break; /* once more when something follows */
            }
            from++;
        }
        from = found ? from : n - (MIG_FOOTER_LENGTH - 1);
        want = n + 1;
    } while (want <= MIG_ITEM_MAX);
    mig_error_set(error, MIG_ERROR_TRUNCATED, item->offset, MIG_DEFECT_TRUNCATED,
                  "no footer is among the %zu bytes of this section that came", n);
    return MIG_STATUS_ERROR;
}

static MigStatus device_next(MigReader *r, void *state, MigItem *item, GError **error)
{
    unsigned *step = state;
    uint64_t end;

    if (*step) {
        return MIG_STATUS_END;
    }
    *step = 1;
    if (r->ends_by_footers) {
        if (find_end_live(r, item, &end, error) == MIG_STATUS_ERROR) {
            return MIG_STATUS_ERROR;
        }
        item->kind = MIG_ITEM_DEVICE_STATE;
        item->length = end - item->offset;
        return item->length ? MIG_STATUS_MORE : MIG_STATUS_END;
    }
    mig_reader_find_description(r, &r->failure);
    if (r->failure) {
        g_propagate_error(error, g_steal_pointer(&r->failure));
        return MIG_STATUS_ERROR;
    }
    if (find_end(r, item, &end, error) == MIG_STATUS_ERROR) {
        return MIG_STATUS_ERROR;
    }
    if (end == item->offset) {
        return MIG_STATUS_END;
    }
    item->kind = MIG_ITEM_DEVICE_STATE;
    item->length = end - item->offset;
    return MIG_STATUS_MORE;
}

const MigBody mig_body_device = { .idstr = "", .next = device_next };
