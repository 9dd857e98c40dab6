/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          the first bytes by which wrappers are recognised, and the order in which
 *                they are removed.
 * Must not know: how any of them is removed.
 * See also:      foreign.c, what is recognised and not undone; source-zstd.c,
 *                source-gzip.c and container-libvirt.c, which remove them.
 */
#include "io/container.h"

#include <inttypes.h>
#include <string.h>

#include "io/foreign.h"

typedef enum Kind {
    KIND_PLAIN,
    KIND_ZSTD,
    KIND_GZIP,
    KIND_LIBVIRT,
    KIND_UNSUPPORTED,
} Kind;

typedef struct Magic {
    const char *bytes;
    size_t length;
    uint8_t first_mask; /* Bits of the first byte that do not count. */
    Kind kind;
    const char *name;
} Magic;

#define MAGIC(bytes) bytes, sizeof(bytes) - 1

static const Magic magics[] = {
    { MAGIC("\x28\xb5\x2f\xfd"), 0, KIND_ZSTD, "zstd" },
    { MAGIC("\x50\x2a\x4d\x18"), 0x0f, KIND_ZSTD, "zstd" }, /* A skippable frame. */
    { MAGIC("\x1f\x8b"), 0, KIND_GZIP, "gzip" },
    { MAGIC(MIG_LIBVIRT_MAGIC), 0, KIND_LIBVIRT, "libvirt save image" },
    { MAGIC(MIG_LIBVIRT_PARTIAL_MAGIC), 0, KIND_LIBVIRT, "libvirt save image" },
};

/* What the payload of a save image begins with, by its header. */
static const struct {
    Kind kind;
    const char *name;
} libvirt_formats[] = {
    [MIG_LIBVIRT_RAW] = { KIND_PLAIN, "raw" },
    [MIG_LIBVIRT_GZIP] = { KIND_GZIP, "gzip" },
    [MIG_LIBVIRT_BZIP2] = { KIND_UNSUPPORTED, "bzip2" },
    [MIG_LIBVIRT_XZ] = { KIND_UNSUPPORTED, "xz" },
    [MIG_LIBVIRT_LZOP] = { KIND_UNSUPPORTED, "lzop" },
    [MIG_LIBVIRT_ZSTD] = { KIND_ZSTD, "zstd" },
    [MIG_LIBVIRT_SPARSE] = { KIND_PLAIN, "sparse" },
};

static const Magic *recognise(const uint8_t *head, size_t n)
{
    static const Magic plain = { .kind = KIND_PLAIN, .name = "plain" };

    for (size_t i = 0; i < G_N_ELEMENTS(magics); i++) {
        const Magic *magic = &magics[i];
        if (n >= magic->length &&
            (head[0] & ~magic->first_mask) == (uint8_t)magic->bytes[0] &&
            memcmp(head + 1, magic->bytes + 1, magic->length - 1) == 0) {
            return magic;
        }
    }
    return &plain;
}

/* The image says how its payload is compressed; the payload must agree. */
static bool check_libvirt_payload(const Magic *found, size_t n, MigLibvirtFormat format,
                                  uint64_t origin, GError **error)
{
    Kind expected = libvirt_formats[format].kind;

    if (expected == KIND_UNSUPPORTED) {
        mig_source_set_error(
            error, MIG_ERROR_UNSUPPORTED, origin,
            "the stream in this libvirt save image is compressed with %s, "
            "which is not supported; \"tail -c +%" PRIu64 " IMAGE | %s -dc\" unpacks it",
            libvirt_formats[format].name, origin + 1, libvirt_formats[format].name);
        return false;
    }
    /* A save that failed early has no payload; the reader reports that. */
    if (expected != KIND_PLAIN && expected != found->kind && n > 0) {
        mig_source_set_error(
            error, MIG_ERROR_CONTAINER, origin,
            "the libvirt save image says that its stream is compressed with "
            "%s, but it begins with other bytes",
            libvirt_formats[format].name);
        return false;
    }
    return true;
}

static bool is_unread(const uint8_t *head, size_t n, GError **error)
{
    const char *what = mig_foreign_unread(head, n);

    if (what) {
        mig_error_set_plain(error, MIG_ERROR_UNSUPPORTED,
                            "not a migration stream: it is %s", what);
    }
    return what != NULL;
}

MigSource *mig_container_unwrap(MigSource *source, uint64_t max_expand,
                                GArray *containers, GError **error)
{
    g_autoptr(MigSource) layer = mig_source_view_new(source, 0);
    g_autoptr(MigExpansion) expansion = mig_expansion_new(max_expand);
    MigLibvirtFormat libvirt_format = MIG_LIBVIRT_RAW;

    for (;;) {
        size_t n;
        const uint8_t *head = mig_source_view_look(layer, &n, error);
        if (!head) {
            return NULL;
        }
        const Magic *magic = recognise(head, n);
        if (!check_libvirt_payload(magic, n, libvirt_format, layer->origin, error)) {
            return NULL;
        }
        if (magic->kind == KIND_PLAIN) {
            return is_unread(head, n, error) ? NULL : g_steal_pointer(&layer);
        }
        if (containers->len == MIG_CONTAINER_DEPTH) {
            mig_source_set_error(error, MIG_ERROR_LIMIT, layer->origin,
                                 "more than %d wrappers around each other",
                                 MIG_CONTAINER_DEPTH);
            return NULL;
        }

        MigContainer container = { .name = magic->name };
        libvirt_format = MIG_LIBVIRT_RAW;
        if (magic->kind == KIND_LIBVIRT) {
            if (!mig_container_read_libvirt(layer, &container, &libvirt_format, error)) {
                return NULL;
            }
        } else if (magic->kind == KIND_ZSTD) {
            layer = mig_source_zstd_new(g_steal_pointer(&layer), expansion);
        } else {
            layer = mig_source_gzip_new(g_steal_pointer(&layer), expansion);
        }
        layer = mig_source_view_new(g_steal_pointer(&layer), container.header_length);
        g_array_append_val(containers, container);
    }
}
