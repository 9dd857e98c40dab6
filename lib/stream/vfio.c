/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          the sections of VFIO devices, in all three dialects.
 * Must not know: which dialect a stream is in, and whether its order is right.
 * See also:      migstat-subflag(5), the dialects; check/ and filter/, which care.
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

#include "io/input-live.h"
#include "stream/body.h"
#include "stream/defect.h"
#include "stream/pci-space.h"
#include "stream/vfio-payload.h"

#define FLAG            8u
#define VERSION_LENGTH  4u
#define INTX_PIN_LENGTH 4u
#define INTX_LENGTH     (MIG_PCI_INTX_PINS * INTX_PIN_LENGTH)

/* be64 address | be32 fourcc, flags, width, height, stride: 8.2 and later, with ramfb. */
static const char display_name[] = "VFIOPCIDevice/VFIODisplay";
#define DISPLAY_NAME_LENGTH   ((uint8_t)(sizeof(display_name) - 1))
#define DISPLAY_FIELDS_LENGTH 28u
#define DISPLAY_LENGTH \
    (MIG_SUBSECTION_OVERHEAD + DISPLAY_NAME_LENGTH + DISPLAY_FIELDS_LENGTH)

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

static bool has_display(const uint8_t *p, size_t n)
{
    return n >= DISPLAY_LENGTH && p[0] == MIG_SUBSECTION && p[1] == DISPLAY_NAME_LENGTH &&
           memcmp(p + 2, display_name, DISPLAY_NAME_LENGTH) == 0;
}

/* Bytes in which a payload is looked for. */
typedef struct Window {
    const uint8_t *p;
    size_t n;
    bool closed; /* END_OF_STATE follows them */
} Window;

static bool end_of_state_at(const Window *w, uint32_t at)
{
    if (at == w->n) {
        return w->closed;
    }
    return w->n >= at + FLAG && mig_be64(w->p + at) == MIG_VFIO_END_OF_STATE;
}

/* Whether the payload, with a table of @vectors, is followed by END_OF_STATE. */
static bool ends(const Window *w, uint32_t vectors, MigVfioPayload *payload)
{
    uint32_t at = payload->intx_offset + INTX_LENGTH;

    payload->msix_vectors = vectors;
    payload->msix_offset = vectors ? at : 0;
    at += vectors * MIG_PCI_MSIX_ENTRY_LENGTH;
    payload->pending_offset = vectors ? at : 0;
    at += mig_pci_msix_pending_length(vectors);
    payload->display_offset = payload->display_fields = 0;
    if (at < w->n && has_display(w->p + at, w->n - at)) {
        payload->display_offset = at;
        at += DISPLAY_LENGTH;
        payload->display_fields = at - DISPLAY_FIELDS_LENGTH;
    }
    payload->length = at;
    return end_of_state_at(w, at);
}

static bool fits(const Window *w, uint32_t size, MigVfioPayload *payload)
{
    uint32_t vectors;

    *payload = (MigVfioPayload){ .config_offset = VERSION_LENGTH,
                                 .config_size = size,
                                 .intx_offset = VERSION_LENGTH + size };
    if (w->n < payload->intx_offset + INTX_LENGTH) {
        return false;
    }
    payload->version = mig_be32(w->p);
    if (payload->version < 1 || payload->version > 2) {
        return false;
    }
    for (uint32_t pin = 0; pin < MIG_PCI_INTX_PINS; pin++) {
        uint32_t state = mig_be32(w->p + payload->intx_offset + INTX_PIN_LENGTH * pin);

        if (state > 1) {
            return false;
        }
        payload->intx |= (uint8_t)(state << pin);
    }
    vectors = mig_pci_msix_entries(w->p + payload->config_offset);
    /* The capability may be there, and MSI-X not be set up by the device model. */
    return ends(w, vectors, payload) || (vectors && ends(w, 0, payload));
}

static bool parse(const Window *w, MigVfioPayload *payload)
{
    return fits(w, MIG_PCI_SPACE_EXTENDED, payload) ||
           fits(w, MIG_PCI_SPACE_LENGTH, payload);
}

bool mig_vfio_payload_parse(const uint8_t *p, size_t n, MigVfioPayload *payload)
{
    return parse(&(Window){ p, n, false }, payload);
}

bool mig_vfio_payload_parse_whole(const uint8_t *p, size_t n, MigVfioPayload *payload)
{
    return parse(&(Window){ p, n, true }, payload) && payload->length == n;
}

