/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          see capture.h.
 * Must not know: readers.
 * See also:      stream/merge.c, which judges what was joined.
 */
#include "stream/capture.h"

#include <stdlib.h>
#include <string.h>

#include "io/error.h"
#include "io/foreign.h"
#include "stream/multifd.h"
#include "stream/preempt.h"

/* In the order in which a reader wants them. */
typedef enum Kind { OTHER, MULTIFD, PREEMPT } Kind;

typedef struct Candidate {
    MigInput *in;
    bool magic; /* it begins with the magic of a stream */
    Kind kind;
    uint8_t id; /* of a multifd channel */
} Candidate;

static Candidate look_at(MigInput *in)
{
    Candidate c = { .in = in };
    size_t n;
    const uint8_t *p = mig_input_peek(in, MIG_MULTIFD_INITIAL_LENGTH, &n);

    c.magic = n >= 4 && mig_be32(p) == MIG_FILE_MAGIC;
    if (n >= 4 && mig_be32(p) == MIG_MULTIFD_MAGIC) {
        c.kind = MULTIFD;
    } else if (!c.magic && mig_preempt_begins(in)) {
        c.kind = PREEMPT;
    }
    c.id = c.kind == MULTIFD && n >= MIG_MULTIFD_INITIAL_LENGTH
               ? mig_multifd_channel_id(p)
               : 0;
    return c;
}

/* The main channel first, then by id. */
static int compare(const void *a, const void *b)
{
    const Candidate *x = a, *y = b;

    return x->kind != y->kind ? (int)x->kind - (int)y->kind
           : x->id != y->id   ? x->id - y->id
                              : strcmp(mig_input_name(x->in), mig_input_name(y->in));
}

static void refuse(MigInput *in, GError **error)
{
    size_t there;
    const uint8_t *head = mig_input_peek(in, MIG_FOREIGN_HEAD, &there);
    g_autofree char *what = mig_foreign_describe(head, MIN(there, MIG_FOREIGN_HEAD));

    mig_error_set_plain(error, MIG_ERROR_USAGE,
                        "%s is no channel of a migration: it is %s", mig_input_name(in),
                        what);
}

/* Of @all, sorted, all before the @n_others-th are of no other kind. */
static bool judge(const Candidate *all, size_t n, size_t n_others, GError **error)
{
    if (n_others == 1) {
        return true;
    }
    if (n_others == 0) {
        mig_error_set_plain(
            error, MIG_ERROR_USAGE,
            "there is no main channel, which begins with \"QEVM\", beside "
            "%zu other%s",
            n, n == 1 ? "" : "s");
        return false;
    }
    for (size_t i = 0; i < n_others; i++) {
        if (!all[i].magic) {
            refuse(all[i].in, error);
            return false;
        }
    }
    mig_error_set_plain(error, MIG_ERROR_USAGE,
                        "%s and %s are both main channels, of two migrations: leave "
                        "one of them out",
                        mig_input_name(all[0].in), mig_input_name(all[1].in));
    return false;
}

MigInput *mig_capture_join(MigInput *const *inputs, size_t n, GError **error)
{
    g_autofree Candidate *all = g_new0(Candidate, n);
    size_t n_others = 0;
    bool ok;

    for (size_t i = 0; i < n; i++) {
        all[i] = look_at(inputs[i]);
        n_others += all[i].kind == OTHER;
    }
    qsort(all, n, sizeof *all, compare);
    ok = judge(all, n, n_others, error);
    for (size_t i = ok ? 1 : 0; i < n; i++) {
        if (ok) {
            mig_input_attach(all[0].in, all[i].in);
        } else {
            mig_input_free(all[i].in);
        }
    }
    return ok ? all[0].in : NULL;
}
