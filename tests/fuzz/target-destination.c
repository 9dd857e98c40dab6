/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          what holds of destinations for any bytes.
 * Must not know: what a loader refuses.
 * See also:      fuzz.h; lib/shape/shape.h.
 *
 *   - Any bytes are a destination, or an error with a text.
 *   - A stream in which no rule finds anything fits the destination that it is itself.
 *   - As a -dump-vmstate file the bytes can be compared with any stream.
 */
#include "fuzz/fuzz.h"

#include "migstat.h"

static const MigInputOptions options = { MIG_INPUT_OPTIONS_INIT,
                                         .max_expand = FUZZ_EXPAND_MAX };

/* A stream with a device that has fields and a subsection. */
static const char plain[] =
    "QEVM\0\0\0\3\4\0\0\0\3\3dev\0\0\0\0\0\0\0\1\0\0\0\7\5\1s\0\0\0\1\0\x7e\0\0\0\3\0\6\0"
    "\0\0\xd9"
    "{\"devices\":[{\"name\":\"dev\",\"instance_id\":0,\"vmsd_name\":\"dev\",\"version\":"
    "1,"
    "\"fields\":[{\"name\":\"a\",\"type\":\"uint32\",\"size\":4}],\"subsections\":["
    "{\"vmsd_name\":\"s\",\"version\":1,\"fields\":[{\"name\":\"b\",\"type\":\"uint8\","
    "\"size\":1}]}]}]}";

static void judge(const uint8_t *data, size_t n, const MigShape *shape, bool itself)
{
    g_autoptr(GBytes) bytes = g_bytes_new_static(data, n);
    g_autoptr(MigInput) in = mig_input_new_bytes(bytes, "stream", &options, NULL);
    g_autoptr(MigReader) reader = in ? mig_reader_new(in) : NULL;
    const MigCheckOptions check_options = { MIG_CHECK_OPTIONS_INIT, .against = &shape,
                                            .n_against = 1 };
    g_autoptr(MigCheck) check = in ? mig_check_new(reader, &check_options) : NULL;
    g_autoptr(GError) error = NULL;
    const MigItem *item;
    const MigFinding *findings;
    size_t n_findings, n_of_destination = 0;

    while (in && mig_reader_next(reader, &item, &error) == MIG_STATUS_MORE) {
        mig_check_watch(check, item, NULL);
    }
    if (!in || !mig_check_finish(check, error)) {
        return;
    }
    findings = mig_check_findings(check, &n_findings);
    for (size_t i = 0; i < n_findings; i++) {
        n_of_destination += mig_rule_needs_destination(findings[i].rule);
    }
    FUZZ_ASSERT(!itself || error || n_of_destination < n_findings || n_findings == 0);
}

void fuzz_destination(const uint8_t *data, size_t n)
{
    g_autoptr(GBytes) bytes = g_bytes_new_static(data, n);
    g_autoptr(GError) error = NULL;
    g_autoptr(MigInput) in = mig_input_new_bytes(bytes, "destination", &options, NULL);
    g_autoptr(MigShape) shape = in ? mig_shape_new(in, &error) : NULL;

    FUZZ_ASSERT(!in || shape || error->message[0]);
    if (shape) {
        judge(data, n, shape, true);
        judge((const uint8_t *)plain, sizeof(plain) - 1, shape, false);
    }
}
