/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          see qcow2-snapshots.h.
 * Must not know: where the state of a snapshot lies, nor what it holds.
 * See also:      container-qcow2.c, which reads the header of the image.
 *
 * Source: QEMU's docs/interop/qcow2.rst and block/qcow2-snapshot.c, 5.2 to 11.1.  Numbers are big-endian:
 *
 *      0  8  where its L1 table lies          20  4  and nanoseconds
 *      8  4  entries of that                  24  8  nanoseconds of the VM clock
 *     12  2  bytes of its id                  32  4  bytes of its state, 0 for a disk alone
 *     14  2  bytes of its name                36  4  bytes of extra data
 *     16  4  seconds since 1970               40     extra data, id, name, zeros up to a multiple of 8
 *
 *     extra data: the size of the state in 8 bytes, of the disk, icount (all ones: none)
 */
#include "io/qcow2-snapshots.h"

#include <inttypes.h>
#include <string.h>

#include "io/alloc.h"
#include "io/byte-order.h"
#include "io/number.h"

#define ENTRY_LENGTH 40

/* As QEMU's block/qcow2.h. */
#define EXTRA_MAX 1024u

/* Snapshots that a message names. */
#define NAMED_MAX 16u

#define NS UINT64_C(1000000000) /* in a second */

typedef struct Table {
    MigSource *image;
    uint64_t disk_size;
    MigMeter meter;
} Table;

bool mig_qcow2_refuse(const MigSource *image, MigErrorCode code, uint64_t offset,
                      const char *what, GError **error)
{
    mig_source_set_error(error, code, image->origin + offset, "qcow2: %s", what);
    return false;
}

bool mig_qcow2_read(MigSource *image, uint64_t offset, void *buffer, size_t n,
                    GError **error)
{
    GError *failure = NULL;
    size_t got = mig_source_read_full(image, offset, buffer, n, &failure);

    if (failure) {
        g_propagate_error(error, failure);
        return false;
    }
    return got == n ||
           mig_qcow2_refuse(image, MIG_ERROR_CONTAINER, MIN(offset, image->size) + got,
                            "the image ends within its header and snapshots", error);
}

/* --- the table --- */

static void free_entry(gpointer p)
{
    MigQcow2Entry *entry = p;

    g_free(entry->shown.id);
    g_free(entry->shown.name);
    g_free(entry);
}

static void take_extra(MigQcow2Entry *entry, const uint8_t *extra, size_t n)
{
    if (n >= 8) {
        entry->shown.state_size = mig_be64(extra);
    }
    if (n >= 16) {
        entry->disk_size = mig_be64(extra + 8);
    }
    if (n >= 24) {
        entry->shown.icount = mig_be64(extra + 16);
        entry->shown.has_icount = entry->shown.icount != UINT64_MAX;
    }
}

/* The entry at *offset, which is moved after it; NULL with *error set. */
static MigQcow2Entry *read_entry(Table *table, uint64_t *offset, GError **error)
{
    uint8_t head[ENTRY_LENGTH], extra[24] = { 0 };

    if (!mig_qcow2_read(table->image, *offset, head, sizeof head, error)) {
        return NULL;
    }
    size_t id_length = mig_be16(head + 12);
    size_t name_length = mig_be16(head + 14);
    uint32_t extra_length = mig_be32(head + 36);
    if (extra_length > EXTRA_MAX) {
        mig_qcow2_refuse(table->image, MIG_ERROR_CONTAINER, *offset + 36,
                         "a snapshot has more than 1,024 bytes of extra data", error);
        return NULL;
    }
    if (!mig_meter_spend(&table->meter,
                         sizeof(MigQcow2Entry) + id_length + name_length)) {
        mig_qcow2_refuse(table->image, MIG_ERROR_IO, *offset,
                         "no memory for its snapshots", error);
        return NULL;
    }
    MigQcow2Entry *entry = g_new0(MigQcow2Entry, 1);
    entry->l1_offset = mig_be64(head);
    entry->l1_entries = mig_be32(head + 8);
    entry->disk_size = table->disk_size;
    entry->at = *offset;
    entry->has_long_size = extra_length >= 8;
    entry->shown.seconds = mig_be32(head + 16);
    entry->shown.nanoseconds = mig_be32(head + 20);
    entry->shown.vm_clock = mig_be64(head + 24);
    entry->shown.state_size = mig_be32(head + 32);
    entry->shown.id = g_malloc0(id_length + 1);
    entry->shown.name = g_malloc0(name_length + 1);
    uint64_t at = *offset + ENTRY_LENGTH;
    bool ok =
        mig_qcow2_read(table->image, at, extra, MIN(extra_length, sizeof extra), error) &&
        mig_qcow2_read(table->image, at + extra_length, entry->shown.id, id_length,
                       error) &&
        mig_qcow2_read(table->image, at + extra_length + id_length, entry->shown.name,
                       name_length, error);
    if (!ok) {
        free_entry(entry);
        return NULL;
    }
    take_extra(entry, extra, extra_length);
    *offset = (at + extra_length + id_length + name_length + 7) & ~UINT64_C(7);
    return entry;
}

