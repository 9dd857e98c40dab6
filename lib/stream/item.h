/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          the item, a run of bytes of a stream with a meaning.
 * Must not know: how it was read.
 * See also:      stream/reader.h, which makes items; everything else, which watches them.
 *
 * The items of a stream tile it: each begins where the one before ended, the first at 0.
 * None is longer than MIG_ITEM_MAX: a longer thing (VFIO data, the page area of mapped-ram)
 * comes as one item of that kind and then further pieces of it.
 *
 * The structures here are the library's: a client reads them through pointers, and neither
 * allocates nor copies them.  So they can get further members, after those that are there,
 * within one soname of the library.
 */
#ifndef MIG_STREAM_ITEM_H
#define MIG_STREAM_ITEM_H

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

#include "io/visibility.h"
#include "stream/wire.h"

G_BEGIN_DECLS

/* Bytes.  The data record of VFIO's protocol v2 (1 MiB and a header) is one item, and any
 * item fits into a look-ahead of the input. */
#ifndef MIG_ITEM_MAX /* but in a test build, of another size */
#define MIG_ITEM_MAX ((1u << 20) + (128u << 10))
#endif

typedef enum MigItemKind {
    MIG_ITEM_FILE_HEADER,
    MIG_ITEM_CONFIGURATION,
    MIG_ITEM_SECTION_HEADER,
    MIG_ITEM_SECTION_FOOTER,
    MIG_ITEM_COMMAND,       /* PACKAGED: its header; what is packaged follows as items */
    MIG_ITEM_RAM_LIST,      /* the MEM_SIZE word */
    MIG_ITEM_RAM_BLOCK,     /* one entry of the block list */
    MIG_ITEM_RAM_PAGES,     /* a run of page records */
    MIG_ITEM_RAM_MARK,      /* EOS, HOOK, MULTIFD_FLUSH */
    MIG_ITEM_MAPPED_HEADER, /* mapped-ram, per block */
    MIG_ITEM_MAPPED_BITMAP,
    MIG_ITEM_MAPPED_PAGES,
    MIG_ITEM_VFIO_RECORD,  /* a flag and what belongs to it, up to the next flag */
    MIG_ITEM_RECORD,       /* a record of block, dirty-bitmap, spapr/htab, s390 */
    MIG_ITEM_DEVICE_STATE, /* the body of a section that does not delimit itself */
    MIG_ITEM_EOF,
    MIG_ITEM_DESCRIPTION,     /* header and JSON */
    MIG_ITEM_MULTIFD_INITIAL, /* the packet that begins a multifd channel */
    MIG_ITEM_MULTIFD_PACKET,  /* of pages: its header and the offsets of normal pages */
    MIG_ITEM_MULTIFD_DEVICE,  /* a packet of device state, header and data */
    MIG_ITEM_PADDING,         /* what nobody reads: holes of mapped-ram, unused offsets
                               * of a multifd packet, zeros after the end */
    MIG_ITEM_TRAILING,        /* other bytes after the end */
    MIG_ITEM_MULTIFD_DATA,    /* compressed pages of a packet; the pages follow, as
                               * RAM_PAGES without a byte in the channel */
    MIG_ITEM_KIND_COUNT
} MigItemKind;

/* Name of a kind as --items and migstat-dump(1) have it: "section-header", ... */
MIG_API const char *mig_item_kind_name(MigItemKind kind);

/* Who owns a section: QEMU's handler, bound by (idstr, instance id).  Lives as long as the
 * reader. */
typedef struct MigSection {
    uint32_t id; /* as last bound by START or FULL */
    uint32_t instance_id;
    uint32_t version_id; /* as last bound */
    uint32_t index;      /* 0, 1, ... in order of first appearance */
    uint8_t name_length; /* bytes of name, which may hold anything, NUL too */
    const char *name;    /* the idstr, closed by a NUL */
} MigSection;

/* What owns the bodies of a section. */
MIG_API bool mig_section_is_ram(const MigSection *section);
MIG_API bool mig_section_is_vfio(const MigSection *section);

/* Whether the idstr is @handler, or ends in it after the path of a device: "apic",
 * "0000:00:02.0/virtio-net". */
MIG_API bool mig_section_has_handler(const MigSection *section, const char *handler);

/* A GCompareFunc: the order of two MigSection by instance and name, which may hold NULs. */
MIG_API gint mig_section_compare(gconstpointer a, gconstpointer b);

