/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          which elements of an array of pointers are NULL although the description
 *                does not say so.
 * Must not know: what the elements hold.  Private to device/.
 * See also:      device/walk.c.
 *
 * Up to 9.2 all elements are described as if they were like the first.  The length of the
 * vmstate tells how many are not, and the bytes perhaps which.
 */
#ifndef MIG_DEVICE_NULLS_H
#define MIG_DEVICE_NULLS_H

#include "device/schema.h"
#include "io/budget.h"

/* The byte of a NULL.  Source: migration/vmstate-types.c, put_nullptr(). */
#define MIG_NULLPTR '0'

/* Where one is looked for. */
typedef struct NullSearch {
    const uint8_t *body;
    uint64_t length;       /* bytes of it */
    MigBudget *budget;     /* that searches spend from */
    const Field *doubtful; /* an array that may hold NULLs, nobody knows where; or NULL */
} NullSearch;

/* The NULLs of one array of a vmstate.  Begins with zeros. */
typedef struct Nulls {
    const Field *array;   /* NULL: of none */
    const Field *element; /* what the others are */
    uint64_t length;      /* bytes of the array */
    uint8_t *is_null;     /* a byte an element */
} Nulls;

/* Explains why @v, at @start of the body, takes @size bytes and not those that are
 * described: by NULLs in the one array that may have some.  False, and @nulls has no array,
 * if that does not explain it, if more than one answer does, or if the budget is spent. */
bool mig_nulls_find(NullSearch *search, const Vmstate *v, uint64_t start, uint64_t size,
                    Nulls *nulls);

void mig_nulls_clear(Nulls *nulls);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Nulls, mig_nulls_clear)

#endif
