/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          see fill.h.
 * Must not know: see there.
 * See also:      filter/set-field.c, which knows the type of a field.
 */
#include "filter/fill.h"

#include <errno.h>
#include <string.h>

#include "device/reshape.h"

#define HEX_DIGITS "0123456789abcdefABCDEF"

static bool parse_integer(const char *value, uint64_t *number, size_t n)
{
    unsigned bits = (unsigned)n * 8;
    bool negative = *value == '-';
    char *end;

    errno = 0;
    *number = negative ? (uint64_t)g_ascii_strtoll(value, &end, 0)
                       : g_ascii_strtoull(value, &end, 0);
    return !errno && end != value && !*end &&
           (bits == 64 ||
            (negative ? (int64_t)*number >> (bits - 1) == -1 : *number >> bits == 0));
}

bool mig_fill(const char *value, uint8_t *out, size_t n)
{
    uint64_t number = 0;
    bool word = g_str_equal(value, "true") || g_str_equal(value, "false");

    memset(out, 0, n);
    if (strlen(value) == 2 * n && strspn(value, HEX_DIGITS) == 2 * n && n > 1) {
        for (size_t i = 0; i < n; i++) {
            out[i] = (uint8_t)(g_ascii_xdigit_value(value[2 * i]) << 4 |
                               g_ascii_xdigit_value(value[2 * i + 1]));
        }
        return true;
    }
    if (word) {
        number = g_str_equal(value, "true");
    } else if (g_str_equal(value, "0")) {
        return true;
    } else if (n > 8 || !parse_integer(value, &number, n)) {
        return false;
    }
    mig_device_put(out + n - MIN(n, 8u), number, MIN(n, 8u));
    return true;
}
