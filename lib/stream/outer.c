/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          see outer.h.
 * Must not know: what is in a section.
 * See also:      stream/grammar.c, section.c and after-end.c.
 *
 * Source: migration/savevm.c, qemu_savevm_state_header(), save_section_header(),
 * save_section_footer(), qemu_savevm_state_complete_precopy_non_iterable(), 5.2 to 11.1.
 */
#include "stream/outer.h"
#include "stream/outer-encode.h"

static const struct {
    const char *name, *key;
} types[] = {
    [MIG_SECTION_START] = { "START", "start" },
    [MIG_SECTION_PART] = { "PART", "part" },
    [MIG_SECTION_END] = { "END", "end" },
    [MIG_SECTION_FULL] = { "FULL", "full" },
};

static bool is_section(MigSectionType type)
{
    return type >= MIG_SECTION_START && type <= MIG_SECTION_FULL;
}

const char *mig_section_type_name(MigSectionType type)
{
    return is_section(type) ? types[type].name : "";
}

const char *mig_section_type_key(MigSectionType type)
{
    return is_section(type) ? types[type].key : "";
}

void mig_file_header_encode(uint32_t version, GByteArray *out)
{
    mig_append_be32(out, MIG_FILE_MAGIC);
    mig_append_be32(out, version);
}

static bool is_long(MigSectionType type)
{
    return type == MIG_SECTION_START || type == MIG_SECTION_FULL;
}

bool mig_section_header_decode(const uint8_t *p, size_t n, MigSectionHeader *header)
{
    const uint8_t *tail;

    *header = (MigSectionHeader){ .length = MIG_SHORT_HEADER_LENGTH };
    if (n < header->length) {
        return false;
    }
    header->type = p[0];
    header->id = mig_be32(p + 1);
    if (!is_long(header->type)) {
        return true;
    }
    header->length = MIG_LONG_HEADER_LENGTH;
    if (n < header->length) {
        return false;
    }
    header->name_length = p[5];
    header->length += header->name_length;
    if (n < header->length) {
        return false;
    }
    header->name = p + 6;
    tail = header->name + header->name_length;
    header->instance_id = mig_be32(tail);
    header->version_id = mig_be32(tail + 4);
    return true;
}

void mig_section_header_encode(const MigSectionHeader *header, GByteArray *out)
{
    mig_append_u8(out, header->type);
    mig_append_be32(out, header->id);
    if (is_long(header->type)) {
        mig_append_pstr8(out, header->name, header->name_length);
        mig_append_be32(out, header->instance_id);
        mig_append_be32(out, header->version_id);
    }
}

MigSectionHeader mig_section_header_of(const MigItem *item)
{
    return (MigSectionHeader){
        .type = item->type,
        .id = item->section_id,
        .name = (const uint8_t *)item->section->name,
        .name_length = item->section->name_length,
        .instance_id = item->section->instance_id,
        .version_id = item->section->version_id,
        .length = (uint32_t)item->length,
    };
}

void mig_section_footer_encode(uint32_t id, GByteArray *out)
{
    mig_append_u8(out, MIG_FOOTER);
    mig_append_be32(out, id);
}

void mig_description_encode(uint32_t json_length, const void *json, size_t n,
                            GByteArray *out)
{
    mig_append_u8(out, MIG_DESCRIPTION);
    mig_append_be32(out, json_length);
    g_byte_array_append(out, json, (guint)n);
}

const char *mig_description_item_json(const MigItem *item, const uint8_t *bytes,
                                      size_t *n)
{
    size_t header = item->piece ? 0 : MIG_DESCRIPTION_HEADER_LENGTH;

    *n = item->length - header;
    return (const char *)bytes + header;
}
