/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          what a VFIO device's records add up to: its dialect, its data, where its
 *                configuration is.
 * Must not know: whether that is right; check/ does.
 * See also:      migstat-subflag(5).
 */
#ifndef MIG_STREAM_VFIO_DIALECT_H
#define MIG_STREAM_VFIO_DIALECT_H

#include "stream/item.h"

G_BEGIN_DECLS

typedef enum MigVfioDialect {
    MIG_VFIO_DIALECT_NONE,         /* no configuration on this channel, or not yet */
    MIG_VFIO_DIALECT_CONFIG_FIRST, /* in END, before the stop-and-copy data: QEMU 5.2 */
    MIG_VFIO_DIALECT_CONFIG_LAST,  /* in FULL: QEMU 6.0 and later */
    MIG_VFIO_DIALECT_SUBFLAG,      /* set up and enabled by subflags */
    MIG_VFIO_DIALECT_MULTIFD,      /* on the multifd channels: 10.0 and later */
} MigVfioDialect;

/* "config-first", ...: a static string. */
MIG_API const char *mig_vfio_dialect_name(MigVfioDialect dialect);

/* What one device has sent.  Offsets are in plain bytes, UINT64_MAX where there is no such thing; sizes are in bytes. */
typedef struct MigVfioDevice {
    const MigSection *section;
    MigVfioDialect dialect;   /* by what was seen so far */
    uint64_t precopy_bytes;   /* device data in PART */
    uint64_t stop_copy_bytes; /* device data in END */
    uint64_t other_bytes;     /* device data in START or FULL, where it is not wanted */
    uint32_t precopy_records, stop_copy_records;
    uint64_t first_data;        /* offset of the first data record that is not empty */
    uint64_t first_stop_copy;   /* of the first one in END */
    uint64_t config;            /* of the first configuration record with a payload */
    MigSectionType config_type; /* the type of its section */
    uint32_t config_records;    /* with a payload */
    uint64_t enable;            /* of what enables interrupts: the first record of an old
                                    * dialect, ENABLE_IRQ of the subflag one */
    MigSectionType enable_type;
    bool subflags;     /* some configuration record has them */
    bool plain_config; /* some has not */
    bool full;         /* a FULL section was seen */
    bool config_load_ready;
    /* Of packets on multifd channels: where the first configuration is that came in one, channel
     * 0 if none has, and whether there were any. */
    uint64_t packet_config;
    uint32_t packet_channel;
    bool on_channels;
    uint64_t reserved[2]; /* for members to come: MigVfioSummary has one inside */
} MigVfioDevice;

G_END_DECLS

#endif
