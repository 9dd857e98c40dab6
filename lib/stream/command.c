/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          COMMAND packets.
 * Must not know: what they make a loader do.
 * See also:      stream/grammar.c, which reads what PACKAGED packs as part of its own
 *                list.
 *
 *   u8 0x08 | be16 command | be16 length | payload
 *   PACKAGED: payload is be32 L, and L more bytes follow, of the outer list's grammar.
 * Source: migration/savevm.c, qemu_savevm_command_send(), mig_cmd_args[], 5.2 to 10.2.
 */
#include "stream/reader-private.h"
#include "stream/command.h"
#include "stream/defect.h"
#include "stream/command-encode.h"

/* Page sizes of a host, added up: the largest is 16 GiB, of ppc64. */
#define HOST_PAGES_MAX ((UINT64_C(32) << 30) - 1)

static const struct {
    const char *name;
    int length; /* of the payload; -1: variable */
} commands[MIG_CMD_COUNT] = {
    [MIG_CMD_INVALID] = { "INVALID", -1 },
    [MIG_CMD_OPEN_RETURN_PATH] = { "OPEN_RETURN_PATH", 0 },
    [MIG_CMD_PING] = { "PING", 4 },
    [MIG_CMD_POSTCOPY_ADVISE] = { "POSTCOPY_ADVISE", -1 }, /* 0 or 16 */
    [MIG_CMD_POSTCOPY_LISTEN] = { "POSTCOPY_LISTEN", 0 },
    [MIG_CMD_POSTCOPY_RUN] = { "POSTCOPY_RUN", 0 },
    [MIG_CMD_POSTCOPY_RAM_DISCARD] = { "POSTCOPY_RAM_DISCARD", -1 },
    [MIG_CMD_PACKAGED] = { "PACKAGED", 4 },
    [MIG_CMD_ENABLE_COLO] = { "ENABLE_COLO", 0 },
    [MIG_CMD_POSTCOPY_RESUME] = { "POSTCOPY_RESUME", 0 },
    [MIG_CMD_RECV_BITMAP] = { "RECV_BITMAP", -1 },
    [MIG_CMD_SWITCHOVER_START] = { "SWITCHOVER_START", 0 },
};

const char *mig_command_name(uint16_t id)
{
    return id && id < MIG_CMD_COUNT ? commands[id].name : NULL;
}

int mig_command_length(uint16_t id)
{
    return id && id < MIG_CMD_COUNT ? commands[id].length : -1;
}

const uint8_t *mig_command_payload(const uint8_t *bytes)
{
    return bytes + MIG_COMMAND_HEADER_LENGTH;
}

bool mig_command_advises(const uint8_t *payload, uint16_t n, uint32_t page_size)
{
    uint64_t host;

    if (n == 0) {
        return true;
    }
    if (n != 2 * sizeof host || !page_size || mig_be64(payload + 8) != page_size) {
        return false;
    }
    host = mig_be64(payload);
    return host % page_size == 0 && host <= HOST_PAGES_MAX;
}

void mig_command_encode(uint16_t id, const void *payload, uint16_t n, GByteArray *out)
{
    mig_append_u8(out, MIG_COMMAND);
    mig_append_be16(out, id);
    mig_append_be16(out, n);
    g_byte_array_append(out, payload, n);
}

void mig_command_encode_package(uint32_t length, GByteArray *out)
{
    uint8_t payload[4];

    mig_put_be32(payload, length);
    mig_command_encode(MIG_CMD_PACKAGED, payload, sizeof(payload), out);
}

static MigStatus enter_package(MigReader *r, MigItem *item, uint32_t length,
                               GError **error)
{
    uint64_t end = item->offset + item->length + length;

    item->command.package_length = length;
    if (r->grammar.package_depth == MIG_PACKAGE_DEPTH_MAX) {
        return mig_reader_malformed(r, item->offset, MIG_DEFECT_PACKAGE_LENGTH, error,
                                    "packages are nested more than %u deep",
                                    MIG_PACKAGE_DEPTH_MAX);
    }
    if (r->grammar.package_depth &&
        end > r->grammar.package_end[r->grammar.package_depth - 1]) {
        return mig_reader_malformed(
            r, item->offset, MIG_DEFECT_PACKAGE_LENGTH, error,
            "a package of %u bytes that goes beyond the one around it", length);
    }
    r->grammar.package_end[r->grammar.package_depth++] = end;
    return MIG_STATUS_MORE;
}

static void learn_page_size(MigReader *r, const uint8_t *payload)
{
    uint64_t size = mig_be64(payload + 8);

    mig_ram_state_advise(r->ram);
    if (size >= MIG_PAGE_SIZE_MIN && size <= MIG_PAGE_SIZE_MAX &&
        (size & (size - 1)) == 0) {
        mig_ram_state_set_page_size(r->ram, (uint32_t)size, false);
    }
}

MigStatus mig_command_next(MigReader *r, MigItem *item, GError **error)
{
    const uint8_t *p =
        mig_reader_need(r, item, MIG_COMMAND_HEADER_LENGTH, "command", error);
    uint16_t id, length;
    int wanted;

    if (!p) {
        return MIG_STATUS_ERROR;
    }
    id = mig_be16(p + 1);
    length = mig_be16(p + 3);
    p = mig_reader_need(r, item, MIG_COMMAND_HEADER_LENGTH + length, "command", error);
    if (!p) {
        return MIG_STATUS_ERROR;
    }
    item->kind = MIG_ITEM_COMMAND;
    item->length = MIG_COMMAND_HEADER_LENGTH + length;
    item->command.id = id;
    item->command.length = length;
    wanted = mig_command_length(id);
    if (!mig_command_name(id)) {
        item->defect = MIG_DEFECT_COMMAND_UNKNOWN;
    } else if ((wanted >= 0 && length != wanted) ||
               (id == MIG_CMD_POSTCOPY_ADVISE && length != 0 && length != 16)) {
        item->defect = MIG_DEFECT_COMMAND_LENGTH;
    } else if (id == MIG_CMD_PACKAGED) {
        return enter_package(r, item, mig_be32(mig_command_payload(p)), error);
    } else if (id == MIG_CMD_PING) {
        item->command.ping = mig_be32(mig_command_payload(p));
    } else if (id == MIG_CMD_POSTCOPY_ADVISE && length == 16) {
        learn_page_size(r, mig_command_payload(p));
    }
    return MIG_STATUS_MORE;
}
