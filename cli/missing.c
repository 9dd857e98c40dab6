/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          see missing.h.
 * Must not know: what it is wanted for.
 * See also:      device/ram-image.h.
 */
#include "missing.h"

#include "text.h"

bool cli_missing_pages(const MigRamImage *image, const MigReader *reader,
                       const MigRamBlock *block, const char *are, GError **error)
{
    const MigConfiguration *conf = mig_reader_configuration(reader);
    uint64_t first, missing = mig_ram_image_missing(image, block, &first);
    g_autofree char *some = cli_number(MIN(missing, block->used_length));
    g_autofree char *all = cli_number(block->used_length);

    if (missing == 0) {
        return true;
    }
    mig_error_set_plain(error, MIG_ERROR_TRUNCATED,
                        "%s of %s bytes of RAM block %s are not in the stream (%s), the "
                        "first at 0x%" PRIx64 ": they %s",
                        some, all, block->name,
                        conf && conf->x_ignore_shared
                            ? "x-ignore-shared: shared blocks are not sent"
                            : "they may travel on other channels, as with multifd; "
                              "--channel=FILE adds one",
                        first, are);
    return false;
}

/* The same of a disk, but for what may follow the last MiB that was sent. */
static bool missing_of_disk(const MigDisk *disk, GError **error)
{
    g_autofree char *some = cli_number(disk->missing);
    g_autofree char *all = cli_number(disk->length);

    if (disk->missing == 0) {
        return true;
    }
    mig_error_set_plain(
        error, MIG_ERROR_TRUNCATED,
        "%s of %s bytes of disk %s are not in the stream (an incremental "
        "block migration leaves out what the backing file has), the first "
        "at 0x%" PRIx64 ": they are holes",
        some, all, disk->name, disk->first_missing);
    return false;
}

static void report(CliStatus *status, bool complete, const char *file,
                   const GError *error)
{
    if (!complete) {
        cli_print_error(file, error);
        *status = CLI_FOUND;
    }
}

CliStatus cli_missing_report(const MigExtract *parts, const MigReader *reader,
                             const char *file)
{
    const MigRamImage *image = mig_extract_ram_image(parts);
    size_t n_blocks, n_disks;
    const MigRamBlock *const *blocks = mig_reader_ram_blocks(reader, &n_blocks);
    const MigDisk *const *disks = mig_extract_disks(parts, &n_disks);
    CliStatus status = CLI_OK;

    for (size_t i = 0; image && i < n_blocks; i++) {
        g_autoptr(GError) error = NULL;
        bool whole = cli_missing_pages(image, reader, blocks[i], "are holes", &error);

        report(&status, whole, file, error);
    }
    for (size_t i = 0; i < n_disks; i++) {
        g_autoptr(GError) error = NULL;
        bool whole = missing_of_disk(disks[i], &error);

        report(&status, whole, file, error);
    }
    return status;
}
