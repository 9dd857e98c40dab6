/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          what the devices of a stream tell of where memory is.
 * Must not know: the rules of machines.  Private to memory/.
 * See also:      map.h.
 */
#ifndef MIG_MEMORY_FACTS_H
#define MIG_MEMORY_FACTS_H

#include "device/decode.h"
#include "stream/reader.h"

/* Bytes of the CMOS; hw/rtc/mc146818rtc.c, vmstate_rtc, 5.2 to 11.1. */
#define MIG_CMOS_LENGTH 128u

#define MIG_PAM_COUNT 7u

/* Devices that are looked at. */
#define MIG_MEMORY_DEVICES_MAX 8192u

/* A PCI device: what its configuration space says of its memory. */
typedef struct MigMemoryPci {
    uint16_t vendor_id, device_id;
    bool enabled;        /* its memory can be accessed */
    uint64_t address[7]; /* of BAR 0 to 5 and the ROM; 0: it has none there */
    bool has_address;    /* of virtio-mem: */
    uint64_t plugged;    /* where its memory is */
} MigMemoryPci;

/* The index of the ROM in MigMemoryPci.address. */
#define MIG_MEMORY_PCI_ROM 6u

typedef struct MigMemoryFacts {
    bool has_cmos;
    uint8_t cmos[MIG_CMOS_LENGTH];
    bool has_i440fx, has_q35; /* the host bridge, with: */
    bool has_vga;             /* a display with the windows of a VGA card */
    bool has_pam;
    uint8_t pam[MIG_PAM_COUNT], smram;
    GTree *pci; /* "0000:00:02.0" -> MigMemoryPci */
} MigMemoryFacts;

void mig_memory_facts_init(MigMemoryFacts *facts);
void mig_memory_facts_clear(MigMemoryFacts *facts);

/* Decodes @item, a device's state as a whole and the last that @reader has read: @visit is called
 * for its fields.  What cannot be decoded has none. */
void mig_memory_decode(MigReader *reader, const MigItem *item, MigFieldVisit *visit,
                       void *user);

/* The same of a section whose body is not the last item: it is read where it lies. */
void mig_memory_decode_at(MigReader *reader, const MigDeviceBody *body,
                          MigFieldVisit *visit, void *user);

/* As mig_memory_map_watch(). */
void mig_memory_facts_watch(MigMemoryFacts *facts, MigReader *reader,
                            const MigItem *item);

/* The same of such a section. */
void mig_memory_facts_read(MigMemoryFacts *facts, MigReader *reader,
                           const MigDeviceBody *body);

/* The device whose section or block is called @name, "0000:00:02.0/vga.vram"; NULL: none. */
const MigMemoryPci *mig_memory_facts_pci(const MigMemoryFacts *facts, const char *name);

/* The one device of that kind; NULL: there is none, or several. */
const MigMemoryPci *mig_memory_facts_only(const MigMemoryFacts *facts, uint16_t vendor_id,
                                          uint16_t device_id);

#endif
