/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          what holds of the reader for any bytes.
 * Must not know: what a sound stream is.
 * See also:      fuzz.h; lib/stream/reader.h.
 *
 *   - Items are not empty and tile the stream, to its end or up to the damage.
 *   - An item's bytes are those of the stream at its offset, and are what is written of
 *     its fields.
 *   - An error has a text and a place in the stream, and is repeated.
 *   - Memory, a file and a pipe give the same items and the same error.
 */
#include "fuzz/fuzz.h"

#include <string.h>
#include <unistd.h>

#include "migstat.h"
#include "stream/encode.h"

static const MigInputOptions options = { MIG_INPUT_OPTIONS_INIT,
                                         .max_expand = FUZZ_EXPAND_MAX };

/* What two ways to read have in common: items and the error, as text. */
static void note_item(GString *notes, const MigItem *item)
{
    g_string_append_printf(
        notes, "%s %x+%x %x/%x %s %s%s%s\n", mig_item_kind_name(item->kind),
        (unsigned)item->offset, (unsigned)item->length, (unsigned)item->piece,
        (unsigned)item->whole, item->section ? item->section->name : "",
        item->defect ? item->defect : "", item->inferred ? " inferred" : "",
        item->description_differs ? " differs" : "");
}

/* The offset at which a stream begins is proposed only where it can be looked for. */
static char *without_proposal(const char *message)
{
    const char *proposal = strstr(message, " other bytes a stream begins");

    while (proposal && proposal > message && *proposal != ';') {
        proposal--;
    }
    return proposal ? g_strndup(message, (gsize)(proposal - message)) : g_strdup(message);
}

static void note_error(GString *notes, const GError *error)
{
    g_autofree char *message = without_proposal(error->message);
    uint64_t offset;

    if (!mig_error_get_offset(error, &offset)) {
        offset = UINT64_MAX;
    }
    g_string_append_printf(
        notes, "error %d %" PRIx64 " %s %s %s\n", error->code, offset,
        mig_error_get_rule(error) ? mig_error_get_rule(error) : "-",
        mig_error_get_section(error, NULL) ? mig_error_get_section(error, NULL) : "-",
        message);
}

static void assert_encodes(const MigItem *item, const uint8_t *bytes)
{
    g_autoptr(GByteArray) out = g_byte_array_new();

    mig_item_encode(item, bytes, out);
    FUZZ_ASSERT(out->len == item->length && memcmp(out->data, bytes, out->len) == 0,
                "the %s at %" PRIx64, mig_item_kind_name(item->kind), item->offset);
}

/* `data` is NULL where the stream is not the bytes themselves: a wrapper is undone. */
static bool read_items(MigReader *reader, const uint8_t *data, size_t n, GString *notes,
                       void (*watch)(const MigItem *item, void *user), void *user)
{
    g_autoptr(MigSummary) summary = mig_summary_new();
    g_autoptr(GError) error = NULL, again = NULL;
    uint64_t at = 0, size = data ? n : FUZZ_EXPAND_MAX + n;
    MigStatus status;
    const MigItem *item;

    while ((status = mig_reader_next(reader, &item, &error)) == MIG_STATUS_MORE) {
        FUZZ_ASSERT(item->offset == at, "a gap or an overlap at %" PRIx64, at);
        FUZZ_ASSERT(item->length > 0 && item->length <= MIG_ITEM_MAX);
        FUZZ_ASSERT(item->piece + item->length <= item->whole);
        at += item->length;
        FUZZ_ASSERT(at <= size && mig_reader_tell(reader) == at);
        if (data) {
            const uint8_t *bytes = mig_reader_bytes(reader, item);

            FUZZ_ASSERT(bytes && memcmp(bytes, data + item->offset, item->length) == 0);
            assert_encodes(item, bytes);
        }
        if (!mig_summary_watch(summary, item, &error)) {
            status = MIG_STATUS_ERROR;
            break;
        }
        if (notes) {
            note_item(notes, item);
        }
        if (watch) {
            watch(item, user);
        }
    }
    FUZZ_ASSERT((status == MIG_STATUS_ERROR) == (error != NULL));
    if (status == MIG_STATUS_END) {
        FUZZ_ASSERT(!data || at == n, "it ends at %" PRIx64 " of %zx", at, n);
        return true;
    }
    FUZZ_ASSERT(error->domain == MIG_ERROR && *error->message);
    if (notes) {
        note_error(notes, error);
    }
    FUZZ_ASSERT(mig_reader_next(reader, &item, &again) == MIG_STATUS_ERROR);
    FUZZ_ASSERT(again->code == error->code &&
                strcmp(again->message, error->message) == 0);
    return false;
}

bool fuzz_read(const uint8_t *data, size_t n,
               void (*watch)(const MigItem *item, void *user), void *user)
{
    g_autoptr(GBytes) bytes = g_bytes_new_static(data, n);
    g_autoptr(MigInput) in = mig_input_new_bytes(bytes, "input", &options, NULL);
    g_autoptr(MigReader) reader = in ? mig_reader_new(in) : NULL;

    return in && read_items(reader, mig_input_container(in, 0) ? NULL : data, n, NULL,
                            watch, user);
}

static char *read_input(MigInput *in, const GError *error, const uint8_t *data, size_t n)
{
    GString *notes = g_string_new(NULL);

    if (!in) {
        note_error(notes, error);
    } else {
        g_autoptr(MigReader) reader = mig_reader_new(in);

        read_items(reader, mig_input_container(in, 0) ? NULL : data, n, notes, NULL,
                   NULL);
    }
    return g_string_free(notes, FALSE);
}

static char *read_memory(const uint8_t *data, size_t n)
{
    g_autoptr(GBytes) bytes = g_bytes_new_static(data, n);
    g_autoptr(GError) error = NULL;
    g_autoptr(MigInput) in = mig_input_new_bytes(bytes, "input", &options, &error);

    return read_input(in, error, data, n);
}

static char *read_fd(int fd, const uint8_t *data, size_t n)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(MigInput) in = mig_input_new_fd(fd, "input", &options, &error);
    char *notes = read_input(in, error, data, n);

    close(fd);
    return notes;
}

void fuzz_reader(const uint8_t *data, size_t n)
{
    g_autofree char *memory = read_memory(data, n);
    g_autofree char *file = read_fd(fuzz_file(data, n), data, n);

    FUZZ_ASSERT(strcmp(memory, file) == 0, "memory:\n%s\nfile:\n%s", memory, file);
    if (n <= FUZZ_PIPE_MAX) {
        g_autofree char *pipe = read_fd(fuzz_pipe(data, n), data, n);

        FUZZ_ASSERT(strcmp(memory, pipe) == 0, "memory:\n%s\npipe:\n%s", memory, pipe);
    }
}
