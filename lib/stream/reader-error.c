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

static bool ended_well(MigInput *in, GError **error)
{
    uint8_t byte;

    if (mig_input_seekable(in)) {
        mig_input_read_at(in, mig_input_size(in), &byte, 1);
    }
    return mig_input_end_error(in, error);
}

bool mig_reader_ended_well(MigReader *r, GError **error)
{
    return ended_well(r->in, error);
}

/* "a RAM record", "an element"; "its ..." would need to know whose. */
static const char *article(const char *what)
{
    return strchr("aeiou", *what) ? "an" : "a";
}

MigStatus mig_reader_cut_short(MigInput *in, uint64_t offset, const char *least,
                               uint64_t missing, const char *what, GError **error)
{
    g_autofree char *number = mig_number(missing);

    if (ended_well(in, error)) {
        mig_error_set(error, MIG_ERROR_TRUNCATED, offset, MIG_DEFECT_TRUNCATED,
                      "cut short: the stream ends %s%s byte%s before the end of %s %s",
                      least, number, missing == 1 ? "" : "s", article(what), what);
    }
    return MIG_STATUS_ERROR;
}

MigStatus mig_reader_truncated(MigReader *r, uint64_t offset, uint64_t want,
                               uint64_t found, const char *what, GError **error)
{
    return mig_reader_cut_short(r->in, offset, "", want - found, what, error);
}

MigStatus mig_reader_lacks(MigReader *r, uint64_t offset, uint64_t want, uint64_t found,
                           const char *what, GError **error)
{
    return mig_reader_cut_short(r->in, offset, "at least ", want - found, what, error);
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
