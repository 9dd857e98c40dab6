/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          what a fuzz target is, and what the targets share.
 * Must not know: who feeds them: libFuzzer (main.c) or a replay (unit/test-fuzz.c).
 * See also:      target-*.c, one file per target; targets.c is their table.
 *
 * A target asserts properties that hold for any bytes at all.  It must not keep state
 * from one input to the next.
 */
#ifndef TESTS_FUZZ_FUZZ_H
#define TESTS_FUZZ_FUZZ_H

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

#include "migstat.h"

typedef struct {
    const char *name;
    void (*run)(const uint8_t *data, size_t n);
    const char *seeds; /* folder of seeds/; FUZZ_STREAMS: all text fixtures too */
} FuzzTarget;

#define FUZZ_STREAMS "stream"

/* Closed by a row without a name. */
extern const FuzzTarget fuzz_targets[];

/* NULL where there is none. */
const FuzzTarget *fuzz_target(const char *name);

/* Ends the process with a message: a finding for libFuzzer, a failure for libcheck. */
#define FUZZ_ASSERT(condition, ...)                                     \
    do {                                                                \
        if (!(condition)) {                                             \
            fuzz_fail(__FILE__, __LINE__, #condition, " " __VA_ARGS__); \
        }                                                               \
    } while (0)

void fuzz_fail(const char *file, int line, const char *condition, const char *format, ...)
    G_GNUC_PRINTF(4, 5) G_GNUC_NORETURN;

/* Compressed input may expand to this, in bytes. */
#define FUZZ_EXPAND_MAX (1u << 20)

/* A descriptor from which `data` can be read: of a file, or of a pipe whose other end is
 * closed.  Pipes hold what fuzzers make, at most FUZZ_PIPE_MAX bytes.  close() it. */
int fuzz_file(const uint8_t *data, size_t n);
int fuzz_pipe(const uint8_t *data, size_t n);
#define FUZZ_PIPE_MAX (1u << 20)

/* The part of fuzz_reader() that reads from memory: `watch`, which may be NULL, sees each
 * item.  Returns whether the stream is complete. */
bool fuzz_read(const uint8_t *data, size_t n,
               void (*watch)(const MigItem *item, void *user), void *user);

/* The stream `data` with items or sections of it cut, doubled, moved, written with another
 * field, or mixed with those of `other`, as `seed` has it: the same for the same seed. */
GBytes *fuzz_mutate_items(const uint8_t *data, size_t n, const uint8_t *other,
                          size_t n_other, uint32_t seed);

/* What @filters make of @in, or NULL; after that @in cannot be read again. */
GBytes *fuzz_converted(MigInput *in, const char *filters);

/* Errors that check finds in @in without a release, save those of the rule @announced, which
 * may be NULL; UINT64_MAX where it cannot say.  @in may be NULL. */
uint64_t fuzz_errors(MigInput *in, const char *announced);

/* Between the channels of one input of the target of captures. */
#define FUZZ_CHANNEL "\nCHANNEL\n"

void fuzz_items(const uint8_t *data, size_t n);
void fuzz_channels(const uint8_t *data, size_t n);
void fuzz_extract(const uint8_t *data, size_t n); /* a part of it */
void fuzz_reader(const uint8_t *data, size_t n);
void fuzz_check(const uint8_t *data, size_t n);
void fuzz_dump(const uint8_t *data, size_t n);
void fuzz_explain(const uint8_t *data, size_t n);
void fuzz_convert(const uint8_t *data, size_t n);
void fuzz_filters(const uint8_t *data, size_t n);
bool fuzz_has_filter(const char *name); /* whether that tries the filter */
void fuzz_destination(const uint8_t *data, size_t n);
void fuzz_shown(const uint8_t *data, size_t n);
void fuzz_description(const uint8_t *data, size_t n);
void fuzz_parts(const uint8_t *data, size_t n);

#endif
