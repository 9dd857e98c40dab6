/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          the structures of a stream's outer list, read and written: file
 *                header, section headers and footers, the description's header.
 * Must not know: their order, and which section an id belongs to.  Private to the library.
 * See also:      stream/wire.h, which has the layouts; stream/reader.c; stream/command-encode.h
 *                and stream/configuration.h, the other two members of the list.
 */
#ifndef MIG_STREAM_OUTER_ENCODE_H
#define MIG_STREAM_OUTER_ENCODE_H

#include "stream/item.h"

void mig_file_header_encode(uint32_t version, GByteArray *out);

/* START, FULL: all of it.  PART, END: type and id only, the rest is 0. */
typedef struct MigSectionHeader {
    MigSectionType type;
    uint32_t id;
    const uint8_t *name; /* the idstr, name_length bytes, no NUL at its end */
    uint8_t name_length;
    uint32_t instance_id, version_id;
    uint32_t length; /* bytes of the header */
} MigSectionHeader;

/* Reads the header at @p, of which @n bytes are there, up to 4 GiB.  header->name points
 * into @p.  False if there are too few: header->length says how many are needed to go on. */
bool mig_section_header_decode(const uint8_t *p, size_t n, MigSectionHeader *header);
void mig_section_header_encode(const MigSectionHeader *header, GByteArray *out);

/* The header that @item, a section header of a reader's, is decoded from. */
MigSectionHeader mig_section_header_of(const MigItem *item);

void mig_section_footer_encode(uint32_t id, GByteArray *out);

/* The header and @n bytes of JSON, which may be less than @json_length where the rest
 * follows in other items. */
void mig_description_encode(uint32_t json_length, const void *json, size_t n,
                            GByteArray *out);

#endif
