/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          the bytes of a field that is made, from the value that a user typed.
 * Must not know: which field.
 * See also:      filter/add-field.c, filter/resize-array.c.
 */
#ifndef MIG_FILTER_FILL_H
#define MIG_FILTER_FILL_H

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

/*
 * @n bytes at @out for @value: an integer (decimal, hexadecimal after 0x, or negative) that fits,
 * big-endian, where @n is at most 8; true or false; 0 for zeros of any length; or all bytes in
 * hexadecimal, without 0x.  False if it is none of them.
 */
bool mig_fill(const char *value, uint8_t *out, size_t n);

#endif
