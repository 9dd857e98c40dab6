/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:      see release.h.
 * Knows not: streams.
 * Beside it: stream/wire.h, the words themselves.
 */
#include "check/release.h"

#include <glib.h>
#include <string.h>

#include "stream/command.h"
#include "stream/vfio.h"
#include "stream/wire.h"

#define OLDEST MIG_RELEASE_FIRST

/* The minors of each major release. */
static const struct {
    unsigned major, first, last;
} releases[] = {
    { 5, 2, 2 }, { 6, 0, 2 },  { 7, 0, 2 },  { 8, 0, 2 },
    { 9, 0, 2 }, { 10, 0, 2 }, { 11, 0, 1 },
};

/* Those younger than OLDEST.
 * Source: migration/savevm.c, enum qemu_vm_cmd; hw/vfio/migration.c, VFIO_MIG_FLAG_*;
 * 5.2, 7.2, 10.0, 10.2. */
static const struct {
    uint16_t id;
    MigRelease first;
} commands[] = {
    { MIG_CMD_SWITCHOVER_START, 1000 },
};

static const struct {
    uint64_t flag;
    MigRelease first;
} vfio_flags[] = {
    { MIG_VFIO_DEV_INIT_DATA_SENT, 801 },
    { MIG_VFIO_DEV_CONFIG_LOAD_READY, 1001 },
};

/* All names that a CONFIGURATION may record, which any loader looks up, though it
 * compares two of them only.  Source: qapi/migration.json, MigrationCapability. */
static const struct {
    const char *name;
    MigRelease first;
} capabilities[] = {
    { "x-ignore-shared", OLDEST },
    { "mapped-ram", 900 },
    { "xbzrle", OLDEST },
    { "rdma-pin-all", OLDEST },
    { "auto-converge", OLDEST },
    { "zero-blocks", OLDEST },
    { "compress", OLDEST },
    { "events", OLDEST },
    { "postcopy-ram", OLDEST },
    { "x-colo", OLDEST },
    { "release-ram", OLDEST },
    { "block", OLDEST },
    { "return-path", OLDEST },
    { "pause-before-switchover", OLDEST },
    { "multifd", OLDEST },
    { "dirty-bitmaps", OLDEST },
    { "postcopy-blocktime", OLDEST },
    { "late-block-activate", OLDEST },
    { "validate-uuid", OLDEST },
    { "background-snapshot", 600 },
    { "zero-copy-send", 701 },
    { "postcopy-preempt", 701 },
    { "switchover-ack", 801 },
    { "dirty-limit", 802 },
};

static bool take_number(const char **p, unsigned *n)
{
    const char *start = *p;

    for (*n = 0; g_ascii_isdigit(**p) && *p - start < 4; (*p)++) {
        *n = *n * 10 + (unsigned)(**p - '0');
    }
    return *p > start;
}

bool mig_release_parse(const char *text, MigRelease *release)
{
    unsigned major, minor, patch;

    text += g_str_has_prefix(text, "qemu-") ? strlen("qemu-") : 0;
    if (!take_number(&text, &major) || *text++ != '.' || !take_number(&text, &minor) ||
        (*text == '.' && (text++, !take_number(&text, &patch))) || *text) {
        return false;
    }
    for (size_t i = 0; i < G_N_ELEMENTS(releases); i++) {
        if (releases[i].major == major && minor >= releases[i].first &&
            minor <= releases[i].last) {
            *release = major * 100 + minor;
            return true;
        }
    }
    return false;
}

MigRelease mig_release_of_command(uint16_t id)
{
    for (size_t i = 0; i < G_N_ELEMENTS(commands); i++) {
        if (commands[i].id == id) {
            return commands[i].first;
        }
    }
    return mig_command_name(id) ? OLDEST : MIG_RELEASE_NONE;
}

MigRelease mig_release_of_vfio_flag(uint64_t flag)
{
    for (size_t i = 0; i < G_N_ELEMENTS(vfio_flags); i++) {
        if (vfio_flags[i].flag == flag) {
            return vfio_flags[i].first;
        }
    }
    return mig_vfio_flag_name(flag) ? OLDEST : MIG_RELEASE_NONE;
}

MigRelease mig_release_of_capability(const char *name)
{
    for (size_t i = 0; i < G_N_ELEMENTS(capabilities); i++) {
        if (g_str_equal(capabilities[i].name, name)) {
            return capabilities[i].first;
        }
    }
    return MIG_RELEASE_NONE;
}

MigRelease mig_release_of_machine(const char *machine)
{
    const char *version = strrchr(machine, '-');
    unsigned major, minor;

    if (!version || (version++, !take_number(&version, &major)) || *version++ != '.' ||
        !take_number(&version, &minor) || *version || minor > 99) {
        return MIG_RELEASE_NONE;
    }
    return major * 100 + minor;
}
