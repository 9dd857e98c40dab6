/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          what compressions have in common whose files are members, any number in a row,
 *                and the zeros that may pad them.
 * Must not know: any one compression.
 * See also:      source-unpack.h, on which it stands; container-gzip.c, -bzip2.c, -xz.c, -lzop.c.
 */
#ifndef MIG_IO_SOURCE_MEMBERS_H
#define MIG_IO_SOURCE_MEMBERS_H

#include "io/piece.h"
#include "io/source-unpack.h"

typedef struct MigMembers MigMembers;

typedef struct MigMembersOps {
    MigUnpackOps unpack;
    /* A member begins with these first bytes, of which recognise() wants @head. */
    size_t head;
    bool (*recognise)(const uint8_t *head, size_t n);
    /* Makes ready for a member, the first or another; false after mig_unpack_fail(). */
    bool (*begin)(MigMembers *members);
    /* MORE: the member goes on; a piece of which nothing was used is too small.  ENDED: it has
     * ended.  FAILED: mig_unpack_fail() was called. */
    MigProgress (*advance)(MigMembers *members, MigPiece *piece);
} MigMembersOps;

/* Embedded at the start of each kind. */
struct MigMembers {
    MigUnpack unpack;
    const MigMembersOps *ops;
    bool in_member;
};

/* As mig_unpack_init(); the ops' step is mig_members_step(). */
void mig_members_init(MigMembers *members, const MigMembersOps *ops, MigSource *inner,
                      const MigOpening *opening);

bool mig_members_step(MigUnpack *unpack, uint8_t *out, size_t n, size_t *given,
                      GError **error);

/* mig_unpack_fail(): what the decompressor cannot make sense of. */
MigProgress mig_members_damaged(MigMembers *members);

#endif
