/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          running a chain of filters over bytes in memory, as a file and as a
 *                pipe.
 * Must not know: what any filter does.
 * See also:      test-filter.c, test-vfio-layout.c.
 */
#ifndef TESTS_CONVERSION_H
#define TESTS_CONVERSION_H

#include <gio/gio.h>

#include "migstat.h"

typedef struct {
    GBytes *bytes; /* NULL on failure */
    GError *error;
    char *report;    /* the changes, one per line: "SECTION: text" or "text" */
    unsigned n_read; /* items, of all passes */
    enum {
        NOT_BRIEF,
        BRIEF,
        TOO_BRIEF /* and so it ran once more */
    } brief;      /* how it went where a first pass may be */
} Conversion;

void conversion_free(Conversion *conversion);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Conversion, conversion_free)

/* Runs the filters of `chain`, separated by blanks, over `stream`; with and without a brief
 * first pass, which must agree. */
Conversion *convert(GBytes *stream, const char *chain, bool lossy);

/* The same with a stream that filters may take from. */
Conversion *convert_from(GBytes *stream, GBytes *donor, const char *chain, bool lossy);

/* The same as convert() with an input that is open already. */
Conversion *convert_input(MigInput *in, const char *chain, bool lossy);

/* The same, the input being a pipe. */
Conversion *convert_pipe(GBytes *stream, const char *chain, bool lossy);

/* Converts, must succeed, and returns the bytes; as a file and as a pipe, which must agree. */
GBytes *converted(GBytes *stream, const char *chain);

/* The mkmig text, assembled; a mistake in it fails the test. */
GBytes *assembled(const char *text);

/* Fails, telling where they part. */
void assert_same_bytes(GBytes *actual, GBytes *expected, const char *what);

#endif
