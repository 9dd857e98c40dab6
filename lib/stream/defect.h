/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          the ids of the rules that reading itself can find broken.
 * Must not know: what a rule says of them; check/ does, and a test holds the two
 *                together.
 * See also:      MigItem.defect and mig_error_get_rule().
 *
 * "stops": the structure is lost there and the error is final.  Otherwise the item carries
 * the id and reading goes on.
 */
#ifndef MIG_STREAM_DEFECT_H
#define MIG_STREAM_DEFECT_H

/* clang-format off */
#define MIG_DEFECTS(X)                                                  \
    X(MAGIC, "magic")                                       /* stops */ \
    X(VERSION, "version")                                   /* stops */ \
    X(TRUNCATED, "truncated")                               /* stops */ \
    X(EOF_MISSING, "eof-missing")                           /* stops */ \
    X(CONFIGURATION_MALFORMED, "configuration-malformed")   /* stops */ \
    X(CONFIGURATION_TWICE, "configuration-twice")                       \
    X(CONFIGURATION_NOT_FIRST, "configuration-not-first")               \
    X(SECTION_TYPE, "section-type")                         /* stops */ \
    X(SECTION_UNBOUND, "section-unbound")       /* stops, or goes on */ \
    X(SECTION_ID_TWICE, "section-id-twice")                             \
    X(SECTION_NAME_EMPTY, "section-name-empty")                         \
    X(SECTION_END_UNKNOWN, "section-end-unknown")           /* stops */ \
    X(SECTIONS_TOO_MANY, "sections-too-many")               /* stops */ \
    X(FOOTER_MISSING, "footer-missing")         /* stops, or goes on */ \
    X(FOOTER_MIXED, "footer-mixed")                                     \
    X(FOOTER_ID, "footer-id")                                           \
    X(COMMAND_UNKNOWN, "command-unknown")                               \
    X(COMMAND_LENGTH, "command-length")                                 \
    X(PACKAGE_LENGTH, "package-length")                     /* stops */ \
    X(DESCRIPTION_LENGTH, "description-length")             /* stops */ \
    X(RAM_FLAG, "ram-flag")                                 /* stops */ \
    X(RAM_PAGE_UNALIGNED, "ram-page-unaligned")             /* stops */ \
    X(RAM_EOS_MISSING, "ram-eos-missing")                               \
    X(RAM_LIST_TOTAL, "ram-list-total")         /* stops, or goes on */ \
    X(RAM_BLOCK_TWICE, "ram-block-twice")                               \
    X(RAM_BLOCKS_TOO_MANY, "ram-blocks-too-many")           /* stops */ \
    X(RAM_BLOCK_UNKNOWN, "ram-block-unknown")                           \
    X(RAM_CONTINUE, "ram-continue-without-block")                       \
    X(RAM_PAGE_OUTSIDE, "ram-page-outside")                             \
    X(RAM_XBZRLE_HEADER, "ram-xbzrle-header")               /* stops */ \
    X(RAM_COMPRESSED_LENGTH, "ram-compressed-length")       /* stops */ \
    X(MAPPED_RAM_HEADER, "mapped-ram-header")               /* stops */ \
    X(MAPPED_RAM_PLACE, "mapped-ram-place")                 /* stops */ \
    X(VFIO_FLAG, "vfio-flag")                               /* stops */ \
    X(VFIO_DATA_LENGTH, "vfio-data-length")                 /* stops */ \
    X(VFIO_CONFIG_PAYLOAD, "vfio-config-payload")           /* stops */ \
    X(RECORD_FLAG, "record-flag")                           /* stops */ \
    X(MULTIFD_PACKET, "multifd-packet")                     /* stops */ \
    X(MULTIFD_SYNC, "multifd-sync")                         /* stops */ \
    X(MULTIFD_COMPRESSION, "multifd-compression")           /* stops */ \
    X(MULTIFD_PACKETS_MISSING, "multifd-packets-missing")
/* clang-format on */

#define X(name, id) extern const char MIG_DEFECT_##name[];
MIG_DEFECTS(X)
#undef X

#endif
