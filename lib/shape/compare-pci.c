/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          comparing configuration space where a loader does.
 * Must not know: fields beside it.
 * See also:      compare.h; device/pci-registers.h.
 *
 * A loader refuses a byte in which bits differ that it checks and that neither the guest nor
 * the device changes.  Which those are is written down nowhere in a stream; it follows from
 * how QEMU registers the header and each capability.
 * Source: hw/pci/pci.c, get_pci_config_device(), pci_init_cmask(), pci_register_bar(),
 * pci_add_capability(); hw/pci/msix.c, msi.c, pcie.c; 5.2 to 11.1.
 */
#include <string.h>

#include "device/pci-registers.h"
#include "io/budget.h"
#include "shape/compare.h"
#include "stream/pci-space.h"
#include "stream/wire.h"

#define SPACE_MAX   4096u
#define STANDARD    256u
#define STATUS_CAPS 0x10
#define HEADER_TYPE 0x0e
#define BAR_0       0x10
#define CAP_POINTER 0x34

/* Bytes of capabilities that are checked, from their start: a mask for each. */
typedef struct Checked {
    uint8_t id;
    uint8_t n;
    uint8_t mask[48];
} Checked;

/* clang-format off */
static const Checked capabilities[] = {
    /* PMC; the control word is the guest's */
    { 0x01, 4, { 0xff, 0xff, 0xff, 0xff } },
    /* what it can do, not whether it is enabled nor how many vectors it has */
    { CAP_MSI, 4, { 0xff, 0xff, 0x8e, 0xff } },
    /* address, length and type of a virtio structure */
    { CAP_VENDOR, 16, { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
                        0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff } },
    /* subsystem of a bridge */
    { 0x0d, 8, { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff } },
    /* of the second version: type, what device, link, slot and root port can do; not control
     * and status */
    { CAP_EXPRESS, 48, { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0,
                         0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0, 0xff, 0xff, 0xff, 0xff,
                         0, 0, 0, 0, 0, 0, 0xff, 0xff, 0, 0, 0, 0, 0xff, 0xff, 0xff, 0xff,
                         0, 0, 0, 0, 0xff, 0xff, 0xff, 0xff } },
    /* table size, but not enable and mask; place of table and PBA */
    { CAP_MSIX, 12, { 0xff, 0xff, 0xff, 0x3f, 0xff, 0xff, 0xff, 0xff,
                      0xff, 0xff, 0xff, 0xff } },
};
/* clang-format on */

/* Of virtio's, the one with which configuration space reaches into the BARs: the guest writes
 * most of it. */
#define VIRTIO_CFG_TYPE    3
#define VIRTIO_CFG_PCI     5
#define VIRTIO_CFG_CHECKED 4

/* Of an Express capability of the first version. */
#define EXPRESS_1_CHECKED 16

/* Of advanced error reporting, which QEMU's ports have first in extended space: the byte of the
 * mask of uncorrectable errors with the bit of internal ones.
 * Source: hw/pci/pcie_aer.c, pcie_aer_init(); 8.0. */
#define AER_MASK_BYTE 0x0au
#define AER_INTERNAL  0x40u

static void check_bytes(uint8_t *mask, size_t space, uint32_t at, const uint8_t *bits,
                        size_t n)
{
    for (size_t i = 0; i < n && at + i < space; i++) {
        mask[at + i] = bits ? bits[i] : 0xff;
    }
}

/* How much of it is checked: of some there is less than the table has. */
static size_t checked_bytes(const Checked *checked, const uint8_t *capability)
{
    if (checked->id == CAP_VENDOR && capability[VIRTIO_CFG_TYPE] == VIRTIO_CFG_PCI) {
        return VIRTIO_CFG_CHECKED;
    }
    return checked->id == CAP_EXPRESS && (capability[2] & 0x0f) < 2 ? EXPRESS_1_CHECKED
                                                                    : checked->n;
}

static void check_capability(const uint8_t *config, size_t space, uint32_t at,
                             uint8_t *mask)
{
    for (size_t i = 0; i < G_N_ELEMENTS(capabilities); i++) {
        if (capabilities[i].id == config[at]) {
            check_bytes(mask, space, at, capabilities[i].mask,
                        checked_bytes(&capabilities[i], config + at));
            return;
        }
    }
    check_bytes(mask, space, at, NULL, 2);
}

/* Which bits of the destination's space are checked.  A BAR whose bits are all zero may be of
 * memory, or none. */
static void find_checked(const uint8_t *config, size_t space, uint8_t *mask)
{
    static const uint8_t identity[] = { 0xff, 0xff, 0xff, 0xff, 0, 0, STATUS_CAPS, 0,
                                        0xff, 0xff, 0xff, 0xff, 0, 0, 0xff };
    unsigned bars = (config[HEADER_TYPE] & 0x7f) == 1 ? 2 : 6;
    MigPciCapability capability = { 0 };

    check_bytes(mask, space, 0, identity, sizeof(identity));
    mask[CAP_POINTER] = 0xff;
    for (unsigned i = 0; i < bars; i++) {
        uint32_t bar = BAR_0 + 4 * i;

        mask[bar] = config[bar] & 1 ? 0x03 : config[bar] & 0x0e ? 0x0f : 0;
        i += (config[bar] & 7) == 4; /* of 64 bits: the next word is its upper half */
    }
    while (mig_pci_next_capability(config, &capability)) {
        check_capability(config, space, capability.at, mask);
    }
}

