/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          what diff keeps of one device: a list of its values, found by path.
 * Must not know: the other side.
 * See also:      diff-fields.c, which compares two of them.
 */
#ifndef CLI_DIFF_LEAVES_H
#define CLI_DIFF_LEAVES_H

#include "cli.h"

/* Bytes of a buffer that are kept; of a longer one, a digest. */
#define DIFF_BYTES_KEPT 4096u

/* A value, or a group (a struct, an array, a subsection) for those that one side lacks. */
typedef struct DiffLeaf {
    const char *path, *type, *text;
    const char *note; /* "" where nothing is to say */
    MigFieldKind kind;
    uint64_t u;
    uint64_t length;
    uint8_t *bytes; /* BYTES and MISMATCH up to DIFF_BYTES_KEPT */
    char *digest;   /* of longer ones, hexadecimal */
    bool seen;      /* the other side has it */
} DiffLeaf;

typedef struct DiffLeaves {
    GArray *list;   /* DiffLeaf, in order */
    GTree *by_path; /* path -> index + 1; the first of a path */
    GStringChunk *strings;
    GArray *registers; /* uint64_t: of an Arm CPU, the id of each register */
    size_t kept;       /* bytes of strings and buffers */
    bool too_many;     /* some were left out */
} DiffLeaves;

void diff_leaves_init(DiffLeaves *leaves);
void diff_leaves_clear(DiffLeaves *leaves);

/* A MigFieldVisit; @user is the DiffLeaves. */
void diff_leaves_collect(const MigField *field, void *user);

DiffLeaf *diff_leaves_find(const DiffLeaves *leaves, const char *path);

static inline bool diff_leaf_is_group(const DiffLeaf *leaf)
{
    return leaf->kind <= MIG_FIELD_SUBSECTION;
}

static inline bool diff_leaf_is_buffer(const DiffLeaf *leaf)
{
    return leaf->kind == MIG_FIELD_BYTES || leaf->kind == MIG_FIELD_MISMATCH;
}

#endif
