/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          what a format has to show of migstat dump --devices.
 * Must not know: any one format.
 * See also:      dump-devices.c, which walks and calls; dump-devices-text.c,
 *                dump-devices-json.c, dump-devices-analyze.c.
 */
#ifndef CLI_DUMP_DEVICES_H
#define CLI_DUMP_DEVICES_H

#include "dump.h"

/* A device, or a configuration space that one sent. */
typedef struct DumpDevice {
    const char *name;
    uint32_t instance_id;
    uint32_t version_id;
    uint32_t section_id;
    uint64_t offset, length; /* of its state, in plain bytes of the stream */
    const MigItem *config;   /* the record of a configuration, or NULL */
    bool whole;              /* all of it was asked for */
} DumpDevice;

/* The calls come in this order, for each device from open() to close(). */
struct DumpDevicesView {
    void *(*begin)(const Dump *dump); /* returns what the other calls get as @view */
    void (*open)(void *view, const DumpDevice *device);
    /* Of a whole device: a value, or the start of a group.  @element: it is one of an array. */
    void (*field)(void *view, const MigField *field, bool element);
    void (*end_group)(void *view);
    /* Of a device that was not asked for as a whole: a field that was. */
    void (*match)(void *view, const DumpDevice *device, const MigField *field);
    /* @matches: the state is as long as its description says. */
    void (*close)(void *view, const DumpDevice *device, bool matches);
    void (*end)(void *view, const Dump *dump); /* frees @view */
};

#endif
