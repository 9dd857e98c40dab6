/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          how long the first run of an array of pointers is.
 * Must not know: where the array is described.  Private to the library.
 * See also:      stream/description.c and device/nulls.c, which must agree.
 */
#ifndef MIG_STREAM_DESCRIPTION_RUN_H
#define MIG_STREAM_DESCRIPTION_RUN_H

#include <stdbool.h>
#include <stdint.h>

/*
 * An array of pointers, some of them NULL, is described as runs of entries of one name
 * since QEMU 10.0; but if it begins with an element that is there, its first entry claims
 * the length of the whole array.  The elements of the first run: @claimed by its entry,
 * @others in the runs after it.
 */
uint64_t mig_description_first_run(uint64_t claimed, uint64_t others, bool begins_null);

#endif
