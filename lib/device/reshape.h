/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          what a device's state and its description become when something of it goes,
 *                comes or gets another length.
 * Must not know: where the device is; what the bytes mean.  Private to the library.
 * See also:      device/decode.h; filter/device-edit.h.
 */
#ifndef MIG_DEVICE_RESHAPE_H
#define MIG_DEVICE_RESHAPE_H

#include "device/decode.h"

typedef enum MigReshapeKind {
    MIG_RESHAPE_DROP,   /* the field or subsection at the path goes */
    MIG_RESHAPE_RESIZE, /* the array at the path has @count elements; 0: it goes */
    MIG_RESHAPE_LENGTH, /* the field at the path, which is bytes, has @bytes bytes */
    MIG_RESHAPE_BEFORE, /* a field comes before the field at the path */
    MIG_RESHAPE_AFTER,  /* or after it; of a subsection, another one */
    MIG_RESHAPE_INSIDE, /* a subsection comes at the end of that at the path, of the structure
                         * there, or, with "", of the device */
} MigReshapeKind;

typedef struct MigReshape {
    MigReshapeKind kind;
    const char *path; /* "cpu/fpu", "pm.ich9_pm/tco", "env.regs" */
    uint64_t count;
    const char *json; /* the object of what comes */
    bool subsection;  /* that is one */
    uint64_t bytes;   /* its length in the body */

    /* What comes out: where in the body @length bytes become @new_length others; of an array,
     * the elements it had, and the bytes of one. */
    uint64_t from, length, new_length;
    uint64_t old_count, element;
    const char *problem; /* a static string */
} MigReshape;

/*
 * The object of the description as it becomes.  NULL if there is nothing at the path
 * (reshape->problem is NULL), or it cannot be done (reshape->problem says why).  The caller
 * frees.
 */
char *mig_device_reshape(MigBudget *budget, const MigDeviceState *device,
                         MigReshape *reshape);

/* @value as device state has a number of @width bytes, at most 8: big-endian. */
void mig_device_put(uint8_t *at, uint64_t value, size_t width);

/* What is at a path. */
typedef struct MigDevicePart {
    char *json; /* the object of the description, of all entries of an array */
    bool subsection;
    uint64_t from, length; /* its place in the body */
    /* The path of the field or subsection before it in the same structure; "" if it is the first. */
    char *after;
    char *parent; /* the path of that structure, or "": the device */
} MigDevicePart;

/* False if there is nothing at @path (*problem is NULL), or nobody can tell (*problem says why). */
bool mig_device_part(MigBudget *budget, const MigDeviceState *device, const char *path,
                     MigDevicePart *part, const char **problem);
void mig_device_part_clear(MigDevicePart *part);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(MigDevicePart, mig_device_part_clear)

#endif