/* A RAM block of the list.  Lives as long as the reader. */
typedef struct MigRamBlock {
    uint64_t used_length;    /* bytes of guest memory */
    uint64_t host_page_size; /* bytes; 0 where the list has none */
    uint64_t address;        /* guest physical, where has_address */
    bool has_address;        /* x-ignore-shared */
    bool mapped;             /* has a mapped-ram header, and so the next four */
    uint32_t mapped_version;
    uint64_t mapped_page_size;
    uint64_t bitmap_offset; /* as written: absolute in the file */
    uint64_t pages_offset;
    uint32_t index; /* 0, 1, ... in order of the list */
    uint8_t name_length;
    const char *name; /* closed by a NUL */
} MigRamBlock;

/* The CONFIGURATION section. */
typedef struct MigConfiguration {
    const char *machine;     /* closed by a NUL */
    uint32_t machine_length; /* bytes */
    bool has_page_bits;
    uint32_t page_bits; /* log2 of the target page size */
    const char *const
        *capabilities; /* NULL-terminated, NULL where there is no subsection */
    bool x_ignore_shared;
    bool mapped_ram;
    const uint8_t *uuid; /* 16 bytes, or NULL */
} MigConfiguration;

/* The UUID as 00112233-4455-...; NULL where the configuration has none.  The caller
 * frees. */
MIG_API char *mig_configuration_uuid_text(const MigConfiguration *configuration);

/* What is true of a kind is in the table of stream/page-kind.c. */
typedef enum MigPageKind {
    MIG_PAGE_NORMAL,
    MIG_PAGE_ZERO,
    MIG_PAGE_XBZRLE,
    MIG_PAGE_COMPRESSED,
    MIG_PAGE_KIND_COUNT
} MigPageKind;

/* "normal", "zero", ...: a static string. */
MIG_API const char *mig_page_kind_name(MigPageKind kind);

typedef struct MigFileHeader {
    uint32_t version;
} MigFileHeader;

typedef struct MigFooter {
    uint32_t id;
} MigFooter;

typedef struct MigCommandHeader {
    uint16_t id;
    uint16_t length;         /* of the payload, bytes */
    uint32_t package_length; /* PACKAGED: bytes that follow */
    uint32_t ping;           /* PING: the value that is to be sent back */
} MigCommandHeader;

typedef struct MigRamList {
    uint64_t total; /* bytes of all blocks */
    bool continues; /* the word has CONTINUE, which means nothing here */
} MigRamList;

/* Pages of one block at ascending addresses, one record each.  On a multifd channel a record
 * is the page itself, or the offset that tells of a zero page; of compressed pages the item has
 * no length, and its bytes are what the data before it inflates to.  Records of zero and normal
 * pages come in runs, no record of which but the first straddles a multiple of 1 MiB of the
 * stream; encoded ones come singly. */
typedef struct MigRamPages {
    MigPageKind kind;
    uint8_t fill; /* of zero pages, 0 in a sound stream */
    bool named;   /* the first record names its block; the others continue it */
    uint32_t n_pages;
    uint32_t page_size;    /* bytes */
    uint32_t first_length; /* bytes of the first record */
    uint32_t data_offset; /* in the first record, where the page or its encoding starts */
    uint32_t data_length; /* bytes of it, the same in all records; 0 for zero pages */
    uint32_t stride;      /* bytes of the second and each further record */
    uint64_t address;     /* of the first page in the block, bytes */
    const MigRamBlock *block; /* NULL where the stream names none that is known */
} MigRamPages;

typedef struct MigRamMark {
    MigRamFlag flag;
    bool continues; /* as in ram_list */
    uint64_t value; /* what the word has above its flags: 0 in a sound stream */
} MigRamMark;

typedef struct MigMappedBitmap {
    const MigRamBlock *block;
    uint64_t first_page; /* that this piece speaks of */
    uint64_t n_pages;    /* of the block, in this piece */
    uint64_t n_set;      /* pages that are in the file */
    uint64_t n_beyond;   /* bits set beyond the end of the block */
} MigMappedBitmap;

