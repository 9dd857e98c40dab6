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
