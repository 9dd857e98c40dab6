/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          which decoder a field's type has; the VFIO configuration payload.
 * Must not know: the description.
 * See also:      device/pci.c, device/virtio.c.
 */
#include "device/special.h"

#include <string.h>

#include "device/decode.h"
#include "stream/vfio-payload.h"
#include "stream/vfio.h"

void mig_special_decode(MigEmit *e, const char *type, const char *name, uint64_t at,
                        uint64_t length)
{
    uint32_t vectors;

    if (g_str_equal(type, "pci config")) {
        mig_pci_config_decode(e, name, type, at, length);
    } else if (g_str_equal(type, "pci irq state") && length == 16) {
        mig_pci_intx_decode(e, name, type, at);
    } else if (g_str_equal(type, "msix state") &&
               (vectors = mig_pci_msix_vectors(length))) {
        mig_pci_msix_decode(e, name, type, at, vectors);
    } else if (g_str_equal(type, "virtio")) {
        mig_virtio_decode(e, name, type, at, length);
    } else {
        mig_emit_bytes(e, name, type, at, length, NULL);
    }
}

bool mig_vfio_payload_decode(const MigDecoder *decoder, const uint8_t *bytes,
                             uint64_t length, uint64_t offset)
{
    g_auto(MigEmit) e = { 0 };
    MigVfioPayload payload;
    uint64_t display;

    mig_emit_init(&e, decoder, bytes, length, offset);
    if (!mig_vfio_payload_parse_whole(bytes, length, &payload)) {
        mig_emit_mismatch(&e, 0, length, "no VFIO configuration");
        return false;
    }
    mig_emit_be(&e, "version_id", 0, 4, NULL);
    mig_pci_config_decode(&e, "config", "pci config", payload.config_offset,
                          payload.config_size);
    mig_pci_intx_decode(&e, "irq_state", "pci irq state", payload.intx_offset);
    if (payload.msix_vectors) {
        mig_pci_msix_decode(&e, "msix", "msix state", payload.msix_offset,
                            payload.msix_vectors);
    }
    if (payload.display_offset) {
        display = payload.display_fields;
        mig_emit_open(&e, MIG_FIELD_SUBSECTION, "VFIOPCIDevice/VFIODisplay", "subsection",
                      payload.display_offset, payload.length - payload.display_offset);
        mig_emit_be(&e, "address", display, 8, NULL);
        mig_emit_be(&e, "fourcc", display + 8, 4, NULL);
        mig_emit_be(&e, "flags", display + 12, 4, NULL);
        mig_emit_be(&e, "width", display + 16, 4, NULL);
        mig_emit_be(&e, "height", display + 20, 4, NULL);
        mig_emit_be(&e, "stride", display + 24, 4, NULL);
        mig_emit_close(&e);
    }
    return true;
}
