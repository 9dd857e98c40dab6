/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          memory whose size an input chooses: it is asked for with calls that may
 *                fail.
 * Must not know: inputs and errors; its callers turn a NULL into an error with a place.
 * See also:      io/input.h, mig_input_alloc(), for what is allocated to look at an
 *                input.
 *
 * GLib ends the process when it gets no memory.  That is bearable for what has a small and
 * fixed size, and nothing else: a daemon that links the library must survive a stream that
 * asks for much.  So there are three ways to grow, all of which leave MIG_ALLOC_RESERVE for
 * the small things:
 *
 *   a block             mig_try_alloc(), mig_try_alloc0()
 *   a GLib container    mig_alloc_room() with the most it can take, before it is filled
 *   many small things   mig_meter_spend() for each
 */
#ifndef MIG_IO_ALLOC_H
#define MIG_IO_ALLOC_H

#include <glib.h>
#include <stdbool.h>
#include <stddef.h>

/* What must be left, in bytes, after an allocation that an input sizes.  All that the
 * library allocates without asking, between two questions, is less. */
#define MIG_ALLOC_RESERVE ((size_t)2 << 20)

/* Whether the system would give @n bytes and the reserve now.  Another thread may be faster;
 * then the reserve shrinks. */
bool mig_alloc_room(size_t n);

/* @n bytes, to be freed with g_free(); NULL where they, or the reserve beside them, cannot
 * be had.  @n of 0 is taken for 1. */
void *mig_try_alloc(size_t n);
void *mig_try_alloc0(size_t n);

/* Counts what many small allocations have come to; zeroed at first. */
typedef struct MigMeter {
    size_t spent;   /* bytes */
    size_t granted; /* bytes that the system was asked about */
} MigMeter;

/* About to allocate @n bytes more, directly or in a container that doubles; false where they
 * cannot be had.  The system is asked once for many calls. */
bool mig_meter_spend(MigMeter *meter, size_t n);

#endif
