/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          how a body says that it cannot go on.
 * Must not know: any body.
 * See also:      stream/body.h.
 */
#include <string.h>

#include "io/number.h"
#include "stream/reader-private.h"
#include "stream/defect.h"

MigStatus mig_reader_malformed(MigReader *r, uint64_t offset, const char *rule,
                               GError **error, const char *format, ...)
{
    g_autofree char *text = NULL;
    va_list args;

    va_start(args, format);
    text = g_strdup_vprintf(format, args);
    va_end(args);
    mig_error_set(error, MIG_ERROR_MALFORMED, offset, rule, "%s", text);
    (void)r;
    return MIG_STATUS_ERROR;
}

bool mig_reader_ended_well(MigReader *r, GError **error)
{
    uint8_t octet;

    if (mig_input_seekable(r->in)) {
        mig_input_read_at(r->in, mig_input_size(r->in), &octet, 1);
    }
    return mig_input_end_error(r->in, error);
}

/* "a RAM record", "an element"; "its ..." would need to know whose. */
static const char *article(const char *what)
{
    return strchr("aeiou", *what) ? "an" : "a";
}

static MigStatus cut_short(MigReader *r, uint64_t offset, const char *least,
                           uint64_t missing, const char *what, GError **error)
{
    g_autofree char *number = mig_number(missing);

    if (mig_reader_ended_well(r, error)) {
        mig_error_set(error, MIG_ERROR_TRUNCATED, offset, MIG_DEFECT_TRUNCATED,
                      "cut short: the stream ends %s%s byte%s before the end of %s %s",
                      least, number, missing == 1 ? "" : "s", article(what), what);
    }
    return MIG_STATUS_ERROR;
}

MigStatus mig_reader_truncated(MigReader *r, uint64_t offset, uint64_t want,
                               uint64_t found, const char *what, GError **error)
{
    return cut_short(r, offset, "", want - found, what, error);
}

MigStatus mig_reader_lacks(MigReader *r, uint64_t offset, uint64_t want, uint64_t found,
                           const char *what, GError **error)
{
    return cut_short(r, offset, "at least ", want - found, what, error);
}

const uint8_t *mig_reader_need(MigReader *r, const MigItem *item, size_t want,
                               const char *what, GError **error)
{
    size_t n;
    const uint8_t *p = mig_input_peek(r->in, want, &n);

    if (G_UNLIKELY(n < want)) {
        mig_reader_lacks(r, item->offset, want, n, what, error);
        return NULL;
    }
    return p;
}
