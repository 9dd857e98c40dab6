/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          what holds of texts that show a destination: -dump-vmstate files, and what a
 *                monitor answered or printed.
 * Must not know: what a loader refuses.
 * See also:      fuzz.h; lib/shape/shape.h; target-destination.c, where the text is a stream.
 *
 *   - A text is a destination, or an error with a text, and says what it does not show.
 *   - A -dump-vmstate file whose last byte is cut off is refused.
 *   - It can be compared with the stream of a guest that has such devices, and every
 *     difference is told in words.
 */
#include "fuzz/fuzz.h"

#include <stdlib.h>
#include <string.h>

#include "migstat.h"

/* A guest with network card, disk, VGA and memory slots, which the seeds show too. */
#define STREAM "tests/fixtures/against/monitor.mig.zst"

static const MigInputOptions options = { MIG_INPUT_OPTIONS_INIT };

static MigShape *shape_of(MigInput *in)
{
    g_autoptr(GError) error = NULL;
    MigShape *shape = in ? mig_shape_new(in, &error) : NULL;

    FUZZ_ASSERT(!in || !shape != !error);
    FUZZ_ASSERT(!error || error->message[0]);
    FUZZ_ASSERT(!shape || mig_shape_lacks(shape)[0]);
    return shape;
}

/* Without the white space at the end, if it is a -dump-vmstate file; else 0. */
static size_t dump_length(const uint8_t *data, size_t n)
{
    static const char first[] = "\"vmschkmachine\"";
    size_t i = 1;

    while (n && g_ascii_isspace(data[n - 1])) {
        n--;
    }
    while (i < n && g_ascii_isspace(data[i])) {
        i++;
    }
    return n > i + strlen(first) && data[0] == '{' &&
                   memcmp(data + i, first, strlen(first)) == 0
               ? n
               : 0;
}

static void judge(const MigShape *shape)
{
    g_autofree char *path = g_build_filename(getenv("SRCDIR"), STREAM, NULL);
    g_autoptr(GError) error = NULL;
    g_autoptr(MigInput) in = mig_input_open(path, &options, &error);
    g_autoptr(MigReader) reader = in ? mig_reader_new(in) : NULL;
    const MigCheckOptions check_options = { MIG_CHECK_OPTIONS_INIT, .against = &shape,
                                            .n_against = 1 };
    g_autoptr(MigCheck) check = in ? mig_check_new(reader, &check_options) : NULL;
    const MigFinding *findings;
    const MigItem *item;
    size_t n;

    FUZZ_ASSERT(in, "%s", error->message);
    while (mig_reader_next(reader, &item, &error) == MIG_STATUS_MORE) {
        FUZZ_ASSERT(mig_check_watch(check, item, &error), "%s", error->message);
    }
    FUZZ_ASSERT(!error, "%s", error->message);
    FUZZ_ASSERT(mig_check_finish(check, NULL));
    findings = mig_check_findings(check, &n);
    for (size_t i = 0; i < n; i++) {
        FUZZ_ASSERT(findings[i].message[0]);
    }
}

void fuzz_shown(const uint8_t *data, size_t n)
{
    g_autoptr(GBytes) bytes = g_bytes_new_static(data, n);
    g_autoptr(MigInput) in = mig_input_new_bytes(bytes, "destination", &options, NULL);
    g_autoptr(MigShape) shape = shape_of(in);
    size_t length = shape ? dump_length(data, n) : 0;

    if (length) {
        g_autoptr(GBytes) cut = g_bytes_new_static(data, length - 1);
        g_autoptr(MigInput) in_cut = mig_input_new_bytes(cut, "cut", &options, NULL);
        g_autoptr(MigShape) shape_cut = shape_of(in_cut);

        FUZZ_ASSERT(!shape_cut);
    }
    if (shape) {
        judge(shape);
    }
}
