/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          see core.h.
 * Must not know: how fields are decoded, and what a note of a CPU has.
 * See also:      memory/core-cpus.h; memory/elf.h.
 *
 * Source: System V ABI, chapter 5; QEMU, dump/dump.c, 5.2 to 11.1.
 */
#include "memory/core.h"

#include <elf.h>
#include <errno.h>
#include <string.h>

#include "device/ram-image-file.h"
#include "io/fully.h"
#include "memory/core-cpus.h"
#include "memory/map-private.h"

/* What a guest leaves for its dump is some KiB. */
#define VMCOREINFO_MAX  (1u << 20)
#define VMCOREINFO_NAME "VMCOREINFO"
#define VMCOREINFO_ELF  1u /* the format: an ELF note */

/* An ELF header counts segments in 16 bits, of which the notes are one. */
#define LOADS_MAX 0xfff0u

struct MigCore {
    MigReader *reader;
    MigCoreCpus cpus;
    bool has_vmcoreinfo;
    uint64_t vmcoreinfo, vmcoreinfo_size, vmcoreinfo_format;
};

MigCore *mig_core_new(MigReader *reader)
{
    MigCore *core = g_new0(MigCore, 1);

    core->reader = reader;
    core->cpus.notes = g_byte_array_new();
    core->cpus.qemu = g_byte_array_new();
    return core;
}

void mig_core_free(MigCore *core)
{
    if (core) {
        g_byte_array_unref(core->cpus.notes);
        g_byte_array_unref(core->cpus.qemu);
        g_free(core);
    }
}

unsigned mig_core_cpus(const MigCore *core)
{
    return core->cpus.n;
}

/* --- the stream -------------------------------------------------------------------------- */

static void take_cpu(MigCore *core, const MigItem *item)
{
    g_autoptr(MigRegisters) registers = mig_registers_new();

    mig_memory_decode(core->reader, item, mig_registers_visit, registers);
    if (core->cpus.notes->len + core->cpus.qemu->len <= MIG_CORE_ROOM) {
        mig_core_cpus_add(&core->cpus, registers, item->section->instance_id);
    }
}

/* A MigFieldVisit; hw/misc/vmcoreinfo.c, vmstate_vmcoreinfo, 5.2 to 11.1. */
static void look_at_vmcoreinfo(const MigField *f, void *user)
{
    MigCore *core = user;

    if (f->kind != MIG_FIELD_UINT && f->kind != MIG_FIELD_BOOL) {
        return;
    }
    core->has_vmcoreinfo |= f->u && strcmp(f->path, "has_vmcoreinfo") == 0;
    if (strcmp(f->path, "vmcoreinfo.guest_format") == 0) {
        core->vmcoreinfo_format = f->u;
    } else if (strcmp(f->path, "vmcoreinfo.size") == 0) {
        core->vmcoreinfo_size = f->u;
    } else if (strcmp(f->path, "vmcoreinfo.paddr") == 0) {
        core->vmcoreinfo = f->u;
    }
}

void mig_core_watch(MigCore *core, const MigItem *item)
{
    if (item->kind != MIG_ITEM_DEVICE_STATE || !item->section) {
        return;
    }
    if (strcmp(item->section->name, "cpu") == 0) {
        take_cpu(core, item);
    } else if (strcmp(item->section->name, "vmcoreinfo") == 0) {
        mig_memory_decode(core->reader, item, look_at_vmcoreinfo, core);
    }
}

/* --- the file ---------------------------------------------------------------------------- */

/* Bytes of the note at @note, of which @n are known; 0: it is none, or longer.  What is after it
 * a guest has left free for more. */
static size_t vmcoreinfo_length(const uint8_t *note, size_t n)
{
    Elf64_Nhdr header;
    uint64_t length;

    memcpy(&header, note, sizeof(header));
    length = sizeof(header) + mig_memory_round_up(sizeof(VMCOREINFO_NAME), 4) +
             mig_memory_round_up(GUINT32_FROM_LE(header.n_descsz), 4);
    return GUINT32_FROM_LE(header.n_namesz) == sizeof(VMCOREINFO_NAME) && length <= n &&
                   memcmp(note + sizeof(header), VMCOREINFO_NAME,
                          sizeof(VMCOREINFO_NAME)) == 0
               ? (size_t)length
               : 0;
}

/* The note that the guest left, where it is one. */
static void put_vmcoreinfo(const MigCore *core, const MigMemoryImage *image,
                           GByteArray *out)
{
    size_t n = (size_t)core->vmcoreinfo_size;
    g_autofree uint8_t *note = NULL;

    if (!core->has_vmcoreinfo || core->vmcoreinfo_format != VMCOREINFO_ELF ||
        core->vmcoreinfo_size > VMCOREINFO_MAX ||
        n < sizeof(Elf64_Nhdr) + sizeof(VMCOREINFO_NAME)) {
        return;
    }
    note = g_malloc(n);
    if (mig_memory_image_read(image, core->vmcoreinfo, note, n)) {
        g_byte_array_append(out, note, (guint)vmcoreinfo_length(note, n));
    }
}

typedef struct Load {
    uint64_t start, length;
} Load;

/* More than LOADS_MAX are one more than that. */
static void put_load(GArray *loads, uint64_t start, uint64_t length)
{
    const Load load = { start, length };

    if (loads->len <= LOADS_MAX) {
        g_array_append_val(loads, load);
    }
}

