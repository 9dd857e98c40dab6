/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          what a VFIO record has: the name of its flag, its payload.
 * Must not know: where they are in a stream.
 * See also:      stream/vfio.c, which has the layout; stream/item.h, MigVfioRecord.
 */
#ifndef MIG_STREAM_VFIO_H
#define MIG_STREAM_VFIO_H

#include "stream/reader.h"

G_BEGIN_DECLS

/* "DEV_DATA_STATE", ...: a static string, NULL for a flag that is none. */
MIG_API const char *mig_vfio_flag_name(uint64_t flag);

/*
 * What @item, a VFIO record with @bytes, has of the payload: device data, or the
 * configuration payload; *n is its length in bytes.  It lives as long as @bytes.
 */
MIG_API const uint8_t *mig_vfio_item_payload(const MigItem *item, const uint8_t *bytes,
                                             size_t *n);

/* The configuration space in @bytes of a record that has a payload, item->vfio.config_size
 * bytes. */
MIG_API const uint8_t *mig_vfio_item_config(const MigItem *item, const uint8_t *bytes);

/* What @item, a VFIO record or a packet of device state, has as a record; NULL: nothing. */
MIG_API const MigVfioRecord *mig_vfio_item_record(const MigItem *item);

/*
 * All of the configuration payload of @item, the last one that @reader has read, if
 * mig_vfio_item_record() has one: *n bytes, at *offset of the channel.  Valid as
 * mig_reader_bytes(); NULL where it cannot be read any more.
 */
MIG_API const uint8_t *mig_vfio_read_config(MigReader *reader, const MigItem *item,
                                            size_t *n, uint64_t *offset);

G_END_DECLS

#endif
