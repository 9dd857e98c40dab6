/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          the constants of the wire format, in the order of the format.
 * Must not know: how they are read or written.
 * See also:      stream/reader.c and the section bodies.
 *
 * All integers of the stream are big-endian, but for the bitmap of mapped-ram.
 * Sources are QEMU's; a release is named where the fact is not true of all from 5.2 on.
 */
#ifndef MIG_STREAM_WIRE_H
#define MIG_STREAM_WIRE_H

#include <glib.h>
#include <inttypes.h>
#include <stddef.h>
#include <stdint.h>

#include "io/byte-order.h"

G_BEGIN_DECLS

/* Integers of the stream onto the end of a buffer. */
static inline void mig_append_u8(GByteArray *out, uint8_t v)
{
    g_byte_array_append(out, &v, 1);
}

static inline void mig_append_be16(GByteArray *out, uint16_t v)
{
    uint8_t p[2];

    mig_put_be16(p, v);
    g_byte_array_append(out, p, sizeof(p));
}

static inline void mig_append_be32(GByteArray *out, uint32_t v)
{
    uint8_t p[4];

    mig_put_be32(p, v);
    g_byte_array_append(out, p, sizeof(p));
}

static inline void mig_append_be64(GByteArray *out, uint64_t v)
{
    uint8_t p[8];

    mig_put_be64(p, v);
    g_byte_array_append(out, p, sizeof(p));
}

/* u8 length | @n bytes of text: how names are written. */
static inline void mig_append_pstr8(GByteArray *out, const void *text, uint8_t n)
{
    mig_append_u8(out, n);
    g_byte_array_append(out, (const guint8 *)text, n);
}

/* File header: be32 magic | be32 version.
 * Source: migration/savevm.c, qemu_savevm_state_header(). */
#define MIG_FILE_MAGIC            0x5145564du /* "QEVM" */
#define MIG_FILE_VERSION          3u
#define MIG_FILE_VERSION_OBSOLETE 2u
#define MIG_FILE_HEADER_LENGTH    8u

/* First byte of everything in the outer list.
 * Source: migration/savevm.h. */
typedef enum MigSectionType {
    MIG_EOF = 0x00,
    MIG_SECTION_START =
        0x01, /* u8 type | be32 id | pstr8 idstr | be32 instance | be32 version */
    MIG_SECTION_PART = 0x02, /* u8 type | be32 id */
    MIG_SECTION_END = 0x03,  /* as PART */
    MIG_SECTION_FULL = 0x04, /* as START */
    MIG_SUBSECTION =
        0x05, /* inside a vmstate only: u8 | pstr8 name | be32 version | fields */
    MIG_DESCRIPTION = 0x06, /* after EOF: u8 | be32 length | JSON */
    MIG_CONFIGURATION =
        0x07,           /* after the file header: u8 | be32 length | machine name | ... */
    MIG_COMMAND = 0x08, /* u8 | be16 command | be16 length | payload */
    MIG_FOOTER = 0x7e,  /* after a section body: u8 | be32 id */
} MigSectionType;

#define MIG_SHORT_HEADER_LENGTH       5u  /* PART and END */
#define MIG_LONG_HEADER_LENGTH        14u /* START and FULL, plus the idstr */
#define MIG_FOOTER_LENGTH             5u
#define MIG_COMMAND_HEADER_LENGTH     5u
#define MIG_DESCRIPTION_HEADER_LENGTH 5u
#define MIG_SUBSECTION_OVERHEAD       6u /* 0x05, length of the name, be32 version */

/* Source: migration/savevm.c, enum qemu_vm_cmd and mig_cmd_args[]. */
typedef enum MigCommand {
    MIG_CMD_INVALID = 0,
    MIG_CMD_OPEN_RETURN_PATH = 1,
    MIG_CMD_PING = 2,
    MIG_CMD_POSTCOPY_ADVISE = 3,
    MIG_CMD_POSTCOPY_LISTEN = 4,
    MIG_CMD_POSTCOPY_RUN = 5,
    MIG_CMD_POSTCOPY_RAM_DISCARD = 6,
    MIG_CMD_PACKAGED = 7,
    MIG_CMD_ENABLE_COLO = 8,
    MIG_CMD_POSTCOPY_RESUME = 9,
    MIG_CMD_RECV_BITMAP = 10,
    MIG_CMD_SWITCHOVER_START = 11, /* 10.0 */
    MIG_CMD_COUNT
} MigCommand;

/* ram, version 4: each record begins with one be64, an offset or'ed with these.
 * Source: migration/ram.c, RAM_SAVE_FLAG_*. */
#define MIG_RAM_VERSION 4u
typedef enum MigRamFlag {
    MIG_RAM_ZERO = 0x002,     /* [pstr8 block] | u8 0 */
    MIG_RAM_MEM_SIZE = 0x004, /* block list */
    MIG_RAM_PAGE = 0x008,     /* [pstr8 block] | page */
    MIG_RAM_EOS = 0x010,
    MIG_RAM_CONTINUE = 0x020,      /* the block of the record before: no name */
    MIG_RAM_XBZRLE = 0x040,        /* [pstr8 block] | u8 1 | be16 length | data */
    MIG_RAM_HOOK = 0x080,          /* RDMA; nothing follows */
    MIG_RAM_COMPRESS_PAGE = 0x100, /* [pstr8 block] | be32 length | zlib; until 9.0 */
    MIG_RAM_MULTIFD_FLUSH = 0x200, /* 8.1 */
} MigRamFlag;

