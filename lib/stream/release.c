/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          see release.h.
 * Must not know: streams.
 * See also:      stream/wire.h, the words themselves.
 */
#include "stream/release.h"

#include <glib.h>
#include <string.h>

#include "stream/qemu.h"
#include "stream/command.h"
#include "stream/vfio.h"
#include "stream/wire.h"

#define OLDEST MIG_RELEASE_FIRST

static const MigRelease releases[] = {
    MIG_RELEASE_FIRST, QEMU(6, 0),  QEMU(6, 1),       QEMU(6, 2),  QEMU(7, 0),
    QEMU(7, 1),        QEMU(7, 2),  QEMU(8, 0),       QEMU(8, 1),  QEMU(8, 2),
    QEMU(9, 0),        QEMU(9, 1),  QEMU(9, 2),       QEMU(10, 0), QEMU(10, 1),
    QEMU(10, 2),       QEMU(11, 0), MIG_RELEASE_LAST,
};
G_STATIC_ASSERT(G_N_ELEMENTS(releases) <= sizeof(MigReleaseSet) * 8);

/* Families of machine types; all that write a configuration have names that end in a
 * version. */
static const char *const families[] = { "pc-q35-", "pc-i440fx-", "s390-ccw-virtio-",
                                        "pseries-", "virt-" };

/* Those younger than OLDEST.
 * Source: migration/savevm.c, enum qemu_vm_cmd; hw/vfio/migration.c, VFIO_MIG_FLAG_*;
 * 5.2, 7.2, 10.0, 10.2. */
static const struct {
    uint16_t id;
    MigRelease first;
} commands[] = {
    { MIG_CMD_SWITCHOVER_START, QEMU(10, 0) },
};

static const struct {
    uint64_t flag;
    MigRelease first;
} vfio_flags[] = {
    { MIG_VFIO_DEV_INIT_DATA_SENT, QEMU(8, 1) },
    { MIG_VFIO_DEV_CONFIG_LOAD_READY, QEMU(10, 1) },
};

/* All names that a CONFIGURATION may record, which any loader looks up, though it
 * compares two of them only.  Source: qapi/migration.json, MigrationCapability. */
static const struct {
    const char *name;
    MigRelease first;
} capabilities[] = {
    { "x-ignore-shared", OLDEST },
    { "mapped-ram", QEMU(9, 0) },
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
    { "background-snapshot", QEMU(6, 0) },
    { "zero-copy-send", QEMU(7, 1) },
    { "postcopy-preempt", QEMU(7, 1) },
    { "switchover-ack", QEMU(8, 1) },
    { "dirty-limit", QEMU(8, 2) },
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
    for (size_t i = 0; i < G_N_ELEMENTS(releases) && minor < 100; i++) {
        if (releases[i] == major * 100 + minor) {
            *release = releases[i];
            return true;
        }
    }
    return false;
}

MigRelease mig_release_at(size_t index)
{
    return index < G_N_ELEMENTS(releases) ? releases[index] : MIG_RELEASE_NONE;
}

MigReleaseSet mig_releases_between(MigRelease first, MigRelease last)
{
    MigReleaseSet set = 0;

    for (size_t i = 0; i < G_N_ELEMENTS(releases); i++) {
        set |= (MigReleaseSet)(releases[i] >= first && releases[i] <= last) << i;
    }
    return set;
}

MigRelease mig_releases_oldest(MigReleaseSet set)
{
    for (size_t i = 0; i < G_N_ELEMENTS(releases); i++) {
        if (set >> i & 1) {
            return releases[i];
        }
    }
    return MIG_RELEASE_NONE;
}

/* How many of @set follow one another from the @i-th on. */
static size_t run_length(MigReleaseSet set, size_t i)
{
    size_t n = 0;

    while (i + n < G_N_ELEMENTS(releases) && set >> (i + n) & 1) {
        n++;
    }
    return n;
}

static char *run_text(size_t first, size_t n)
{
    MigRelease from = releases[first], to = releases[first + n - 1];

    return n == 1 ? g_strdup_printf("%u.%u", mig_release_major(from),
                                    mig_release_minor(from))
                  : g_strdup_printf("%u.%u %s %u.%u", mig_release_major(from),
                                    mig_release_minor(from), n == 2 ? "and" : "to",
                                    mig_release_major(to), mig_release_minor(to));
}

char *mig_releases_text(MigReleaseSet set)
{
    g_autoptr(GPtrArray) runs = g_ptr_array_new_with_free_func(g_free);
    GString *text = g_string_new(NULL);
    size_t n;

    for (size_t i = 0; i < G_N_ELEMENTS(releases); i += n ? n : 1) {
        n = run_length(set, i);
        if (n) {
            g_ptr_array_add(runs, run_text(i, n));
        }
    }
    for (guint i = 0; i < runs->len; i++) {
        const char *joint = i == 0 ? "" : i + 1 < runs->len ? ", " : " and ";

        g_string_append_printf(text, "%s%s", joint, (char *)g_ptr_array_index(runs, i));
    }
    return g_string_free(text, false);
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

size_t mig_release_machine_family(const char *machine)
{
    for (size_t i = 0; i < G_N_ELEMENTS(families); i++) {
        if (g_str_has_prefix(machine, families[i])) {
            return strlen(families[i]);
        }
    }
    return 0;
}
