/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          bytes compressed in each way that a stream may be.
 * Must not know: the code under test, which undoes it.
 * See also:      unit/test-input.c, unit/test-container.c, unit/test-damage.c.
 */
#ifndef TESTS_PACKING_H
#define TESTS_PACKING_H

#include <glib.h>

GBytes *packed_bzip2(GBytes *plain);
GBytes *packed_xz(GBytes *plain);
/* In stored blocks. */
GBytes *packed_lzop(GBytes *plain);

/* A member of lzop with one block, which is the @n bytes at @packed and undone has @plain_length. */
GBytes *lzop_member(guint32 plain_length, const void *packed, gsize n);

/* Offsets in such a member, and of its first block. */
enum {
    LZOP_VERSION = 9,
    LZOP_NEEDED = 13,
    LZOP_METHOD = 15,
    LZOP_FLAGS = 17,
    LZOP_NAME = 33,
    LZOP_CHECKSUM = 34,
    LZOP_BLOCK = 38,
};

/* Makes the checksum of the header right again. */
void lzop_sign(guint8 *member);

#endif
