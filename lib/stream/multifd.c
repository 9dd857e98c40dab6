/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          see multifd.h.
 * Must not know: channels.
 * See also:      stream/encode.c.
 */
#include "stream/multifd.h"

#include <string.h>

/* Offsets of fields, in bytes. */
#define UUID         8u
#define CHANNEL_ID   24u
#define FLAGS        8u
#define PAGES_ALLOC  12u
#define NORMAL_PAGES 16u
#define PACKET_SIZE  20u
#define PACKET_NUM   24u
#define ZERO_PAGES   32u
#define RESERVED     36u
#define BLOCK        64u
#define IDSTR        12u
#define INSTANCE_ID  268u
#define DATA_LENGTH  272u

bool mig_multifd_has_magic(const uint8_t *p)
{
    return mig_be32(p) == MIG_MULTIFD_MAGIC && mig_be32(p + 4) == MIG_MULTIFD_VERSION;
}

uint8_t mig_multifd_channel_id(const uint8_t *p)
{
    return p[CHANNEL_ID];
}

const uint8_t *mig_multifd_uuid(const uint8_t *p)
{
    return p + UUID;
}

uint32_t mig_multifd_flags(const uint8_t *p)
{
    return mig_be32(p + FLAGS);
}

const char *mig_multifd_compression_name(uint32_t flags)
{
    switch (flags & MIG_MULTIFD_COMPRESSION) {
    case 0:
        return "none";
    case MIG_MULTIFD_ZLIB:
        return "zlib";
    case MIG_MULTIFD_ZSTD:
        return "zstd";
    case MIG_MULTIFD_QPL:
        return "qpl";
    case MIG_MULTIFD_UADK:
        return "uadk";
    case MIG_MULTIFD_QATZIP:
        return "qatzip";
    default:
        return "an unknown method";
    }
}

void mig_multifd_packet_decode(const uint8_t *p, MigMultifdPacket *packet)
{
    *packet = (MigMultifdPacket){ .flags = mig_be32(p + FLAGS),
                                  .pages_alloc = mig_be32(p + PAGES_ALLOC),
                                  .normal_pages = mig_be32(p + NORMAL_PAGES),
                                  .zero_pages = mig_be32(p + ZERO_PAGES),
                                  .next_packet_size = mig_be32(p + PACKET_SIZE),
                                  .packet_num = mig_be64(p + PACKET_NUM) };
}

/* The text at @p, closed by a NUL. */
static const char *name_at(const uint8_t *p, uint8_t *n)
{
    const uint8_t *end = memchr(p, '\0', MIG_MULTIFD_NAME_LENGTH);

    if (!end || end == p) {
        return NULL;
    }
    *n = (uint8_t)(end - p);
    return (const char *)p;
}

const char *mig_multifd_packet_name(const uint8_t *p, uint8_t *n)
{
    return name_at(p + BLOCK, n);
}

void mig_multifd_device_decode(const uint8_t *p, size_t n, MigMultifdDevice *device)
{
    const uint8_t *data = p + MIG_MULTIFD_DEVICE_HEADER_LENGTH;

    *device = (MigMultifdDevice){ .instance_id = mig_be32(p + INSTANCE_ID),
                                  .data_length = mig_be32(p + DATA_LENGTH) };
    if (n >= MIG_MULTIFD_VFIO_HEADER_LENGTH) {
        device->vfio_version = mig_be32(data);
        device->vfio_index = mig_be32(data + 4);
        device->vfio_flags = mig_be32(data + 8);
    }
}

const char *mig_multifd_device_idstr(const uint8_t *p, uint8_t *n)
{
    return name_at(p + IDSTR, n);
}

static void append_magic(GByteArray *out)
{
    mig_append_be32(out, MIG_MULTIFD_MAGIC);
    mig_append_be32(out, MIG_MULTIFD_VERSION);
}

/* Appends @bytes from @from to before @to. */
static void append_range(const uint8_t *bytes, size_t from, size_t to, GByteArray *out)
{
    g_byte_array_append(out, bytes + from, (guint)(to - from));
}

void mig_multifd_initial_encode(const MigItem *item, const uint8_t *bytes,
                                GByteArray *out)
{
    append_magic(out);
    append_range(bytes, UUID, CHANNEL_ID, out);
    mig_append_u8(out, item->multifd_initial.id);
    append_range(bytes, CHANNEL_ID + 1, MIG_MULTIFD_INITIAL_LENGTH, out);
}

void mig_multifd_packet_encode(const MigItem *item, const uint8_t *bytes, GByteArray *out)
{
    const MigMultifdPacket *packet = &item->multifd_packet;

    append_magic(out);
    mig_append_be32(out, packet->flags);
    mig_append_be32(out, packet->pages_alloc);
    mig_append_be32(out, packet->normal_pages);
    mig_append_be32(out, packet->next_packet_size);
    mig_append_be64(out, packet->packet_num);
    mig_append_be32(out, packet->zero_pages);
    append_range(bytes, RESERVED, item->length, out);
}

void mig_multifd_device_encode(const MigItem *item, const uint8_t *bytes, GByteArray *out)
{
    if (item->piece) {
        append_range(bytes, 0, item->length, out);
        return;
    }
    append_magic(out);
    mig_append_be32(out, MIG_MULTIFD_DEVICE_STATE);
    append_range(bytes, IDSTR, INSTANCE_ID, out);
    mig_append_be32(out, item->multifd_device.instance_id);
    mig_append_be32(out, item->multifd_device.data_length);
    append_range(bytes, MIG_MULTIFD_DEVICE_HEADER_LENGTH, item->length, out);
}

void mig_multifd_pages_encode(const MigItem *item, const uint8_t *bytes, GByteArray *out)
{
    const MigRamPages *run = &item->pages;

    if (run->kind == MIG_PAGE_NORMAL) {
        append_range(bytes, 0, item->length, out);
        return;
    }
    for (uint32_t i = 0; i < run->n_pages; i++) {
        mig_append_be64(out, run->address + (uint64_t)i * run->page_size);
    }
}
