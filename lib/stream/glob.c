/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          see glob.h.
 * Must not know: what the names are of.
 * See also:      whatever takes a pattern from the user.
 */
#include "stream/glob.h"

#include <stddef.h>

/* The last star takes one more byte whenever what follows it does not fit. Earlier stars
 * need not be looked at again, so the time is at most the product of the lengths. */
bool mig_glob(const char *pattern, const char *name)
{
    const char *after_star = NULL, *retry = NULL;

    while (*name) {
        if (*pattern == '*') {
            after_star = ++pattern;
            retry = name;
        } else if (*pattern == '?' || *pattern == *name) {
            pattern++;
            name++;
        } else if (after_star) {
            pattern = after_star;
            name = ++retry;
        } else {
            return false;
        }
    }
    while (*pattern == '*') {
        pattern++;
    }
    return *pattern == '\0';
}
