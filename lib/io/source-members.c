/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          see source-members.h.
 * Must not know: any one compression.
 * See also:      source-unpack.c, which asks for steps.
 */
#include "io/source-members.h"

/* Compressed bytes per step: what a damaged one takes with it. */
#define STEP ((size_t)1024)

/* Between members: the next one, or the end. */
static bool start_member(MigMembers *members, GError **error)
{
    MigUnpack *unpack = &members->unpack;
    const uint8_t *next = unpack->buffer + unpack->used;
    size_t left = unpack->filled - unpack->used;

    if (left < members->ops->head && !unpack->inner_ended) {
        return mig_unpack_refill(unpack, error);
    }
    if (members->ops->recognise(next, left)) {
        members->in_member = members->ops->begin(members);
    } else if (left == 0) {
        unpack->ended = true;
    } else if (next[0] == 0) {
        /* Padding to the end of a block or volume, which gzip(1) and xz(1) accept as well. */
        while (unpack->used < unpack->filled && unpack->buffer[unpack->used] == 0) {
            unpack->used++;
        }
    } else {
        mig_unpack_pass(unpack, "wanted a member or the end, found other bytes");
    }
    return true;
}

/* The decompressor wants more than there is. */
static bool want_more(MigUnpack *unpack, GError **error)
{
    if (!unpack->inner_ended) {
        return mig_unpack_refill(unpack, error);
    }
    unpack->used = unpack->filled;
    mig_unpack_fail(unpack, MIG_ERROR_CONTAINER,
                    "the compressed data ends within a member");
    return true;
}

bool mig_members_step(MigUnpack *unpack, uint8_t *out, size_t n, size_t *given,
                      GError **error)
{
    MigMembers *members = (MigMembers *)unpack;
    const uint8_t *next = unpack->buffer + unpack->used;
    MigPiece piece = { next, MIN(unpack->filled - unpack->used, STEP), out, n };

    if (!members->in_member) {
        return start_member(members, error);
    }
    MigProgress progress = members->ops->advance(members, &piece);
    if (progress == MIG_PROGRESS_FAILED) {
        return true;
    }
    members->in_member = progress == MIG_PROGRESS_MORE;
    unpack->used += (size_t)(piece.in - next);
    *given = (size_t)(piece.out - out);
    return !members->in_member || piece.in > next || *given > 0 ||
           want_more(unpack, error);
}

MigProgress mig_members_damaged(MigMembers *members)
{
    mig_unpack_fail(&members->unpack, MIG_ERROR_CONTAINER,
                    "the compressed data is damaged");
    return MIG_PROGRESS_FAILED;
}

void mig_members_init(MigMembers *members, const MigMembersOps *ops, MigSource *inner,
                      const MigOpening *opening)
{
    mig_unpack_init(&members->unpack, &ops->unpack, inner, opening);
    members->ops = ops;
}