bool mig_vfio_has_display(const MigItem *item, const uint8_t *bytes)
{
    MigVfioPayload payload;

    return item->vfio.has_payload &&
           mig_vfio_payload_parse_whole(bytes + item->vfio.payload_offset,
                                        item->vfio.payload_length, &payload) &&
           payload.display_offset != 0;
}

void mig_vfio_payload_encode(const MigVfioPayload *payload, const uint8_t *p,
                             GByteArray *out)
{
    mig_append_be32(out, payload->version);
    g_byte_array_append(out, p + payload->config_offset, payload->config_size);
    for (uint32_t pin = 0; pin < MIG_PCI_INTX_PINS; pin++) {
        mig_append_be32(out, payload->intx >> pin & 1u);
    }
    if (payload->msix_vectors) {
        g_byte_array_append(out, p + payload->msix_offset,
                            payload->msix_vectors * MIG_PCI_MSIX_ENTRY_LENGTH);
        g_byte_array_append(out, p + payload->pending_offset,
                            mig_pci_msix_pending_length(payload->msix_vectors));
    }
    if (payload->display_offset) {
        const uint8_t *version = p + payload->display_fields - 4;

        mig_append_u8(out, MIG_SUBSECTION);
        mig_append_pstr8(out, display_name, DISPLAY_NAME_LENGTH);
        mig_append_be32(out, mig_be32(version));
        g_byte_array_append(out, p + payload->display_fields, DISPLAY_FIELDS_LENGTH);
    }
}

static uint32_t header_length(const MigVfioRecord *record)
{
    bool has_size = record->flag == MIG_VFIO_DEV_DATA_STATE;

    return FLAG + (record->has_subflags ? FLAG : 0) + (has_size ? FLAG : 0);
}

uint64_t mig_vfio_record_length(const MigVfioRecord *record)
{
    return header_length(record) + record->payload_length;
}

void mig_vfio_record_encode(MigVfioRecord *record, const void *payload, size_t n,
                            GByteArray *out)
{
    mig_append_be64(out, record->flag);
    if (record->has_subflags) {
        mig_append_be64(out, MIG_VFIO_SUBFLAG_PREFIX | record->subflags);
    }
    if (record->flag == MIG_VFIO_DEV_DATA_STATE) {
        mig_append_be64(out, record->payload_length);
    }
    record->payload_offset = header_length(record);
    record->config_offset =
        record->has_payload ? record->payload_offset + VERSION_LENGTH : 0;
    g_byte_array_append(out, payload, (guint)n);
}

const uint8_t *mig_vfio_item_payload(const MigItem *item, const uint8_t *bytes, size_t *n)
{
    size_t header = item->piece ? 0 : item->vfio.payload_offset;

    *n = item->length - header;
    return bytes + header;
}

const MigVfioRecord *mig_vfio_item_record(const MigItem *item)
{
    const MigVfioRecord *record = item->kind == MIG_ITEM_VFIO_RECORD ? &item->vfio
                                  : item->kind == MIG_ITEM_MULTIFD_DEVICE
                                      ? &item->multifd_device.record
                                      : NULL;

    return record && item->piece == 0 && record->flag ? record : NULL;
}

const uint8_t *mig_vfio_read_config(MigReader *reader, const MigItem *item, size_t *n,
                                    uint64_t *offset)
{
    const MigVfioRecord *record = mig_vfio_item_record(item);
    MigInput *in = mig_reader_channel_input(reader, item->channel);
    size_t there;
    const uint8_t *p;

    *n = (size_t)record->payload_length;
    *offset = item->offset + record->payload_offset;
    p = mig_input_peek(in, record->payload_offset + *n, &there);
    return there < record->payload_offset + *n ? NULL : p + record->payload_offset;
}

const uint8_t *mig_vfio_item_config(const MigItem *item, const uint8_t *bytes)
{
    return bytes + item->vfio.config_offset;
}

/* Tells a payload that is cut short from one that makes no sense; never where one ends. */
static bool contains_end(const uint8_t *p, size_t n)
{
    uint8_t flag[FLAG];

    mig_put_be64(flag, MIG_VFIO_END_OF_STATE);
    return memmem(p, n, flag, sizeof(flag)) != NULL;
}

