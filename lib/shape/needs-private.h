/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          what the parts of needs share.  Private to shape/.
 * Must not know: how sections are read (needs-facts.c).
 * See also:      needs.c; needs-machine.c and needs-device.c, which derive options.
 */
#ifndef MIG_SHAPE_NEEDS_PRIVATE_H
#define MIG_SHAPE_NEEDS_PRIVATE_H

#include "io/budget.h"
#include "shape/acpi.h"
#include "shape/needs.h"

/* What the section of a device tells. */
typedef struct MigNeedsFacts {
    const MigSection *section;
    const char *handler; /* "virtio-net" of "0000:00:02.0/virtio-net" */
    size_t path;         /* bytes before the '/'; 0: it has no path */

    /* by configuration space */
    bool has_pci, multifunction, modern, msi, shpc;
    uint16_t vendor_id, device_id, class_id;
    uint16_t slot; /* of a port */
    uint8_t port, chassis;
    bool hotplug;
    uint32_t vectors; /* of MSI-X */

    uint32_t queues,
        queue_size[3];        /* of a virtio device, and entries of the first ones */
    uint16_t virtio_type;     /* 0: it is none */
    uint32_t virtio_ports[2]; /* of virtio-serial: a bit each, of the first ones */

    uint32_t cpu_slots, memory_slots, memory_devices; /* of ACPI; 0: it has none */
    uint32_t queue_pairs;                             /* of a network card; 0: not said */
    uint32_t usb_ports;                               /* of an xHCI controller */
    uint32_t outputs;                                 /* of a virtio-gpu; 0: not said */
    uint64_t pmcr, mmfr; /* of an Arm CPU, PMCR_EL0 and ID_AA64MMFR0_EL1; 0: not said */
    bool pauth;          /* ... which has pointer authentication */
} MigNeedsFacts;

/* Fills in what @bytes, the state of facts->section, tell; @item as mig_needs_watch(). */
void mig_needs_read_facts(MigNeedsFacts *facts, MigReader *reader, const MigItem *item,
                          const uint8_t *bytes);

/* --- tables ------------------------------------------------------------------------------ */

typedef enum MigNeedsTraits {
    MIG_NEEDS_BUILTIN = 1 << 0, /* the machine has it */
    MIG_NEEDS_VIRTIO = 1 << 1,  /* disable-legacy and disable-modern mean something */
    MIG_NEEDS_VECTORS = 1 << 2, /* it has a property of that name */
    MIG_NEEDS_DRIVE = 1 << 3,   /* it does not start without a drive */
    MIG_NEEDS_ROM = 1 << 4,     /* it has a ROM by default */
    MIG_NEEDS_PORT = 1 << 5,    /* one of PCI Express, with chassis and slot */
    MIG_NEEDS_BRIDGE = 1 << 6,  /* one of PCI, with a number of its chassis */
    MIG_NEEDS_HOST = 1 << 7,    /* a device of the host, which nobody knows */
    MIG_NEEDS_AUDIO = 1 << 9,   /* it plays to an audiodev */
    MIG_NEEDS_NIC = 1 << 8,     /* what it is connected to is not known */
} MigNeedsTraits;

typedef struct MigNeedsModel {
    const char *handler;
    uint16_t vendor_id, device_id; /* 0, 0: any */
    uint16_t class_id;             /* 0: any */
    const char *model;             /* of -device; NULL: built in */
    unsigned traits;
    const char *note; /* or NULL */
} MigNeedsModel;

/* The one that fits, or NULL. */
const MigNeedsModel *mig_needs_pci_model(const MigNeedsFacts *facts);

/* Of a device that is on no PCI bus. */
typedef struct MigNeedsOther {
    const char *handler;
    const char *option, *value; /* NULL, NULL: what is needed is not in the stream */
    const char *note;
    const char *machine; /* only where its name begins so: others have it; NULL: on all */
    uint32_t first;      /* the first instance that the machine does not have by itself */
} MigNeedsOther;

/* The id of what devices of sound are connected to. */
#define MIG_NEEDS_AUDIODEV "audio"

const MigNeedsOther *mig_needs_other(const MigNeedsFacts *facts, const char *machine);

/* --- rows -------------------------------------------------------------------------------- */

struct MigNeeds {
    MigReader *reader;
    GArray *facts; /* MigNeedsFacts, in the order of the stream */
    GArray *rows;  /* MigNeed */
    GStringChunk *strings;
    bool too_many; /* sections */
    bool postcopy, dirty_bitmaps, compressed;
    bool skipped; /* RAM */
    uint32_t channels;
    MigAcpi acpi;
    MigAcpiImage *image;
};

/* Adds a row with copies of the texts. */
void mig_needs_row(MigNeeds *needs, MigNeedKind kind, const char *option,
                   const char *value, const char *section, const char *note);
void mig_needs_unknown(MigNeeds *needs, const char *section, const char *note);

/* Whether QEMU takes @name as an id, and a shell as one word. */
bool mig_needs_is_id(const char *name);

/* The first section of the handler @name, with a path or without; where @name has a path, the
 * section of that name.  NULL: there is none. */
const MigNeedsFacts *mig_needs_find(const MigNeeds *needs, const char *name);
const MigRamBlock *mig_needs_block(const MigNeeds *needs, const char *name);

/* The name of the machine, "" where the stream has none. */
const char *mig_needs_machine(const MigNeeds *needs);

/* The first number of its version, 7 of "pc-q35-7.2"; UINT64_MAX where it has none. */
uint64_t mig_needs_machine_series(const MigNeeds *needs);

/* Each adds its rows. */
void mig_needs_add_machine(MigNeeds *needs);
void mig_needs_add_memory(MigNeeds *needs);
void mig_needs_add_devices(MigNeeds *needs);
void mig_needs_add_capabilities(MigNeeds *needs);

/* --- devices ----------------------------------------------------------------------------- */

/* A PCI device that becomes an option. */
typedef struct MigNeedsDevice {
    const MigNeedsFacts *facts;
    const MigNeedsModel *model;
    char *id; /* owned */
} MigNeedsDevice;

typedef struct MigNeedsDevices {
    MigNeeds *needs;
    GArray *pci;         /* MigNeedsDevice, sorted by path */
    GHashTable *by_path; /* path -> index + 1 */
    unsigned drives, chassis;
    unsigned networks; /* of QEMU's own that are not yet connected to a card */
    bool audiodev;     /* there is one */
} MigNeedsDevices;

/* What is before the handler in the name of its section; the caller frees. */
char *mig_needs_path(const MigNeedsFacts *facts);

/* The PCI device at @path, or NULL. */
const MigNeedsDevice *mig_needs_device(const MigNeedsDevices *d, const char *path);

/* Appends a comma and a property. */
void mig_needs_append(GString *value, const char *format, ...) G_GNUC_PRINTF(2, 3);

/* Adds a drive that holds nothing, for what does not start without one; its id, which the caller
 * frees. */
char *mig_needs_drive(MigNeedsDevices *d, const MigNeedsFacts *facts);

/* Adds what devices of sound are connected to, before the first of them. */
void mig_needs_audiodev(MigNeedsDevices *d);

/* Adds a device that is on another bus; PCI devices are all known. */
void mig_needs_add_plugged(MigNeedsDevices *d, const MigNeedsFacts *facts);

#endif
