/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          the insides of the filter vfio-layout, which its files share.
 * Must not know: other filters.
 * See also:      filter/vfio-layout.c, options and report; filter/vfio-layout-devices.c,
 *                what is known of each device; filter/vfio-layout-pass.c, the items as they
 *                pass; filter/vfio-layout-emit.c, what is put in.
 */
#ifndef MIG_FILTER_VFIO_LAYOUT_PRIVATE_H
#define MIG_FILTER_VFIO_LAYOUT_PRIVATE_H

#include "filter/description-edit.h"
#include "filter/filter.h"
#include "filter/vfio-emit.h"
#include "filter/vfio-known.h"
#include "filter/vfio-place.h"
#include "io/long-array.h"
#include "stream/vfio-dialect.h"
#include "stream/vfio-need.h"

#define MIG_LAYOUT_TOO_BRIEF \
    "the end of the stream does not have all of the configurations"

typedef struct MigLayoutDevice {
    MigVfioKnown known;        /* all of it after a first pass, else what has come */
    const MigSection *section; /* of the last pass */
    uint32_t section_id;       /* as START had it */
    uint32_t index;            /* of the section, the same in both passes */
    bool leave;                /* as it is */
    bool need;                 /* its configuration is set up early */

    /* The body that passes. */
    MigSectionType type;
    bool drop;              /* a FULL section that goes */
    bool drop_end_of_state; /* the next one belongs to a record that went */
    bool closed;            /* the last record emitted ends the body */
    bool set_up_here, removed_here;

    bool ended;  /* it is in the layout's list of those */
    bool wanted; /* a place is looked for, for its new FULL section */
    bool full;   /* FULL has passed */
    bool changed;
    unsigned set_ups; /* SETUP records that were emitted */
    unsigned precopy_set_ups;
    uint64_t enabled; /* output offset of the new record in FULL; UINT64_MAX */
    const MigSection *enabled_after;
} MigLayoutDevice;

typedef struct MigLayout {
    bool has_to, has_need, every_iteration;
    MigVfioDialect to;
    MigVfioNeeds *needs;
    bool scanned;
    MigGap gap;     /* that the first pass left out, if gap.to */
    bool gap_ended; /* it ends where a section begins: its end was no chance */
    bool footers;
    MigByteStore payloads;
    MigLongArray *devices; /* MigLayoutDevice, as they came */
    MigLongArray *numbers; /* of their sections; mig_section_number() */
    GArray *ended; /* numbers of devices, whose END came after the last FULL section */
    MigLayoutDevice *open; /* whose body is read, in which no other one begins */
    MigItem last;          /* an item of it, for what is made up */
    MigVfioPlace *place;
    MigDescriptionEdit *edit;
    /* In flight: what cannot be decided before the configurations have come. */
    struct {
        bool waits;          /* they have not */
        bool holds;          /* from here on all is kept: */
        MigLongArray *items; /* MigItem, with bytes of their own or in the input */
        guint open;          /* the device whose body was open then, from 1 on; 0: none */
    } late;
} MigLayout;

/* --- filter/vfio-layout-devices.c --- */

/* Before any device is known. */
void mig_layout_init_devices(MigLayout *layout);
void mig_layout_clear_devices(MigLayout *layout);

/* The @i-th device, or that of the item's section: a new one if it is the first of it, NULL with
 * *error where there is no room for it.  Valid until there is a new one. */
MigLayoutDevice *mig_layout_device_at(const MigLayout *layout, guint i);
MigLayoutDevice *mig_layout_device(MigLayout *layout, const MigItem *item,
                                   GError **error);

/* Refuses the stream for @device, with *error set.  Returns false. */
bool mig_layout_refuse(MigLayoutDevice *device, MigNext *next, const MigItem *item,
                       GError **error, const char *reason);

/* Refuses what cannot be converted, once it is known. */
bool mig_layout_judge(MigLayoutDevice *device, MigNext *next, const MigItem *item,
                      GError **error);

/* After a first pass: decides what is to become of the device. */
bool mig_layout_decide(MigLayout *layout, MigLayoutDevice *device, MigNext *next,
                       GError **error);

/* The first pass: callbacks of the filter. */
bool mig_layout_scan(void *state, MigNext *next, const MigItem *item, GError **error);
bool mig_layout_suffices(void *state, const MigGap *gap);
void mig_layout_forget(void *state);

/* Checks that the first pass was right to skip the gap. */
bool mig_layout_check_gap(MigLayout *layout, MigNext *next, const MigItem *item,
                          GError **error);

/* --- filter/vfio-layout-emit.c --- */

/* Whether the device gets its configuration in END. */
bool mig_layout_wants_early(const MigLayout *layout, const MigLayoutDevice *device);

/* Emits a whole configuration record in END or PART; @like is an item of that section. */
bool mig_layout_emit_early(MigLayout *layout, MigLayoutDevice *device, MigNext *next,
                           const MigItem *like, GError **error);

/* The configuration record of FULL, without the END_OF_STATE that closes it: appends it to
 * @bytes, or emits it.  False with *error. */
bool mig_layout_encode_full(const MigLayout *layout, const MigLayoutDevice *device,
                            GByteArray *bytes, GError **error);
bool mig_layout_emit_full_record(MigLayout *layout, MigLayoutDevice *device,
                                 MigNext *next, const MigItem *like, GError **error);

/* Notes for the report that this record comes next in the output. */
void mig_layout_note_enabled(MigLayout *layout, MigLayoutDevice *device, MigNext *next);

/* Bytes of the body of its new FULL section. */
uint64_t mig_layout_full_size(const MigLayout *layout, const MigLayoutDevice *device);

/* Emits a FULL section that the source does not have, between its neighbours @around. */
bool mig_layout_emit_full(MigLayout *layout, MigLayoutDevice *device, MigNext *next,
                          const MigVfioNeighbours *around, GError **error);

/* --- filter/vfio-layout-late.c --- */

/* Whether @item has to be kept for later. */
bool mig_layout_is_early(const MigLayout *layout, const MigItem *item);

/* Keeps it. */
bool mig_layout_hold(MigLayout *layout, MigNext *next, const MigItem *item,
                     GError **error);

/* All configurations have come: lets pass what was kept. */
bool mig_layout_release(MigLayout *layout, MigNext *next, GError **error);

void mig_layout_clear_held(MigLayout *layout);

/* --- filter/vfio-layout-pass.c --- */

/* One item passes. */
bool mig_layout_pass(MigLayout *layout, MigNext *next, const MigItem *item,
                     GError **error);

/* A callback of the filter: the same, unless it is held back. */
bool mig_layout_event(void *state, MigNext *next, const MigItem *item, GError **error);

#endif
