/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          see pci.h.
 * Must not know: configuration space.
 * See also:      device/pci.c.
 *
 * The list has a line per vendor, "VVVV  name", its devices after it after one tab, their
 * subsystems after two; classes likewise after "C CC  name".
 */
#include "device/pci.h"

#include <fcntl.h>
#include <glib.h>
#include <stdbool.h>
#include <string.h>

#include "io/input.h"

/* Bytes of the list, decompressed; the one of 2023 has 1.4 MiB. */
#define LIST_MAX (16u << 20)

struct MigPciNames {
    char *text;        /* the list, its lines closed by NULs */
    GHashTable *names; /* key of an id -> name, in the text */
};

static const char *const places[] = {
    "/usr/share/misc/pci.ids",    "/usr/share/hwdata/pci.ids",    "/usr/share/pci.ids",
    "/usr/share/misc/pci.ids.gz", "/usr/share/hwdata/pci.ids.gz",
};

enum { KEY_VENDOR = 1, KEY_DEVICE, KEY_CLASS };

/* Ids of one kind, packed into a pointer's worth where that has 64 bits and hashed to it
 * where it has fewer: the kind keeps them apart within 34 bits. */
static gint64 key_of(unsigned kind, uint16_t a, uint16_t b)
{
    return (gint64)kind << 32 | (gint64)a << 16 | b;
}

static void insert(MigPciNames *n, gint64 key, char *name)
{
    gint64 *owned = g_new(gint64, 1);

    *owned = key;
    g_hash_table_replace(n->names, owned, name);
}

/* All that is in @fd, which is closed, and a NUL after it; NULL if that is too much, or cannot be
 * read.  Compression is undone. */
static char *read_list(int fd)
{
    const MigInputOptions options = { MIG_INPUT_OPTIONS_INIT, .owns_fd = true,
                                      .max_expand = LIST_MAX };
    g_autoptr(MigInput) in = mig_input_new_fd(fd, "pci.ids", &options, NULL);
    g_autoptr(GString) text = g_string_new(NULL);
    const uint8_t *data;
    size_t n;

    while (in && (data = mig_input_peek(in, 1, &n), n > 0)) {
        if (n > LIST_MAX - text->len) {
            return NULL;
        }
        g_string_append_len(text, (const char *)data, (gssize)n);
        mig_input_skip(in, n);
    }
    return in && mig_input_end_error(in, NULL)
               ? g_string_free(g_steal_pointer(&text), FALSE)
               : NULL;
}

/* "XXXX  name": the id, of @digits, and *line on the name. */
static bool take_id(char **line, int digits, uint16_t *id)
{
    unsigned value = 0;

    for (int i = 0; i < digits; i++) {
        if (!g_ascii_isxdigit((*line)[i])) {
            return false;
        }
        value = value << 4 | (unsigned)g_ascii_xdigit_value((*line)[i]);
    }
    if (!g_str_has_prefix(*line + digits, "  ")) {
        return false;
    }
    *line += digits + 2;
    *id = (uint16_t)value;
    return true;
}

static void parse(MigPciNames *n)
{
    char *line = n->text, *end;
    uint16_t outer = 0, id;
    bool classes = false, any = false;

    for (; *line; line = end) {
        end = line + strcspn(line, "\n");
        if (*end) {
            *end++ = '\0';
        }
        if (line[0] == 'C' && line[1] == ' ') {
            line += 2;
            classes = true;
            any = take_id(&line, 2, &outer);
            outer = (uint16_t)(outer << 8);
            if (any) {
                insert(n, key_of(KEY_CLASS, outer, 1), line);
            }
        } else if (line[0] == '\t' && line[1] != '\t' && any) {
            line++;
            if (classes && take_id(&line, 2, &id)) {
                insert(n, key_of(KEY_CLASS, outer | id, 0), line);
            } else if (!classes && take_id(&line, 4, &id)) {
                insert(n, key_of(KEY_DEVICE, outer, id), line);
            }
        } else if (line[0] != '\t' && line[0] != '#' && line[0] != '\0') {
            classes = false;
            any = take_id(&line, 4, &outer);
            if (any) {
                insert(n, key_of(KEY_VENDOR, outer, 0), line);
            }
        }
    }
}

int mig_pci_names_open(const char *path)
{
    int fd = path ? open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY) : -1;

    for (size_t i = 0; i < G_N_ELEMENTS(places) && !path && fd < 0; i++) {
        fd = open(places[i], O_RDONLY | O_CLOEXEC | O_NOCTTY);
    }
    return fd;
}

MigPciNames *mig_pci_names_read(int fd)
{
    char *text = fd >= 0 ? read_list(fd) : NULL;
    MigPciNames *n;

    if (!text) {
        return NULL;
    }
    n = g_new(MigPciNames, 1);
    n->text = text;
    n->names = g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, NULL);
    parse(n);
    return n;
}

MigPciNames *mig_pci_names_load(const char *path)
{
    return mig_pci_names_read(mig_pci_names_open(path));
}

void mig_pci_names_free(MigPciNames *n)
{
    if (n) {
        g_hash_table_unref(n->names);
        g_free(n->text);
        g_free(n);
    }
}

static const char *lookup(const MigPciNames *n, gint64 key)
{
    return n ? g_hash_table_lookup(n->names, &key) : NULL;
}

const char *mig_pci_vendor_name(const MigPciNames *n, uint16_t vendor)
{
    return lookup(n, key_of(KEY_VENDOR, vendor, 0));
}

const char *mig_pci_device_name(const MigPciNames *n, uint16_t vendor, uint16_t device)
{
    return lookup(n, key_of(KEY_DEVICE, vendor, device));
}

const char *mig_pci_class_name(const MigPciNames *n, uint16_t class_code)
{
    const char *name = lookup(n, key_of(KEY_CLASS, class_code, 0));

    return name ? name : lookup(n, key_of(KEY_CLASS, class_code & 0xff00, 1));
}
