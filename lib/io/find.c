/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          see find.h.
 * Must not know: how a stream goes on.
 * See also:      stream/grammar.c, which reads the same few bytes for good.
 *
 * Source: migration/savevm.c, qemu_savevm_state_header(), save_section_header() and
 * qemu_savevm_command_send(), 5.2 to 11.1: "QEVM", be32 version 3, and then a configuration (0x07, be32
 * length, the machine), a START or FULL section (0x01, 0x04, be32 id, u8 length, its name) or a command
 * (0x08, be16 number, be16 length).
 */
#include "io/find.h"

#include <string.h>

#include "io/alloc.h"
#include "io/byte-order.h"
#include "io/tiny.h"

#define MAGIC   "QEVM\0\0\0\3"
#define LIBVIRT "LibvirtQemud"

/* What is looked at of a stream: its header, and a name of 255 bytes after at most 5 others. */
#define HEAD  268u
#define PIECE MIG_TINY_OR((size_t)300, (size_t)1 << 20)

/* As many as there are, and more than there will be for long. */
#define COMMANDS_MAX 64u

static bool is_name(const uint8_t *name, uint32_t length, size_t there)
{
    if (length == 0 || length > UINT8_MAX || length > there) {
        return false;
    }
    for (uint32_t i = 0; i < length; i++) {
        if (!g_ascii_isprint((char)name[i])) {
            return false;
        }
    }
    return true;
}

static bool is_stream(const uint8_t *p, size_t n)
{
    if (n < 13 || memcmp(p, MAGIC, 8) != 0) {
        return false;
    }
    switch (p[8]) {
    case 0x07:
        return is_name(p + 13, mig_be32(p + 9), n - 13);
    case 0x01:
    case 0x04:
        return n > 14 && is_name(p + 14, p[13], n - 14);
    case 0x08:
        return mig_be16(p + 9) < COMMANDS_MAX;
    default:
        return false;
    }
}

static bool is_image(const uint8_t *p, size_t n)
{
    static const char *const ends[] = { "Save", "Part" };

    for (size_t i = 0; n >= 16 && i < G_N_ELEMENTS(ends); i++) {
        if (memcmp(p, LIBVIRT, 12) == 0 && memcmp(p + 12, ends[i], 4) == 0) {
            return true;
        }
    }
    return false;
}

/* The first that begins in the first @most of @n bytes; @n: none. */
static size_t find_in(const uint8_t *bytes, size_t n, size_t most)
{
    for (size_t i = 0; i < MIN(n, most); i++) {
        const uint8_t *q = memchr(bytes + i, 'Q', most - i);
        const uint8_t *l = memchr(bytes + i, 'L', (q ? (size_t)(q - bytes) : most) - i);

        if (!q && !l) {
            return n;
        }
        i = (size_t)((l ? l : q) - bytes);
        if (l ? is_image(l, n - i) : is_stream(q, n - i)) {
            return i;
        }
    }
    return n;
}

bool mig_find_stream(MigSource *source, uint64_t most, MigCancel cancel, uint64_t *offset,
                     bool *found, GError **error)
{
    g_autofree uint8_t *bytes = mig_try_alloc(PIECE + HEAD);
    uint64_t end = MIN(most, source->size);

    *found = false;
    if (!bytes) {
        mig_error_set_plain(error, MIG_ERROR_IO, "no memory to look for a stream");
        return false;
    }
    for (uint64_t at = 0; at < end && !*found; at += PIECE) {
        GError *failure = NULL;
        size_t n = mig_source_read_full(source, at, bytes, PIECE + HEAD, &failure);
        size_t first = (size_t)MIN(MIN(PIECE, end - at), n);

        if (failure || mig_cancel_asked(cancel)) {
            if (!failure) {
                mig_error_set_plain(&failure, MIG_ERROR_CANCELLED, "cancelled");
            }
            g_propagate_error(error, failure);
            return false;
        }
        *offset = find_in(bytes, n, first);
        *found = *offset < n;
        *offset += at;
    }
    return true;
}
