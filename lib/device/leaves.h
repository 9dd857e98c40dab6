/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          what a comparison keeps of one device: a list of its fields, found by
 *                path.
 * Must not know: the other side.
 * See also:      diff/compare-fields.c and shape/compare.c, which compare two of them.
 */
#ifndef MIG_DEVICE_LEAVES_H
#define MIG_DEVICE_LEAVES_H

#include <glib.h>

#include "device/field.h"

/* A value, or a group (a struct, an array, a subsection) for those that one side lacks. */
typedef struct MigLeaf {
    MigField field; /* its texts are those of the list, its bytes those of the body */
    bool seen;      /* the other side has it */
    guint next;     /* index + 1 of the next one of that path; 0: there is none */
    guint
        last; /* of the first one of a path: index of the last; and which is to be taken */
    guint taken;
} MigLeaf;

typedef struct MigLeaves {
    GArray *list;   /* MigLeaf, in order */
    GTree *by_path; /* path -> index + 1; the first of a path */
    GStringChunk *strings;
    GArray *registers; /* uint64_t: of an Arm CPU, the id of each register */
    size_t kept;       /* bytes of strings */
    bool too_many;     /* some were left out */
} MigLeaves;

void mig_leaves_init(MigLeaves *leaves);
void mig_leaves_clear(MigLeaves *leaves);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(MigLeaves, mig_leaves_clear)

/* A MigFieldVisit; @user is the MigLeaves.  The body must live as long. */
void mig_leaves_collect(const MigField *field, void *user);

/* The first of that path, or NULL. */
MigLeaf *mig_leaves_find(const MigLeaves *leaves, const char *path);

/* The first of that path that was not taken before, which is seen from now on; NULL: none is
 * left.  A description can have a path twice. */
MigLeaf *mig_leaves_take(const MigLeaves *leaves, const char *path);

#endif
