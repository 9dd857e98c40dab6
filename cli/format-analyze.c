/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          where device state is printed as QEMU's script does.
 * Must not know: how.
 * See also:      format.h.
 */
#include "format.h"

const CliFormat cli_format_analyze = {
    .name = "analyze",
    .command = "dump",
    .dump_devices = &dump_devices_analyze,
    .dump_description = dump_description_analyze,
};
