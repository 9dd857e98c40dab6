/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          rules between device state and what the stream has in guest RAM, which a loader
 *                reads as it loads devices.
 * Must not know: how that is found.
 * See also:      memory/rings.h; rules-virtio.c, the sizes of virtqueues.
 *
 * Source: hw/virtio/virtio.c, virtio_load(); hw/i386/kvmvapic.c, vapic_post_load(); 5.2 to 11.1.
 */
#include <string.h>

#include "check/check-private.h"
#include "memory/facts.h"
#include "stream/section-find.h"

#define MOMENTS                                                                      \
    "RAM and the device's state are of different moments: take both from one saved " \
    "stream; the guest has to reset the device"

static const char no_ground[] = "the devices, which say where to look, cannot be read "
                                "before RAM: the input is a pipe, or "
                                "no description ends it";

/* Whether the devices were read; else the rule has no ground, if there is RAM at all.  In postcopy
 * RAM comes after them. */
static bool has_ground(MigCheck *check, const MigFacts *facts)
{
    if (facts->postcopy != MIG_POSTCOPY_NONE) {
        return false;
    }
    if (facts->n_page_records && !mig_rings_looked(check->rings)) {
        mig_report_no_ground(check, no_ground);
        return false;
    }
    return true;
}

/* The section of a ring, of which the reader has come by. */
static const MigSection *section_of(const MigCheck *check, const char *name,
                                    uint32_t instance_id)
{
    return mig_reader_find_section(check->reader, name, (uint8_t)strlen(name),
                                   instance_id);
}

/* How many heads the driver has made available that the device has not taken; more than the ring
 * has are impossible. */
static uint16_t new_heads(const MigRing *ring)
{
    return (uint16_t)(ring->available.value - ring->last);
}

static bool available_is_wrong(const MigRing *ring)
{
    return ring->available.known && new_heads(ring) > ring->size;
}

static void report_available(MigCheck *check, const MigRing *ring)
{
    mig_report(
        check, ring->offset, section_of(check, ring->section, ring->instance_id),
        "queue %u: the device has taken buffers up to index 0x%x, and the driver has "
        "made them available up to 0x%x, at 0x%" PRIx64
        " of guest memory (stream offset 0x%" PRIx64
        "): the device is broken after the load",
        ring->queue, ring->last, ring->available.value, ring->available.address,
        ring->available.at);
    mig_report_words(
        check, MIG_ALL_RELEASES,
        "VQ %u size 0x%x Guest index 0x%x inconsistent with Host index 0x%x: "
        "delta 0x%x",
        ring->queue, ring->size, ring->available.value, ring->last, new_heads(ring));
    mig_report_no_remedy(check, MOMENTS);
}

static void virtio_ring_index(MigCheck *check, const MigFacts *facts, const MigItem *item)
{
    size_t n;
    const MigRing *rings = mig_rings_list(check->rings, &n);

    (void)item;
    for (size_t i = 0; has_ground(check, facts) && i < n; i++) {
        if (available_is_wrong(&rings[i])) {
            report_available(check, &rings[i]);
        }
    }
}

/* Buffers that the device has taken and not given back. */
static uint16_t in_use(const MigRing *ring)
{
    return (uint16_t)(ring->last - ring->used.value);
}

static void report_used(MigCheck *check, const MigRing *ring)
{
    mig_report(
        check, ring->offset, section_of(check, ring->section, ring->instance_id),
        "queue %u: the device has taken buffers up to index 0x%x and given them back "
        "up to 0x%x, at 0x%" PRIx64 " of guest memory (stream offset 0x%" PRIx64
        "): more than the %u of the ring",
        ring->queue, ring->last, ring->used.value, ring->used.address, ring->used.at,
        ring->size);
    mig_report_loader(check, MIG_ALL_RELEASES,
                      "VQ %u size 0x%x < last_avail_idx 0x%x - used_idx 0x%x",
                      ring->queue, ring->size, ring->last, ring->used.value);
    mig_report_no_remedy(check, MOMENTS);
}

/* The loader does not look at the second index where the first one is wrong. */
static void virtio_ring_used(MigCheck *check, const MigFacts *facts, const MigItem *item)
{
    size_t n;
    const MigRing *rings = mig_rings_list(check->rings, &n);

    (void)item;
    for (size_t i = 0; has_ground(check, facts) && i < n; i++) {
        if (rings[i].used.known && !available_is_wrong(&rings[i]) &&
            in_use(&rings[i]) > rings[i].size) {
            report_used(check, &rings[i]);
        }
    }
}

typedef struct Vapic {
    uint64_t state, address, offset; /* of the ROM's address, in the stream */
} Vapic;

static void visit_vapic(const MigField *field, void *user)
{
    Vapic *vapic = user;

    if (field->kind == MIG_FIELD_UINT && strcmp(field->path, "state") == 0) {
        vapic->state = field->u;
    } else if (field->kind == MIG_FIELD_UINT &&
               strcmp(field->path, "rom_state_paddr") == 0) {
        vapic->address = field->u;
        vapic->offset = field->offset;
    }
}

/* The loader takes the length from the memory at address 0 and that far in, whatever covers it
 * there; it refuses a ROM without a length. */
static void vapic_rom(MigCheck *check, const MigFacts *facts, const MigItem *item)
{
    Vapic vapic = { 0 };
    MigGuestWord length;

    (void)facts;
    if (strcmp(item->section->name, "kvm-tpr-opt") != 0 ||
        !mig_check_is_described(check)) {
        return;
    }
    mig_memory_decode(check->reader, item, visit_vapic, &vapic);
    length = mig_rings_rom(check->rings, vapic.address);
    if (!vapic.address || !length.known || length.value) {
        return;
    }
    mig_report(check, vapic.offset, item->section,
               "the guest has patched a ROM at 0x%" PRIx64
               ", and RAM has none there (stream offset 0x%" PRIx64 ")",
               vapic.address & ~UINT64_C(511), length.at);
    mig_report_loader(check, MIG_ALL_RELEASES,
                      "error while loading state for instance 0x0 of device "
                      "'kvm-tpr-opt'");
    mig_report_remedy(check, "drop-section:name=kvm-tpr-opt");
    mig_report_gives_up(check, false, "a speed-up of 32-bit Windows");
}

const MigRule mig_rules_memory[] = {
    { "virtio-ring-index", "a driver is not behind its device in guest RAM",
      MIG_SEVERITY_WARNING, MIG_WATCH_END, .judge = virtio_ring_index },
    { "virtio-ring-used", "no more buffers are in use than a ring has",
      MIG_SEVERITY_ERROR, MIG_WATCH_END, .judge = virtio_ring_used },
    { "vapic-rom", "the ROM of kvm-tpr-opt is in guest RAM", MIG_SEVERITY_ERROR,
      MIG_WATCH(DEVICE_STATE), .judge = vapic_rom },
    { 0 },
};