/* Which bits of extended space are checked: where capabilities are and which. */
static void find_extended(const uint8_t *config, size_t space, uint8_t *mask)
{
    uint32_t at = STANDARD;

    for (unsigned n = 0; at >= STANDARD && at + 4 <= space && n < SPACE_MAX / 4; n++) {
        uint32_t header = mig_le32(config + at);

        check_bytes(mask, space, at, NULL, 4);
        at = header >> 20 & ~3u;
    }
}

/* The mask of uncorrectable errors: from 8.0 on the device sets a bit that an older one, or one
 * of an older machine type, has neither set nor lets the guest write. */
static bool is_newer_mask(const uint8_t *there, uint32_t at, uint8_t a, uint8_t b)
{
    return at >= STANDARD + AER_MASK_BYTE &&
           mig_le16(there + at - AER_MASK_BYTE) == EXT_AER &&
           at - AER_MASK_BYTE == STANDARD && (a & AER_INTERNAL) && !(b & AER_INTERNAL);
}

static const MigField *space_of(const MigLeaves *leaves)
{
    for (guint i = 0; i < leaves->list->len; i++) {
        const MigField *f = &g_array_index(leaves->list, MigLeaf, i).field;

        if (mig_field_is_group(f) && strcmp(f->type, "pci config") == 0) {
            return f;
        }
    }
    return NULL;
}

/* The register at @offset of the stream: the last field that covers it and has no members. */
static const MigField *register_at(const MigLeaves *leaves, uint64_t offset)
{
    const MigField *found = NULL;

    for (guint i = 0; i < leaves->list->len; i++) {
        const MigField *f = &g_array_index(leaves->list, MigLeaf, i).field;

        if (!mig_field_is_group(f) && offset >= f->offset &&
            offset - f->offset < f->length) {
            found = f;
        }
    }
    return found;
}

static void report(MigShapeComparison *c, const MigLeaves *there, const MigField *space,
                   const MigField *own_space, uint32_t at, uint8_t a, uint8_t b)
{
    MigShapeDifference *difference =
        mig_shape_differ(c->budget, c->differences, MIG_SHAPE_PCI_CONFIG, true);
    const MigField *x = register_at(mig_offered_leaves(c->offered), space->offset + at);
    const MigField *y = there ? register_at(there, own_space->offset + at) : NULL;

    difference->at = at;
    difference->here = a;
    difference->there = b;
    difference->offset = space->offset + at;
    difference->path = x ? g_strdup(x->path) : NULL;
    difference->note_here = x ? g_strdup(x->note) : NULL;
    difference->note_there =
        y && x && strcmp(x->path, y->path) == 0 ? g_strdup(y->note) : NULL;
}

/* Of the stream, where it is as long as QEMU makes one. */
static const MigField *space_offered(MigOffered *offered)
{
    const MigField *space = space_of(mig_offered_leaves(offered));

    return space && space->length >= STANDARD && space->length <= SPACE_MAX ? space
                                                                            : NULL;
}

const uint8_t *mig_shape_pci_space(MigOffered *offered, uint32_t *n, uint64_t *offset)
{
    const MigField *space = space_offered(offered);

    *n = space ? (uint32_t)space->length : 0;
    *offset = space ? space->offset : 0;
    return space ? offered->body + (space->offset - offered->offset) : NULL;
}

void mig_shape_compare_pci_bits(MigShapeComparison *c, const uint8_t *bits,
                                const uint8_t *mask, uint32_t n)
{
    const MigField *space = space_offered(c->offered);
    const uint8_t *a =
        space ? c->offered->body + (space->offset - c->offered->offset) : NULL;

    for (uint32_t i = 0; a && i < n; i++) {
        if ((a[i] ^ bits[i]) & mask[i]) {
            /* of the other bits it is not known what they are there */
            report(c, NULL, space, NULL, i, a[i],
                   (uint8_t)((a[i] & ~mask[i]) | (bits[i] & mask[i])));
            return;
        }
    }
}

void mig_shape_compare_pci(MigShapeComparison *c, const MigLeaves *there,
                           const uint8_t *body, uint64_t body_offset)
{
    const MigField *space = space_offered(c->offered), *own = space_of(there);
    const uint8_t *a, *b;
    uint8_t mask[SPACE_MAX] = { 0 };

    if (!space || !own || space->length != own->length ||
        !mig_budget_spend(c->budget, own->length / 8)) {
        return; /* another length is a field's */
    }
    a = c->offered->body + (space->offset - c->offered->offset);
    b = body + (own->offset - body_offset);
    find_checked(b, STANDARD, mask);
    find_extended(b, own->length, mask);
    for (uint32_t i = 0; i < own->length; i++) {
        if ((a[i] ^ b[i]) & mask[i] || is_newer_mask(b, i, a[i], b[i])) {
            report(c, there, space, own, i, a[i], b[i]);
            return;
        }
    }
}