void mig_vfio_record_set_payload(MigVfioRecord *record, const MigVfioPayload *payload,
                                 const uint8_t *p)
{
    const uint8_t *space = p + payload->config_offset;

    record->has_payload = true;
    record->payload_length = payload->length;
    record->config_offset = record->payload_offset + payload->config_offset;
    record->config_size = payload->config_size;
    record->msix_vectors = payload->msix_vectors;
    record->msix_enabled = mig_pci_msix_enabled(space);
    record->msi_enabled = mig_pci_msi_enabled(space);
    record->vendor_id = mig_le16(space);
    record->device_id = mig_le16(space + 2);
}

/* What follows DEV_CONFIG_STATE.  @p is the flag, @n bytes are there. */
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
    if (word == MIG_VFIO_END_OF_STATE) {
        return MIG_STATUS_MORE;
    }
    if (mig_vfio_payload_parse(p + at, n - at, &payload)) {
        mig_vfio_record_set_payload(record, &payload, p + at);
        item->length += payload.length;
        return MIG_STATUS_MORE;
    }
    if (n < at + MIG_VFIO_PAYLOAD_MAX + FLAG && !contains_end(p + at, n - at)) {
        if (mig_reader_ended_well(r, error)) {
            mig_error_set(
                error, MIG_ERROR_TRUNCATED, item->offset, MIG_DEFECT_TRUNCATED,
                "wanted a configuration space and END_OF_STATE after it, and the "
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

/* Whether the @n bytes of a record at @p tell where it ends. */
static bool has_config(const uint8_t *p, size_t n)
{
    MigVfioPayload payload;
    size_t at = FLAG;

    if (n >= at + FLAG &&
        (mig_be64(p + at) & MIG_VFIO_FLAG_MASK) == MIG_VFIO_SUBFLAG_PREFIX) {
        at += FLAG;
    }
    return n >= at + FLAG && (mig_be64(p + at) == MIG_VFIO_END_OF_STATE ||
                              mig_vfio_payload_parse(p + at, n - at, &payload));
}

/* The same, of an input that is live from no more bytes than it takes. */
static MigStatus await_config(MigReader *r, MigItem *item, GError **error)
{
    const size_t want = 3 * FLAG + MIG_VFIO_PAYLOAD_MAX;
    size_t need = 2 * FLAG, n;
    const uint8_t *p;

    for (;;) {
        p = mig_input_peek_ahead(mig_reader_input(r), need, want, &n);
        if (n < need || n >= want || has_config(p, n)) {
            return read_config(r, item, p, MIN(n, want), error);
        }
        need = n + 1;
    }
}

static MigStatus read_data(MigReader *r, MigItem *item, const uint8_t *p, size_t n,
                           GError **error)
{
    uint64_t size;

    if (n < 2 * FLAG) {
        return mig_reader_lacks(r, item->offset, 2 * FLAG, n, "VFIO data record", error);
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

static MigStatus vfio_next(MigReader *r, void *state, MigItem *item, GError **error)
{
    unsigned *step = state;
    bool close_config = *step == STEP_CLOSE_CONFIG;
    size_t n;
    const uint8_t *p = mig_reader_peek(r, FLAG, &n);
    uint64_t flag;

    if (n == 0 || p[0] != MIG_VFIO_FLAG_PREFIX >> 56) {
        return MIG_STATUS_END;
    }
    if (n < FLAG) {
        return mig_reader_lacks(r, item->offset, FLAG, n, "VFIO flag", error);
    }
    flag = mig_be64(p);
    if (!mig_vfio_flag_name(flag)) {
        return mig_reader_malformed(r, item->offset, MIG_DEFECT_VFIO_FLAG, error,
                                    "unknown VFIO flag 0x%016" PRIx64, flag);
    }
    *step = STEP_RECORDS;
    item->kind = MIG_ITEM_VFIO_RECORD;
    item->length = FLAG;
    item->vfio.flag = flag;
    item->vfio.closes_config = close_config && flag == MIG_VFIO_END_OF_STATE;
    if (flag == MIG_VFIO_DEV_CONFIG_STATE) {
        *step = STEP_CLOSE_CONFIG;
        return await_config(r, item, error);
    }
    item->vfio.payload_offset = FLAG;
    if (flag == MIG_VFIO_DEV_DATA_STATE) {
        p = mig_reader_peek(r, 2 * FLAG, &n);
        return read_data(r, item, p, n, error);
    }
    return MIG_STATUS_MORE;
}

const MigBody mig_body_vfio = { .idstr = "/vfio", .next = vfio_next };
