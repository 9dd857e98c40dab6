/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:      the sections of VFIO devices, in all three dialects.
 * Knows not: which dialect a stream is in, and whether its order is right.
 * Beside it: migstat-subflag(5), the dialects; check/ and filter/, which care.
 *
 * A body is records, each a be64 flag first:
 *   DEV_SETUP_STATE       nothing
 *   DEV_DATA_STATE        be64 size | device data
 *   DEV_CONFIG_STATE      [be64 subflags] | [configuration payload]
 *   END_OF_STATE, DEV_INIT_DATA_SENT (8.1), DEV_CONFIG_LOAD_READY (10.1)   nothing
 * A flag begins with 0xff, which neither a footer nor a section does: so the body goes on
 * while there are flags, whichever loader it was made for.  Device data is opaque and is
 * never searched.
 *
 * The payload is QEMU's vmstate VFIOPCIDevice without name or length:
 *   be32 version 2 | configuration space, 256 or 4096 | 4 x be32 INTx state |
 *   MSI-X table, 16 a vector | pending bits, a bit a vector | [display subsection]
 * Source: hw/vfio/migration.c, vfio_save_*(), vfio_load_state(), 5.2 to 10.2;
 * hw/vfio/pci.c, vmstate_vfio_pci_config; hw/pci/pci.c; hw/pci/msix.c.
 */
#include "stream/vfio.h"

#include <string.h>

#include "stream/body.h"
#include "stream/defect.h"

#define FLAG        8u
#define INTX_LENGTH 16u
#define MSIX_ENTRY  16u

/* be64 address | be32 fourcc, flags, width, height, stride: 8.2 and later, with ramfb. */
static const char display_name[] = "VFIOPCIDevice/VFIODisplay";
#define DISPLAY_LENGTH 59u

/* Configuration space, PCI Local Bus Specification 3.0, 6.2 and 6.8.2. */
#define PCI_STATUS              0x06
#define PCI_STATUS_CAPABILITIES 0x10
#define PCI_CAPABILITY_LIST     0x34
#define PCI_CAPABILITY_FIRST    0x40
#define PCI_CAPABILITIES_MAX    48
#define PCI_CAPABILITY_MSIX     0x11

enum { STEP_RECORDS, STEP_CLOSE_CONFIG };

static const struct {
    uint64_t flag;
    const char *name;
} flags[] = {
    { MIG_VFIO_END_OF_STATE, "END_OF_STATE" },
    { MIG_VFIO_DEV_CONFIG_STATE, "DEV_CONFIG_STATE" },
    { MIG_VFIO_DEV_SETUP_STATE, "DEV_SETUP_STATE" },
    { MIG_VFIO_DEV_DATA_STATE, "DEV_DATA_STATE" },
    { MIG_VFIO_DEV_INIT_DATA_SENT, "DEV_INIT_DATA_SENT" },
    { MIG_VFIO_DEV_CONFIG_LOAD_READY, "DEV_CONFIG_LOAD_READY" },
};

const char *mig_vfio_flag_name(uint64_t flag)
{
    for (size_t i = 0; i < G_N_ELEMENTS(flags); i++) {
        if (flags[i].flag == flag) {
            return flags[i].name;
        }
    }
    return NULL;
}

/* Entries of the MSI-X table by the capability list; 0 without one. */
static uint32_t msix_vectors(const uint8_t *space)
{
    uint8_t at = space[PCI_CAPABILITY_LIST] & 0xfc;

    if (!(space[PCI_STATUS] & PCI_STATUS_CAPABILITIES)) {
        return 0;
    }
    for (int i = 0; i < PCI_CAPABILITIES_MAX && at >= PCI_CAPABILITY_FIRST; i++) {
        if (space[at] == PCI_CAPABILITY_MSIX) {
            return (mig_le16(space + at + 2) & 0x7ffu) + 1;
        }
        at = space[at + 1] & 0xfc;
    }
    return 0;
}

static bool has_display(const uint8_t *p, size_t n)
{
    const uint8_t name_length = sizeof(display_name) - 1;

    return n >= DISPLAY_LENGTH && p[0] == MIG_SUBSECTION && p[1] == name_length &&
           memcmp(p + 2, display_name, name_length) == 0;
}

/* Whether the payload, with a table of @vectors, is followed by END_OF_STATE. */
static bool ends(const uint8_t *p, size_t n, uint32_t vectors, MigVfioPayload *payload)
{
    uint32_t at = payload->intx_offset + INTX_LENGTH;

    payload->msix_vectors = vectors;
    payload->msix_offset = vectors ? at : 0;
    at += vectors * MSIX_ENTRY;
    payload->pending_offset = vectors ? at : 0;
    at += (vectors + 7) / 8;
    payload->has_display = at < n && has_display(p + at, n - at);
    at += payload->has_display ? DISPLAY_LENGTH : 0;
    payload->length = at;
    return n >= at + FLAG && mig_be64(p + at) == MIG_VFIO_END_OF_STATE;
}

static bool fits(const uint8_t *p, size_t n, uint32_t size, MigVfioPayload *payload)
{
    uint32_t vectors;

    *payload = (MigVfioPayload){ .config_offset = 4,
                                 .config_size = size,
                                 .intx_offset = 4 + size };
    if (n < 4 + size + INTX_LENGTH || mig_be32(p) < 1 || mig_be32(p) > 2) {
        return false;
    }
    for (uint32_t pin = 0; pin < 4; pin++) {
        if (mig_be32(p + payload->intx_offset + 4 * pin) > 1) {
            return false;
        }
    }
    vectors = msix_vectors(p + payload->config_offset);
    /* The capability may be there, and MSI-X not be set up by the device model. */
    return ends(p, n, vectors, payload) || (vectors && ends(p, n, 0, payload));
}