#define MIG_XBZRLE_ENCODING 1u

/* mapped-ram (9.0): be32 version | be64 page size | be64 bitmap offset | be64 pages offset.
 * Offsets are absolute in the file.
 * Source: migration/ram.c, struct MappedRamHeader, mapped_ram_setup_ramblock(). */
#define MIG_MAPPED_RAM_VERSION       1u
#define MIG_MAPPED_RAM_HEADER_LENGTH 28u

/* A multifd channel, other than the main one: an initial packet, then packets; see
 * stream/multifd.h.  Source: migration/multifd.c, MULTIFD_MAGIC; migration/multifd.h. */
#define MIG_MULTIFD_MAGIC                0x11223344u
#define MIG_MULTIFD_VERSION              1u
#define MIG_MULTIFD_INITIAL_LENGTH       64u
#define MIG_MULTIFD_PACKET_HEADER_LENGTH 320u /* and the offsets of pages */
#define MIG_MULTIFD_DEVICE_HEADER_LENGTH 276u /* and the device's data */
#define MIG_MULTIFD_NAME_LENGTH          256u /* of a RAM block or an idstr, NULs included */
#define MIG_MULTIFD_PACKET_GUEST_BYTES   (512u << 10) /* of pages, at most, in a packet */
#define MIG_MULTIFD_CHANNELS_MAX         255u
/* The data of a VFIO device: be32 version 0 | be32 index | be32 flags | device data, or
 * with flag 1 its configuration record.  Source: hw/vfio/migration-multifd.c, 10.0 to 11.1. */
#define MIG_MULTIFD_VFIO_HEADER_LENGTH 12u
#define MIG_MULTIFD_VFIO_CONFIG        1u
typedef enum MigMultifdFlag {
    MIG_MULTIFD_SYNC = 0x01,
    MIG_MULTIFD_COMPRESSION = 0x3e, /* the mask of the next five */
    MIG_MULTIFD_ZLIB = 0x02,
    MIG_MULTIFD_ZSTD = 0x04,
    MIG_MULTIFD_QPL = 0x08,          /* 9.1 */
    MIG_MULTIFD_UADK = 0x10,         /* 9.1 */
    MIG_MULTIFD_QATZIP = 0x20,       /* 9.2 */
    MIG_MULTIFD_DEVICE_STATE = 0x40, /* 10.0: no page is in the packet */
} MigMultifdFlag;

/* VFIO: be64 flags.
 * Source: hw/vfio/migration.c, VFIO_MIG_FLAG_*. */
#define MIG_VFIO_FLAG_PREFIX           0xffffffffef100000u
#define MIG_VFIO_FLAG_MASK             0xffffffffffff0000u
#define MIG_VFIO_END_OF_STATE          0xffffffffef100001u
#define MIG_VFIO_DEV_CONFIG_STATE      0xffffffffef100002u
#define MIG_VFIO_DEV_SETUP_STATE       0xffffffffef100003u
#define MIG_VFIO_DEV_DATA_STATE        0xffffffffef100004u
#define MIG_VFIO_DEV_INIT_DATA_SENT    0xffffffffef100005u /* 8.1 */
#define MIG_VFIO_DEV_CONFIG_LOAD_READY 0xffffffffef100006u /* 10.1 */

/* The subflag word of migstat-subflag(5): follows DEV_CONFIG_STATE in that dialect only. */
#define MIG_VFIO_SUBFLAG_PREFIX     0xffffffffef110000u
#define MIG_VFIO_SUBFLAG_SETUP      0x0001u
#define MIG_VFIO_SUBFLAG_ENABLE_IRQ 0x0002u

/* Bounds of the library on what a stream may ask for. */
#define MIG_CONFIGURATION_MAX (64u << 10) /* bytes of the whole section */
#define MIG_SECTIONS_MAX      (128u << 10) /* distinct (idstr, instance), and section ids */
#define MIG_SECTION_NAMES_MAX (8u << 20)   /* bytes of their names */
#define MIG_RAM_BLOCKS_MAX    (16u << 10)
#define MIG_DESCRIPTION_MAX   (16u << 20)      /* bytes of JSON that are looked into */
#define MIG_DEVICES_MAX       MIG_SECTIONS_MAX /* entries of a description */
#define MIG_JSON_DEPTH_MAX    128u
#define MIG_JSON_STRING_MAX   (64u << 10) /* bytes, escapes as they are written */
#define MIG_PACKAGE_DEPTH_MAX 4u
#define MIG_PAGE_SIZE_MIN     256u
#define MIG_PAGE_SIZE_MAX     65536u
#define MIG_PAGE_SIZE_USUAL   4096u /* where the stream gives no sign of another */

G_END_DECLS

#endif
