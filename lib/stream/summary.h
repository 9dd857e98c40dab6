/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          what a whole stream adds up to: sections, RAM blocks, VFIO devices,
 *                commands.
 * Must not know: how it is shown.
 * See also:      stream/reader.h; cli/cmd-dump.c.
 *
 * Memory grows with the number of RAM blocks; what is one per section, VFIO device, record or
 * command goes to a temporary file when it is long.
 */
#ifndef MIG_STREAM_SUMMARY_H
#define MIG_STREAM_SUMMARY_H

#include "stream/reader.h"
#include "stream/vfio-dialect.h"

G_BEGIN_DECLS

/* One START, PART, END or FULL.  Offsets in plain bytes, lengths in bytes. */
typedef struct MigSectionSummary {
    uint64_t offset;
    uint64_t length;     /* header, body and footer, as far as they were read */
    uint32_t section;    /* index into the reader's sections */
    uint32_t id;         /* as its header has it */
    uint32_t version_id; /* as last bound */
    uint16_t header_length;
    uint8_t type; /* MigSectionType */
    uint8_t package_depth;
    bool footer;
    bool inferred;
    bool description_differs;
} MigSectionSummary;

/* Bytes of the body, and where it starts in plain bytes. */
MIG_API uint64_t mig_section_summary_body(const MigSectionSummary *section,
                                          uint64_t *offset);

/* Pages of one RAM block by the record that carried them. */
typedef struct MigRamSummary {
    uint64_t mapped;     /* pages that a mapped-ram file holds */
    uint64_t wire_bytes; /* bytes of all pages, headers included */
    uint64_t pages[MIG_PAGE_KIND_COUNT];
} MigRamSummary;

typedef struct MigVfioRecordSummary {
    uint64_t offset;
    uint64_t length; /* of the record in all its pieces */
    uint64_t payload_length;
    uint16_t flag; /* the low 16 bits of the flag */
    uint16_t subflags;
    bool has_subflags;
    uint8_t header_length; /* bytes of it before its payload; of a packet 0 */
    uint8_t type;          /* of the section that it is in, or of a packet would be */
    uint32_t device;       /* as mig_summary_vfio() counts */
    uint32_t next;         /* index + 1 of the device's next record; 0: none */
    uint64_t payload;      /* where its payload is, in plain bytes of its channel */
    uint32_t channel;      /* where that is not the main one, it is a packet, */
    uint32_t index;        /* and this its place among those of the device */
} MigVfioRecordSummary;

/* A VFIO device and what its configuration space says of it. */
typedef struct MigVfioSummary {
    MigVfioDevice device;
    bool has_pci;
    uint16_t vendor_id, device_id;
    uint32_t config_size;   /* bytes of configuration space */
    uint32_t config_length; /* bytes of the payload */
    uint32_t msix_vectors;  /* in the payload */
    bool msix_enabled;
    uint32_t first_record; /* 1 more than mig_summary_vfio_record() counts; 0: none */
    uint32_t last_record;
} MigVfioSummary;

/* A channel of a capture. */
typedef struct MigChannelSummary {
    uint64_t length;         /* bytes */
    uint64_t packets;        /* of pages, those without any included */
    uint64_t device_packets; /* of device state */
    uint64_t syncs;          /* packets with SYNC, each of which ends an epoch */
    uint64_t pages[MIG_PAGE_KIND_COUNT];
    uint32_t compression; /* MIG_MULTIFD_...: of the last packet with pages; 0: none */
    uint8_t id;           /* that QEMU gave it; of other than multifd channels 0 */
    bool multifd;         /* it begins with an initial packet */
    uint64_t reserved[4]; /* for members to come: the channels are an array */
} MigChannelSummary;

typedef struct MigCommandSummary {
    uint64_t offset, length;
    uint16_t id;
    uint8_t package_depth;
    uint32_t package_length; /* PACKAGED: bytes that follow */
} MigCommandSummary;

/* What kinds of bytes the stream has, for a bar. */
typedef enum MigShare {
    MIG_SHARE_RAM,
    MIG_SHARE_VFIO,
    MIG_SHARE_DEVICES,
    MIG_SHARE_DESCRIPTION,
    MIG_SHARE_OTHER,
    MIG_SHARE_DISK, /* what a block migration has of disks, and their dirty bitmaps */
    MIG_SHARE_COUNT
} MigShare;

/* A defect that did not stop the reader. */
typedef struct MigDefectSummary {
    uint64_t offset;
    const char *rule;
    const MigSection *section;
} MigDefectSummary;

#define MIG_DEFECTS_KEPT 16u

typedef struct MigSummary MigSummary;

/* Of no item yet.  The caller owns it, mig_summary_free(). */
MIG_API MigSummary *mig_summary_new(void);
MIG_API void mig_summary_free(MigSummary *summary);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(MigSummary, mig_summary_free)

/* Adds @item, the one that a reader has just read: all items of a stream, from its first on.
 * One that lies in a section whose header was not watched is left out, with a GLib critical.
 * False with *error (IO) where there is room for it neither in memory nor in a temporary
 * file. */
MIG_API bool mig_summary_watch(MigSummary *summary, const MigItem *item, GError **error);

/* What is one for the whole stream. */
typedef struct MigSummaryTotals {
    uint64_t n_sections; /* that mig_summary_section() has */
    uint64_t n_defects; /* the first MIG_DEFECTS_KEPT of which mig_summary_defect() has */
    uint64_t ram_records;    /* words: the list, pages, marks */
    uint64_t eof_offset;     /* UINT64_MAX: none */
    uint64_t trailing_bytes; /* after the end mark and the description */
    bool trailing_zero;      /* ... and all of them 0 */
} MigSummaryTotals;

/* What is returned from here on is the summary's, and valid until the next item is watched.
 * Those that take @i have them in the order of the stream, and return NULL beyond the last. */
MIG_API const MigSummaryTotals *mig_summary_totals(const MigSummary *summary);

/* Bytes of that kind. */
MIG_API uint64_t mig_summary_share(const MigSummary *summary, MigShare share);

/* Each START, PART, END and FULL. */
MIG_API const MigSectionSummary *mig_summary_section(const MigSummary *summary, size_t i);

/* Of the block with that index in the reader's list; NULL: it was not watched. */
MIG_API const MigRamSummary *mig_summary_ram(const MigSummary *summary, size_t block);

/* Pages of no known block. */
MIG_API const MigRamSummary *mig_summary_ram_other(const MigSummary *summary);

/* VFIO devices, in the order of their first items. */
MIG_API const MigVfioSummary *mig_summary_vfio(const MigSummary *summary, size_t i);

/* The device whose section is @section; NULL: there is none. */
MIG_API const MigVfioSummary *mig_summary_vfio_of(const MigSummary *summary,
                                                  const MigSection *section);

/* Records of all devices: those of one are linked by their next. */
MIG_API const MigVfioRecordSummary *mig_summary_vfio_record(const MigSummary *summary,
                                                            size_t i);

/* Channels of a capture, the main one first; NULL where only the main one was seen. */
MIG_API const MigChannelSummary *mig_summary_channel(const MigSummary *summary, size_t i);

/* COMMANDs. */
MIG_API const MigCommandSummary *mig_summary_command(const MigSummary *summary, size_t i);

/* Defects, the first MIG_DEFECTS_KEPT of them. */
MIG_API const MigDefectSummary *mig_summary_defect(const MigSummary *summary, size_t i);

G_END_DECLS

#endif