bool mig_vfio_payload_parse(const uint8_t *p, size_t n, MigVfioPayload *payload)
{
    return fits(p, n, 4096, payload) || fits(p, n, 256, payload);
}

/* Tells a payload that is cut short from one that makes no sense; never where one ends. */
static bool contains_end(const uint8_t *p, size_t n)
{
    uint8_t flag[FLAG];

    mig_put_be64(flag, MIG_VFIO_END_OF_STATE);
    return memmem(p, n, flag, sizeof(flag)) != NULL;
}

/* What follows DEV_CONFIG_STATE.  @p is the flag, @n octets are there. */
static MigStatus read_config(MigReader *r, MigItem *item, const uint8_t *p, size_t n,
                             GError **error)
{
    MigVfioRecord *record = &item->vfio;
    MigVfioPayload payload;
    uint32_t at = FLAG;
    uint64_t word = n >= 2 * FLAG ? mig_be64(p + FLAG) : 0;

    if ((word & MIG_VFIO_FLAG_MASK) == MIG_VFIO_SUBFLAG_PREFIX) {
        record->has_subflags = true;
        record->subflags = (uint16_t)word;
        at += FLAG;
        word = n >= at + FLAG ? mig_be64(p + at) : 0;
    }
    record->payload_offset = at;
    item->length = at;
    r->body_step = STEP_CLOSE_CONFIG;
    if (word == MIG_VFIO_END_OF_STATE) {
        return MIG_STATUS_MORE;
    }
    if (mig_vfio_payload_parse(p + at, n - at, &payload)) {
        record->has_payload = true;
        record->payload_length = payload.length;
        record->config_size = payload.config_size;
        record->msix_vectors = payload.msix_vectors;
        item->length += payload.length;
        return MIG_STATUS_MORE;
    }
    if (n < at + MIG_VFIO_PAYLOAD_MAX + FLAG && !contains_end(p + at, n - at)) {
        if (mig_reader_ended_well(r, error)) {
            mig_error_set(
                error, MIG_ERROR_TRUNCATED, item->offset, MIG_DEFECT_TRUNCATED,
                "wanted a configuration space and END_OF_STATE behind it, and the "
                "stream ends after %zu bytes",
                n);
        }
        return MIG_STATUS_ERROR;
    }
    return mig_reader_malformed(
        r, item->offset, MIG_DEFECT_VFIO_CONFIG_PAYLOAD, error,
        "no configuration space of 4096 or 256 bytes, with the MSI-X "
        "table that it announces, fits between here and an "
        "END_OF_STATE");
}

static MigStatus read_data(MigReader *r, MigItem *item, const uint8_t *p, size_t n,
                           GError **error)
{
    uint64_t size;

    if (n < 2 * FLAG) {
        return mig_reader_truncated(r, item->offset, 2 * FLAG, n, "VFIO data record",
                                    error);
    }
    size = mig_be64(p + FLAG);
    if (size > INT64_MAX - item->offset - 2 * FLAG) {
        return mig_reader_malformed(r, item->offset, MIG_DEFECT_VFIO_DATA_LENGTH, error,
                                    "device data of %" PRIu64 " bytes", size);
    }
    item->vfio.payload_offset = 2 * FLAG;
    item->vfio.payload_length = size;
    item->length = 2 * FLAG + size;
    return MIG_STATUS_MORE;
}

static MigStatus vfio_next(MigReader *r, MigItem *item, GError **error)
{
    bool close_config = r->body_step == STEP_CLOSE_CONFIG;
    size_t n;
    const uint8_t *p = mig_input_peek(r->in, FLAG, &n);
    uint64_t flag;

    if (n == 0 || p[0] != MIG_VFIO_FLAG_PREFIX >> 56) {
        return MIG_STATUS_END;
    }
    if (n < FLAG) {
        return mig_reader_truncated(r, item->offset, FLAG, n, "VFIO flag", error);
    }
    flag = mig_be64(p);
    if (!mig_vfio_flag_name(flag)) {
        return mig_reader_malformed(r, item->offset, MIG_DEFECT_VFIO_FLAG, error,
                                    "unknown VFIO flag 0x%016" PRIx64, flag);
    }
    r->body_step = STEP_RECORDS;
    item->kind = MIG_ITEM_VFIO_RECORD;
    item->length = FLAG;
    item->vfio.flag = flag;
    item->vfio.closes_config = close_config && flag == MIG_VFIO_END_OF_STATE;
    if (flag == MIG_VFIO_DEV_CONFIG_STATE) {
        size_t want = 3 * FLAG + MIG_VFIO_PAYLOAD_MAX;

        p = mig_input_peek(r->in, want, &n);
        return read_config(r, item, p, MIN(n, want), error);
    }
    if (flag == MIG_VFIO_DEV_DATA_STATE) {
        p = mig_input_peek(r->in, 2 * FLAG, &n);
        return read_data(r, item, p, n, error);
    }
    return MIG_STATUS_MORE;
}

const MigBody mig_body_vfio = { .idstr = "/vfio", .next = vfio_next };
