/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          what tests share: running programs, fixtures, golden files, scratch
 *                folders.
 * Must not know: the library, nor any single test.
 * See also:      mkmig.h assembles text fixtures.
 *
 * make check sets MIGSTAT (the program), SRCDIR (the sources), BUILDDIR and VARIANT.
 * Whatever goes wrong in here fails the test that called; nothing returns an error.
 */
#ifndef TESTS_SUPPORT_H
#define TESTS_SUPPORT_H

#include "suites.h"

#include <gio/gio.h>

/* What a program did.  `out` and `err` have a NUL after their last byte. */
typedef struct {
    int status; /* exit status, or -N when signal N ended it */
    char *out;
    size_t out_length;
    char *err;
} Run;

void run_free(Run *run);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Run, run_free)

/* Runs argv (NULL-terminated, argv[0] looked up in PATH) with `input` on its standard
 * input, or an empty one when NULL.  `cwd` may be NULL.  run_free() the result. */
Run *run_program(const char *const *argv, GBytes *input, const char *cwd);

/* The same for the program under test: run_migstat(input, "dump", path, NULL). */
Run *run_migstat(GBytes *input, ...) G_GNUC_NULL_TERMINATED;

/* A line of the shell, in which `migstat` is the program under test, in the folder `cwd`. */
Run *run_with_shell(const char *line, const char *cwd);

/* SRCDIR/relative; free with g_free(). */
char *source_path(const char *relative);

/* The bytes of tests/fixtures/`relative`: assembled when it ends in .txt, decompressed
 * when in .zst. */
GBytes *fixture_bytes(const char *relative);

/* One after the other. */
GBytes *joined_bytes(GBytes *first, GBytes *second);

/* A plain file with those bytes, under BUILDDIR and named like the fixture without .txt
 * and .zst; free the path with g_free().  A fixture that needs neither is returned in
 * place. */
char *fixture_file(const char *relative);

/* The fixtures of a folder below tests/fixtures whose names end in `suffix`, sorted, each
 * relative to tests/fixtures; free with g_strfreev(). */
char **fixture_list(const char *folder, const char *suffix);

/* Compares with tests/fixtures/`relative`; UPDATE_GOLDEN=1 writes it instead. */
void assert_golden(const char *relative, const char *actual);

/* What a manual page shows of its source `roff`: without escapes; free with g_free(). */
char *unformatted(const char *roff);

/* A pipe to which a thread writes `bytes`, `piece` of them at once at the most, until all are
 * written or nobody reads any more.  fd is the end to read. */
typedef struct Piped {
    int fd, write_end;
    size_t piece;
    GBytes *bytes;
    GThread *thread;
} Piped;

Piped *piped_new(GBytes *bytes, size_t piece);
void piped_free(Piped *piped);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Piped, piped_free)

/* A fresh folder under BUILDDIR, and its removal with all it holds. */
char *scratch_dir(void);
void scratch_remove(const char *path);

#endif
