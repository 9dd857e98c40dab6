/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          see encode.h: which structure an item is.
 * Must not know: the layout of any.
 * See also:      stream/item.h.
 *
 * A kind without a row is bytes: device state, what is in a bitmap or an area of pages,
 * records of sections that no filter changes, padding, trailing bytes.
 */
#include "stream/encode.h"

#include "stream/command.h"
#include "stream/configuration.h"
#include "stream/mapped-ram.h"
#include "stream/multifd.h"
#include "stream/outer.h"
#include "stream/ram-record.h"
#include "stream/vfio-payload.h"
#include "stream/vfio.h"
#include "stream/command-encode.h"
#include "stream/outer-encode.h"

typedef void Encode(const MigItem *item, const uint8_t *bytes, GByteArray *out);

static void encode_file_header(const MigItem *item, const uint8_t *bytes, GByteArray *out)
{
    (void)bytes;
    mig_file_header_encode(item->file_header.version, out);
}

static void encode_configuration(const MigItem *item, const uint8_t *bytes,
                                 GByteArray *out)
{
    MigConfigurationParts parts = mig_configuration_parts(item, bytes);

    mig_configuration_encode(&parts, out);
}

static void encode_section_header(const MigItem *item, const uint8_t *bytes,
                                  GByteArray *out)
{
    MigSectionHeader header = mig_section_header_of(item);

    (void)bytes;
    mig_section_header_encode(&header, out);
}

static void encode_section_footer(const MigItem *item, const uint8_t *bytes,
                                  GByteArray *out)
{
    (void)bytes;
    mig_section_footer_encode(item->footer.id, out);
}

static void encode_command(const MigItem *item, const uint8_t *bytes, GByteArray *out)
{
    if (item->command.id == MIG_CMD_PACKAGED && !item->defect) {
        mig_command_encode_package(item->command.package_length, out);
    } else {
        mig_command_encode(item->command.id, mig_command_payload(bytes),
                           item->command.length, out);
    }
}

static void encode_ram_list(const MigItem *item, const uint8_t *bytes, GByteArray *out)
{
    (void)bytes;
    mig_ram_list_encode(item, out);
}

static void encode_ram_block(const MigItem *item, const uint8_t *bytes, GByteArray *out)
{
    (void)bytes;
    mig_ram_block_encode(item->block, out);
}

static void encode_ram_mark(const MigItem *item, const uint8_t *bytes, GByteArray *out)
{
    (void)bytes;
    mig_ram_mark_encode(item, out);
}

static void encode_ram_pages(const MigItem *item, const uint8_t *bytes, GByteArray *out)
{
    MigRamPages run = item->pages;
    const char *name = NULL;
    uint8_t n = 0;

    if (item->channel && !mig_ram_pages_are_records(&run)) {
        mig_multifd_pages_encode(item, bytes, out);
        return;
    }
    if (run.named) {
        name = mig_ram_pages_name(&run, bytes, &n);
    }
    mig_ram_pages_encode(&run, name, n, mig_ram_pages_data(&item->pages, bytes, 0),
                         item->pages.stride, out);
}

static void encode_mapped_header(const MigItem *item, const uint8_t *bytes,
                                 GByteArray *out)
{
    (void)bytes;
    mig_mapped_ram_header_encode(item->block, out);
}

/* A configuration goes through its parts, device data is bytes. */
static void encode_vfio_record(const MigItem *item, const uint8_t *bytes, GByteArray *out)
{
    MigVfioRecord record = item->vfio;
    MigVfioPayload payload;
    size_t n;
    const uint8_t *p = mig_vfio_item_payload(item, bytes, &n);

    if (item->piece) {
        g_byte_array_append(out, p, (guint)n);
    } else if (record.has_payload && mig_vfio_payload_parse_whole(p, n, &payload)) {
        mig_vfio_record_encode(&record, NULL, 0, out);
        mig_vfio_payload_encode(&payload, p, out);
    } else {
        mig_vfio_record_encode(&record, p, n, out);
    }
}

static void encode_description(const MigItem *item, const uint8_t *bytes, GByteArray *out)
{
    size_t n;
    const char *json = mig_description_item_json(item, bytes, &n);

    if (item->piece) {
        g_byte_array_append(out, (const guint8 *)json, (guint)n);
    } else {
        mig_description_encode(item->description.json_length, json, n, out);
    }
}

static void encode_eof(const MigItem *item, const uint8_t *bytes, GByteArray *out)
{
    (void)item;
    (void)bytes;
    mig_append_u8(out, MIG_EOF);
}

static Encode *const encoders[MIG_ITEM_KIND_COUNT] = {
    [MIG_ITEM_FILE_HEADER] = encode_file_header,
    [MIG_ITEM_CONFIGURATION] = encode_configuration,
    [MIG_ITEM_SECTION_HEADER] = encode_section_header,
    [MIG_ITEM_SECTION_FOOTER] = encode_section_footer,
    [MIG_ITEM_COMMAND] = encode_command,
    [MIG_ITEM_RAM_LIST] = encode_ram_list,
    [MIG_ITEM_RAM_BLOCK] = encode_ram_block,
    [MIG_ITEM_RAM_PAGES] = encode_ram_pages,
    [MIG_ITEM_RAM_MARK] = encode_ram_mark,
    [MIG_ITEM_MAPPED_HEADER] = encode_mapped_header,
    [MIG_ITEM_VFIO_RECORD] = encode_vfio_record,
    [MIG_ITEM_EOF] = encode_eof,
    [MIG_ITEM_DESCRIPTION] = encode_description,
    [MIG_ITEM_MULTIFD_INITIAL] = mig_multifd_initial_encode,
    [MIG_ITEM_MULTIFD_PACKET] = mig_multifd_packet_encode,
    [MIG_ITEM_MULTIFD_DEVICE] = mig_multifd_device_encode,
};

void mig_item_encode(const MigItem *item, const uint8_t *bytes, GByteArray *out)
{
    Encode *encode = encoders[item->kind];

    if (encode) {
        encode(item, bytes, out);
    } else {
        g_byte_array_append(out, bytes, (guint)item->length);
    }
}
