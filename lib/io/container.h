/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          what may be wrapped around a stream, and how it is removed.
 * Must not know: the stream itself.
 * See also:      container.c, container-libvirt.c; input.c, which asks once, when it
 *                opens.
 */
#ifndef MIG_IO_CONTAINER_H
#define MIG_IO_CONTAINER_H

#include "io/source.h"

/* Wrappers nest at most this deep. */
#define MIG_CONTAINER_DEPTH 4

/*
 * Takes all wrappers off @source, which is taken over, and appends a MigContainer for each
 * to @containers.  @max_expand as in MigInputOptions.  Returns the source of the plain bytes;
 * errors as mig_input_open().
 */
MigSource *mig_container_unwrap(MigSource *source, uint64_t max_expand,
                                GArray *containers, GError **error);

/* First bytes of a libvirt save image: of a finished one, and of one that is being written. */
#define MIG_LIBVIRT_MAGIC         "LibvirtQemudSave"
#define MIG_LIBVIRT_PARTIAL_MAGIC "LibvirtQemudPart"

/* How a save image says that it holds the stream. */
typedef enum MigLibvirtFormat {
    MIG_LIBVIRT_RAW = 0,
    MIG_LIBVIRT_GZIP = 1,
    MIG_LIBVIRT_BZIP2 = 2,
    MIG_LIBVIRT_XZ = 3,
    MIG_LIBVIRT_LZOP = 4,
    MIG_LIBVIRT_ZSTD = 5,
    MIG_LIBVIRT_SPARSE = 6, /* Raw, and mapped-ram. */
} MigLibvirtFormat;

/*
 * Reads the header of a save image and the XML that follows it, from the start of @image to
 * the start of the stream, which lies at @container->header_length.
 */
bool mig_container_read_libvirt(MigSource *image, MigContainer *container,
                                MigLibvirtFormat *format, GError **error);

#endif