/* Of virtio-mem what is plugged in: that is what the stream has.  hw/virtio/virtio-mem.c,
 * virtio_mem_rdm_replay_populated(), 6.1 to 11.1. */
static void put_plugged(GArray *loads, const MigRamImage *ram,
                        const MigMemoryRange *range)
{
    uint64_t end = range->offset + range->length;

    for (uint64_t at = range->offset, next; at < end && loads->len <= LOADS_MAX;
         at = next) {
        bool has;

        next = MIN(mig_ram_image_run_end(ram, range->block, at, &has), end);
        if (has) {
            put_load(loads, range->start + (at - range->offset), next - at);
        }
    }
}

/* A PT_LOAD for each stretch of memory; what is one in its block is one here, however its parts
 * are known.  Flash is none: reading it may be a command. */
static void put_loads(GArray *loads, const MigMemoryMap *map, const MigRamImage *ram)
{
    size_t n;
    const MigMemoryRange *ranges = mig_memory_map_ranges(map, &n);

    for (size_t i = 0, next; i < n; i = next) {
        MigMemoryRange whole = ranges[i];

        for (next = i + 1;
             next < n && ranges[i].block && ranges[next].block == ranges[i].block &&
             ranges[next].start == whole.start + whole.length &&
             ranges[next].offset == whole.offset + whole.length;
             next++) {
            whole.length += ranges[next].length;
        }
        if (whole.block && whole.kind == MIG_MEMORY_VIRTIO_MEM) {
            put_plugged(loads, ram, &whole);
        } else if (whole.block && whole.kind != MIG_MEMORY_FLASH) {
            put_load(loads, whole.start, whole.length);
        }
    }
}

/* As QEMU has it: i386 needs no more, but where memory goes beyond 4 GiB. */
static MigElf elf_of(const MigCore *core, const GArray *loads)
{
    MigElf elf = core->cpus.elf;

    for (guint i = 0; elf.machine == EM_386 && i < loads->len; i++) {
        const Load *load = &g_array_index(loads, Load, i);

        elf.wide |= load->start + load->length > UINT32_MAX;
    }
    return elf;
}

/* Whether the class has numbers for all places in guest and file, and for all lengths. */
static bool check_loads(const MigElf *elf, const GArray *loads, GError **error)
{
    for (guint i = 0; !elf->wide && i < loads->len; i++) {
        const Load *load = &g_array_index(loads, Load, i);

        if (load->start + load->length > UINT64_C(1) << 32 ||
            load->start > UINT32_MAX - MIG_CORE_ROOM || load->length > UINT32_MAX) {
            mig_error_set_plain(
                error, MIG_ERROR_LIMIT,
                "0x%" PRIx64 " bytes of memory at 0x%" PRIx64 " are beyond what a core "
                "of these CPUs, which is ELF32, has numbers for; --memory has them",
                load->length, load->start);
            return false;
        }
    }
    return true;
}

/* The file before guest memory, but for the notes that are not there yet. */
static void put_head(const MigElf *elf, const GArray *loads, uint64_t notes,
                     GByteArray *out)
{
    unsigned n = loads->len + 1;

    mig_elf_put_header(elf, out, n);
    mig_elf_put_segment(elf, out, PT_NOTE,
                        mig_elf_header_size(elf) + n * mig_elf_segment_size(elf), 0,
                        notes);
    for (guint i = 0; i < loads->len; i++) {
        const Load *load = &g_array_index(loads, Load, i);

        mig_elf_put_segment(elf, out, PT_LOAD, MIG_CORE_ROOM + load->start, load->start,
                            load->length);
    }
}

bool mig_core_write(const MigCore *core, const MigMemoryImage *image,
                    const MigMemoryMap *map, int fd, GError **error)
{
    const MigCoreCpus *cpus = &core->cpus;
    g_autoptr(GByteArray) head = g_byte_array_new(), notes = g_byte_array_new();
    g_autoptr(GArray) loads = g_array_new(false, false, sizeof(Load));
    MigElf elf;

    if (!cpus->n || cpus->unsupported) {
        mig_error_set_plain(error, MIG_ERROR_UNSUPPORTED,
                            "no core is written for these CPUs, or the stream does not "
                            "describe them: x86_64, i386, aarch64 and arm are known; "
                            "--memory has their memory");
        return false;
    }
    g_byte_array_append(notes, cpus->notes->data, cpus->notes->len);
    g_byte_array_append(notes, cpus->qemu->data, cpus->qemu->len);
    put_vmcoreinfo(core, image, notes);
    put_loads(loads, map, mig_memory_image_ram(image));
    elf = elf_of(core, loads);
    if (!check_loads(&elf, loads, error)) {
        return false;
    }
    put_head(&elf, loads, notes->len, head);
    g_byte_array_append(head, notes->data, notes->len);
    if (head->len > MIG_CORE_ROOM || loads->len > LOADS_MAX) {
        mig_error_set_plain(error, MIG_ERROR_LIMIT,
                            "the notes of %u CPUs and %u ranges of memory are more than "
                            "a core has room for",
                            cpus->n, loads->len);
        return false;
    }
    if (!mig_pwrite_fully(fd, head->data, head->len, 0)) {
        mig_error_set_plain(error, MIG_ERROR_IO, "cannot write the core's header: %s",
                            g_strerror(errno));
        return false;
    }
    return true;
}
