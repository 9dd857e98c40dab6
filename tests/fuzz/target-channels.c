/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          what holds of captures of any bytes: several channels of one migration.
 * Must not know: what a channel is made of.
 * See also:      fuzz.h; lib/stream/merge.h, lib/filter/fold.c.
 *
 *   - The items of each channel tile it, up to its end or to the damage.
 *   - An item's bytes are those of its channel, and are what is written of its fields.
 *   - An error has a text, names a channel that there is, and is repeated.
 *   - What the filter fold makes of a capture that can be read can be read to its end, and is
 *     not worse under check.
 */
#include "fuzz/fuzz.h"

#include <string.h>

#include "stream/encode.h"

#define CHANNELS_MAX 6

static const MigInputOptions options = { MIG_INPUT_OPTIONS_INIT,
                                         .max_expand = FUZZ_EXPAND_MAX, .multifd = true };

typedef struct Capture {
    size_t n;
    const uint8_t *data[CHANNELS_MAX];
    size_t length[CHANNELS_MAX];
    MigInput *in[CHANNELS_MAX];
} Capture;

static void cut(Capture *capture, const uint8_t *data, size_t n)
{
    const size_t mark = strlen(FUZZ_CHANNEL);
    const uint8_t *next;

    do {
        next = capture->n + 1 < CHANNELS_MAX ? memmem(data, n, FUZZ_CHANNEL, mark) : NULL;
        capture->data[capture->n] = data;
        capture->length[capture->n++] = next ? (size_t)(next - data) : n;
        if (next) {
            n -= (size_t)(next - data) + mark;
            data = next + mark;
        }
    } while (next);
}

/* The main channel owns the others. */
static void shut(Capture *capture)
{
    mig_input_free(capture->in[0]);
    memset(capture->in, 0, sizeof capture->in);
}

/* The main channel with the others attached; NULL if one is not even recognised. */
static MigInput *open_again(Capture *capture)
{
    shut(capture);
    for (size_t i = 0; i < capture->n; i++) {
        g_autoptr(GBytes) bytes =
            g_bytes_new_static(capture->data[i], capture->length[i]);

        capture->in[i] = mig_input_new_bytes(bytes, "channel", &options, NULL);
        if (!capture->in[i]) {
            return NULL;
        }
        if (i > 0) {
            mig_input_attach(capture->in[0], capture->in[i]);
        }
    }
    return capture->in[0];
}

static void assert_bytes(MigReader *reader, const Capture *capture, const MigItem *item)
{
    g_autoptr(GByteArray) out = g_byte_array_new();
    const uint8_t *bytes = mig_reader_bytes(reader, item);

    FUZZ_ASSERT(bytes);
    if (!mig_input_container(capture->in[item->channel], 0)) {
        FUZZ_ASSERT(item->offset + item->length <= capture->length[item->channel]);
        FUZZ_ASSERT(memcmp(bytes, capture->data[item->channel] + item->offset,
                           item->length) == 0);
    }
    mig_item_encode(item, bytes, out);
    FUZZ_ASSERT(out->len == item->length && memcmp(out->data, bytes, out->len) == 0,
                "channel %u: the %s at %" PRIx64, item->channel,
                mig_item_kind_name(item->kind), item->offset);
}

/* Whether all of it could be read, and nothing of it was guessed. */
static bool read_items(Capture *capture)
{
    MigInput *in = open_again(capture);
    g_autoptr(MigReader) reader = in ? mig_reader_new(in) : NULL;
    g_autoptr(GError) error = NULL, again = NULL;
    uint64_t ends[CHANNELS_MAX] = { 0 };
    bool guessed = false;
    MigStatus status = MIG_STATUS_END;
    const MigItem *item;

    while (in && (status = mig_reader_next(reader, &item, &error)) == MIG_STATUS_MORE) {
        FUZZ_ASSERT(item->channel < capture->n && item->length > 0);
        FUZZ_ASSERT(item->offset == ends[item->channel], "channel %u: gap at %" PRIx64,
                    item->channel, item->offset);
        ends[item->channel] += item->length;
        assert_bytes(reader, capture, item);
        guessed |= item->inferred || item->description_differs || item->defect;
    }
    if (status == MIG_STATUS_ERROR) {
        FUZZ_ASSERT(error->domain == MIG_ERROR && *error->message);
        FUZZ_ASSERT(mig_error_get_channel(error) < capture->n);
        FUZZ_ASSERT(mig_reader_next(reader, &item, &again) == MIG_STATUS_ERROR);
        FUZZ_ASSERT(strcmp(again->message, error->message) == 0);
    }
    return in && status == MIG_STATUS_END && !guessed;
}

static void assert_folds(Capture *capture, bool certain)
{
    MigInput *in = open_again(capture);
    g_autoptr(GBytes) folded = in ? fuzz_converted(in, "fold") : NULL;
    g_autoptr(MigInput) result =
        folded ? mig_input_new_bytes(folded, "folded", NULL, NULL) : NULL;
    size_t n;
    const uint8_t *data = folded ? g_bytes_get_data(folded, &n) : NULL;

    if (folded && certain) {
        FUZZ_ASSERT(fuzz_read(data, n, NULL, NULL));
        FUZZ_ASSERT(fuzz_errors(result, NULL) <= fuzz_errors(open_again(capture), NULL),
                    "worse than before");
    }
}

void fuzz_channels(const uint8_t *data, size_t n)
{
    Capture capture = { 0 };

    cut(&capture, data, n);
    assert_folds(&capture, read_items(&capture));
    shut(&capture);
}