typedef struct MigVfioRecord {
    uint64_t flag; /* MIG_VFIO_... */
    bool has_subflags;
    uint16_t subflags;  /* MIG_VFIO_SUBFLAG_... */
    bool has_payload;   /* of a configuration record: a payload follows the flags */
    bool closes_config; /* END_OF_STATE: of a configuration record, not of the body */
    bool msix_enabled;  /* by the configuration space of the payload */
    bool msi_enabled;   /* the same of MSI */
    uint32_t payload_offset; /* in the item, bytes */
    uint32_t config_offset;  /* of the configuration space, in the item; 0: none */
    uint64_t payload_length; /* configuration payload, or device data of all pieces */
    uint32_t config_size;    /* bytes of configuration space: 256 or 4096 */
    uint32_t msix_vectors;   /* entries of the MSI-X table in the payload */
    uint16_t vendor_id, device_id; /* by the configuration space */
} MigVfioRecord;

typedef struct MigOtherRecord {
    const char *name; /* static: "DEVICE_BLOCK", "BITS", ... */
    uint64_t value;   /* sector, address, index: as the record has it */
} MigOtherRecord;

typedef struct MigDescriptionHeader {
    uint32_t json_length;
} MigDescriptionHeader;

typedef struct MigMultifdInitial {
    uint8_t id; /* 0, 1, ...: the number that QEMU gave the channel */
} MigMultifdInitial;

/* Without pages, @next_packet_size means nothing: it may be that of the packet before. */
typedef struct MigMultifdPacket {
    uint32_t flags;       /* MIG_MULTIFD_... */
    uint32_t pages_alloc; /* pages that a packet has at most; may be 0 in a SYNC */
    uint32_t normal_pages, zero_pages; /* zero_pages: 9.0 */
    uint32_t next_packet_size;         /* bytes of the normal pages, as they are sent */
    uint64_t packet_num;               /* counts the packets of all channels */
    const MigRamBlock *block;          /* whose pages they are; NULL without pages */
} MigMultifdPacket;

/* "none", "zlib", ...: a static string, by a packet's flags. */
MIG_API const char *mig_multifd_compression_name(uint32_t flags);

/* A packet of device state, for the handler that item->section is, if the stream has it; of a
 * VFIO device, item->type is that of the section which it belongs into. */
typedef struct MigMultifdDevice {
    uint32_t instance_id;
    uint32_t data_length; /* bytes of all pieces */
    /* What begins the data of a VFIO device; 0 where there is less than that. */
    uint32_t vfio_version, vfio_index, vfio_flags;
    /* ... and what it amounts to: the record that an ordinary stream would have in its place,
     * with the offsets where things are in this item; flag 0 where it is none. */
    MigVfioRecord record;
} MigMultifdDevice;

typedef struct MigItem {
    MigItemKind kind;
    MigSectionType type; /* of the section it lies in: START, PART, END, FULL; else EOF */
    uint64_t offset;     /* of its first byte, in plain bytes of its channel */
    uint64_t length;     /* bytes, at most MIG_ITEM_MAX */
    uint64_t piece;      /* bytes of the same thing that came in items before */
    uint64_t whole;      /* bytes of the thing in all its pieces */
    const MigSection *section; /* NULL outside sections */
    uint32_t section_id;       /* as the section's header has it */
    uint32_t channel;          /* that its bytes came on; 0: the main channel */
    uint8_t package_depth;     /* 1 inside a PACKAGED command */
    bool inferred;             /* DEVICE_STATE: its end was found by the footer */
    bool description_differs;  /* DEVICE_STATE: the description has another size for it */
    const char *defect;        /* id of the rule that it breaks on its face, or NULL: the
                                * structure is still clear and reading goes on */
    GBytes *bytes;             /* filters only: its bytes when not those of the input */
    union {
        MigFileHeader file_header;
        MigFooter footer;
        MigCommandHeader command;
        MigRamList ram_list;
        const MigRamBlock *block; /* RAM_BLOCK, MAPPED_HEADER, MAPPED_PAGES */
        MigRamPages pages;
        MigRamMark ram_mark;
        MigMappedBitmap bitmap;
        MigVfioRecord vfio;
        MigOtherRecord record;
        MigDescriptionHeader description;
        MigMultifdInitial multifd_initial;
        MigMultifdPacket multifd_packet;
        MigMultifdDevice multifd_device;
        /* No member.  It keeps the size of the union when a kind of item gets more to say,
         * and so the place of what may follow the union. */
        uint64_t reserved[16];
    };
} MigItem;

G_END_DECLS

#endif
