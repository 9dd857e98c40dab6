/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          see disk-image.h.
 * Must not know: the layout of records; stream/block.c does.
 * See also:      device/ram-image.c, the same of RAM.
 */
#include "device/disk-image.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "stream/block.h"
#include "stream/page-file.h"
#include "stream/page-set.h"

#define SECTOR     512u
#define PAGE       4096u /* of these, those that are zero become holes */
#define CHUNKS_MAX (MIG_DISK_LENGTH_MAX / MIG_DISK_CHUNK)

typedef struct Disk {
    MigDisk disk;
    char name[256];
    MigPageFile file;   /* fd -1: left out */
    MigPageSet carried; /* chunks that the stream has, */
    MigPageSet written; /* and those of them that are data */
} Disk;

struct MigDiskImage {
    MigReader *reader;
    MigDiskPlace *place;
    void *user;
    GPtrArray *disks; /* Disk, which begins with its MigDisk */
    MigPageStore store;
};

static void free_disk(gpointer p)
{
    Disk *d = p;

    mig_page_set_clear(&d->carried);
    mig_page_set_clear(&d->written);
    g_free(d);
}

MigDiskImage *mig_disk_image_new(MigReader *reader, MigDiskPlace *place, void *user)
{
    MigDiskImage *image = g_new0(MigDiskImage, 1);

    image->reader = reader;
    image->place = place;
    image->user = user;
    image->disks = g_ptr_array_new_with_free_func(free_disk);
    mig_page_store_init(&image->store);
    return image;
}

void mig_disk_image_free(MigDiskImage *image)
{
    if (image) {
        g_ptr_array_unref(image->disks);
        mig_page_store_clear(&image->store);
        g_free(image);
    }
}

static bool too_much(const MigItem *item, const char *name, GError **error)
{
    mig_error_set(error, MIG_ERROR_LIMIT, item->offset, NULL,
                  "disk %s: more than %u disks, and disks of more than %" PRIu64
                  " TiB, are not kept account of",
                  name, MIG_DISKS_MAX, MIG_DISK_LENGTH_MAX >> 40);
    return false;
}

static Disk *add_disk(MigDiskImage *image, const char *name, const MigItem *item,
                      GError **error)
{
    Disk *d;

    if (image->disks->len == MIG_DISKS_MAX) {
        too_much(item, name, error);
        return NULL;
    }
    d = g_new0(Disk, 1);
    g_ptr_array_add(image->disks, d);
    g_strlcpy(d->name, name, sizeof(d->name));
    d->disk.name = d->name;
    if (!image->place(d->name, &d->file.fd, image->user, error)) {
        return NULL;
    }
    d->disk.chosen = d->file.fd >= 0;
    if (d->disk.chosen && (!mig_page_set_init(&d->carried, &image->store, CHUNKS_MAX) ||
                           !mig_page_set_init(&d->written, &image->store, CHUNKS_MAX))) {
        too_much(item, name, error);
        return NULL;
    }
    return d;
}

/* The disk of @name, which is new if it is seen first. */
static Disk *find_disk(MigDiskImage *image, const char *name, const MigItem *item,
                       GError **error)
{
    for (guint i = 0; i < image->disks->len; i++) {
        Disk *d = g_ptr_array_index(image->disks, i);

        if (strcmp(d->name, name) == 0) {
            return d;
        }
    }
    return add_disk(image, name, item, error);
}

static bool io_error(const Disk *d, GError **error)
{
    mig_error_set_plain(error, MIG_ERROR_IO, "cannot keep the content of disk %s: %s",
                        d->name, g_strerror(errno));
    return false;
}

/* What was written before is zero from now on. */
static bool clear_chunk(MigDiskImage *image, Disk *d, uint64_t chunk)
{
    return !mig_page_set_has(&d->written, &image->store, chunk) ||
           (mig_page_file_fill(&d->file, chunk * MIG_DISK_CHUNK, MIG_DISK_CHUNK, 0) &&
            mig_page_set_remove(&d->written, &image->store, chunk, 1));
}

static bool keep_chunk(MigDiskImage *image, Disk *d, uint64_t chunk, const uint8_t *data)
{
    const MigPageRows rows = { data, MIG_DISK_CHUNK / PAGE, PAGE, PAGE };

    errno = ENOMEM;
    if (!mig_page_set_add(&d->carried, &image->store, chunk, 1)) {
        return false;
    }
    d->disk.length = MAX(d->disk.length, (chunk + 1) * MIG_DISK_CHUNK);
    return data ? mig_page_set_add(&d->written, &image->store, chunk, 1) &&
                      mig_page_file_write(&d->file, chunk * MIG_DISK_CHUNK, &rows)
                : clear_chunk(image, d, chunk);
}

static bool take(MigDiskImage *image, const MigItem *item, const MigDiskRecord *record,
                 GError **error)
{
    const uint64_t per_chunk = MIG_DISK_CHUNK / SECTOR;
    Disk *d = find_disk(image, record->name, item, error);

    if (!d || !d->disk.chosen) {
        return d != NULL;
    }
    if (record->sector % per_chunk) {
        mig_error_set(error, MIG_ERROR_UNSUPPORTED, item->offset, NULL,
                      "1 MiB of disk %s from sector %" PRIu64
                      " on: QEMU sends disks from multiples of 1 MiB on",
                      d->name, record->sector);
        return false;
    }
    return record->sector / per_chunk < CHUNKS_MAX
               ? keep_chunk(image, d, record->sector / per_chunk, record->data) ||
                     io_error(d, error)
               : too_much(item, d->name, error);
}

bool mig_disk_image_watch(MigDiskImage *image, const MigItem *item, GError **error)
{
    MigDiskRecord record;
    const uint8_t *p;

    if (!mig_item_is_disk(item)) {
        return true;
    }
    p = mig_reader_bytes(image->reader, item);
    if (!p) {
        return mig_input_end_error(mig_reader_input(image->reader), error);
    }
    mig_disk_record_parse(item, p, &record);
    return take(image, item, &record, error);
}

bool mig_disk_image_finish(MigDiskImage *image, GError **error)
{
    for (guint i = 0; i < image->disks->len; i++) {
        Disk *d = g_ptr_array_index(image->disks, i);
        uint64_t n = d->disk.length / MIG_DISK_CHUNK;

        if (!d->disk.chosen) {
            continue;
        }
        if (ftruncate(d->file.fd, (off_t)d->disk.length) < 0) {
            return io_error(d, error);
        }
        d->disk.missing = (n - d->carried.n_in) * MIG_DISK_CHUNK;
        if (d->disk.missing) {
            d->disk.first_missing =
                mig_page_set_first_missing(&d->carried, &image->store) * MIG_DISK_CHUNK;
        }
    }
    return true;
}

const MigDisk *const *mig_disk_image_disks(const MigDiskImage *image, size_t *n)
{
    *n = image->disks->len;
    return (const MigDisk *const *)image->disks->pdata;
}