GPtrArray *mig_qcow2_snapshots_read(MigSource *image, uint64_t offset, uint32_t n,
                                    uint64_t disk_size, GError **error)
{
    g_autoptr(GPtrArray) snapshots = g_ptr_array_new_with_free_func(free_entry);
    Table table = { .image = image, .disk_size = disk_size };

    for (uint32_t i = 0; i < n; i++) {
        MigQcow2Entry *entry = read_entry(&table, &offset, error);

        if (!entry) {
            return NULL;
        }
        g_ptr_array_add(snapshots, entry);
    }
    return g_steal_pointer(&snapshots);
}

/* --- which of them --- */

/* "1 (before; 2026-11-27 11:50:01 UTC; 404,769 bytes; VM clock 12.345 s)" */
static void append_snapshot(GString *list, const MigSnapshot *snapshot)
{
    g_autofree char *id = g_strescape(snapshot->id, NULL);
    g_autofree char *name = g_strescape(snapshot->name, NULL);
    g_autoptr(GDateTime) taken = g_date_time_new_from_unix_utc(snapshot->seconds);
    g_autofree char *date = g_date_time_format(taken, "%Y-%m-%d %H:%M:%S UTC");
    g_autofree char *size = mig_number(snapshot->state_size);

    g_string_append_printf(list, "%s%s (%s; %s; ", list->len ? ", " : "", id, name, date);
    if (snapshot->state_size) {
        g_string_append_printf(list, "%s bytes; VM clock %" PRIu64 ".%03u s", size,
                               snapshot->vm_clock / NS,
                               (unsigned)(snapshot->vm_clock % NS / (NS / 1000)));
    } else {
        g_string_append(list, "a disk alone");
    }
    if (snapshot->has_icount) {
        g_string_append_printf(list, "; icount %" PRIu64, snapshot->icount);
    }
    g_string_append_c(list, ')');
}

static char *list_snapshots(const GPtrArray *snapshots)
{
    GString *list = g_string_new(NULL);

    for (guint i = 0; i < snapshots->len && i < NAMED_MAX; i++) {
        const MigQcow2Entry *entry = g_ptr_array_index(snapshots, i);

        append_snapshot(list, &entry->shown);
    }
    if (snapshots->len > NAMED_MAX) {
        g_string_append_printf(list, " and %u more", snapshots->len - NAMED_MAX);
    }
    return g_string_free(list, FALSE);
}

static MigQcow2Entry *find_by(const GPtrArray *snapshots, const char *wanted,
                              bool by_name)
{
    for (guint i = 0; i < snapshots->len; i++) {
        MigQcow2Entry *entry = g_ptr_array_index(snapshots, i);

        if (strcmp(by_name ? entry->shown.name : entry->shown.id, wanted) == 0) {
            return entry;
        }
    }
    return NULL;
}

guint mig_qcow2_snapshots_states(const GPtrArray *snapshots, MigQcow2Entry **last)
{
    guint n = 0;

    for (guint i = 0; i < snapshots->len; i++) {
        MigQcow2Entry *entry = g_ptr_array_index(snapshots, i);

        if (entry->shown.state_size > 0) {
            n++;
            if (last) {
                *last = entry;
            }
        }
    }
    return n;
}

MigQcow2Entry *mig_qcow2_snapshots_choose(const GPtrArray *snapshots, const char *wanted,
                                          GError **error)
{
    g_autofree char *list = list_snapshots(snapshots);
    MigQcow2Entry *last = NULL;
    guint n_states = mig_qcow2_snapshots_states(snapshots, &last);
    MigQcow2Entry *entry = wanted          ? find_by(snapshots, wanted, false)
                           : n_states == 1 ? last
                                           : NULL;

    if (wanted && !entry) {
        entry = find_by(snapshots, wanted, true);
    }
    if (entry && entry->shown.state_size > 0) {
        return entry;
    }
    if (snapshots->len == 0) {
        mig_error_set_plain(error, MIG_ERROR_UNSUPPORTED,
                            "not a migration stream: it is a qcow2 image without "
                            "snapshots: it holds a disk, not a migration; save the "
                            "guest's state with \"virsh save\"");
    } else if (entry) {
        mig_error_set_plain(error, MIG_ERROR_USAGE,
                            "this snapshot is of a disk alone: it has %s", list);
    } else if (wanted) {
        mig_error_set_plain(error, MIG_ERROR_USAGE,
                            "there is no snapshot \"%s\": it has %s", wanted, list);
    } else if (n_states == 0) {
        mig_error_set_plain(error, MIG_ERROR_UNSUPPORTED,
                            "not a migration stream: it is a qcow2 image whose snapshots "
                            "are of disks alone; \"virsh save\" and savevm save the "
                            "guest's state: it has %s",
                            list);
    } else {
        mig_error_set_plain(
            error, MIG_ERROR_USAGE,
            "it is a qcow2 image with several snapshots; --snapshot=ID chooses one that "
            "has the state of a guest: %s",
            list);
    }
    return NULL;
}
