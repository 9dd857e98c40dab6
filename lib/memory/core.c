/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          see core.h.
 * Must not know: how fields are decoded.
 * See also:      device/registers-table.h.
 *
 * Source: System V ABI, chapter 5; Linux, include/uapi/linux/elf.h and include/linux/elfcore.h;
 * QEMU, dump/dump.c and target/i386 and target/arm, arch_dump.c, 5.2 to 11.1.
 */
#include "memory/core.h"

#include <elf.h>
#include <errno.h>
#include <string.h>

#include "device/ram-image-file.h"
#include "device/registers-table.h"
#include "device/registers.h"
#include "io/fully.h"
#include "memory/map-private.h"

/* What a guest leaves for its dump is some KiB. */
#define VMCOREINFO_MAX  (1u << 20)
#define VMCOREINFO_NAME "VMCOREINFO"
#define VMCOREINFO_ELF  1u /* the format: an ELF note */

/* An ELF header counts segments in 16 bits, of which the notes are one. */
#define LOADS_MAX 0xfff0u

/* Bytes of NT_PRSTATUS before its registers, where in it the number of the CPU is. */
enum { PRSTATUS_REGISTERS = 112, PRSTATUS_PID = 32 };

/* Registers in the order of struct user_regs_struct of x86_64; orig_ax is none of a CPU. */
static const char *const x86_order[] = {
    "env.regs[15]",
    "env.regs[14]",
    "env.regs[13]",
    "env.regs[12]",
    "env.regs[5]",
    "env.regs[3]",
    "env.regs[11]",
    "env.regs[10]",
    "env.regs[9]",
    "env.regs[8]",
    "env.regs[0]",
    "env.regs[1]",
    "env.regs[2]",
    "env.regs[6]",
    "env.regs[7]",
    "",
    "env.eip",
    "env.segs[1].selector",
    "env.eflags",
    "env.regs[4]",
    "env.segs[2].selector",
    "env.segs[4].base",
    "env.segs[5].base",
    "env.segs[3].selector",
    "env.segs[0].selector",
    "env.segs[4].selector",
    "env.segs[5].selector",
};

/* Those of the note "QEMU", after its version and length. */
static const char *const qemu_order[] = {
    "env.regs[0]",  "env.regs[3]",  "env.regs[1]",  "env.regs[2]",  "env.regs[6]",
    "env.regs[7]",  "env.regs[4]",  "env.regs[5]",  "env.regs[8]",  "env.regs[9]",
    "env.regs[10]", "env.regs[11]", "env.regs[12]", "env.regs[13]", "env.regs[14]",
    "env.regs[15]", "env.eip",      "env.eflags",
};

static const char *const qemu_segments[] = {
    "env.segs[1]", "env.segs[3]", "env.segs[0]", "env.segs[4]", "env.segs[5]",
    "env.segs[2]", "env.ldt",     "env.tr",      "env.gdt",     "env.idt",
};

static const char *const qemu_control[] = {
    "env.cr[0]", "", "env.cr[2]", "env.cr[3]", "env.cr[4]", "env.kernelgsbase"
};

#define QEMU_NOTE_VERSION 1u

#define ARM_REGISTERS 31u /* x0 to x30 */
#define ARM_VECTORS   32u

struct MigCore {
    MigReader *reader;
    GByteArray *notes, *qemu; /* of CPUs so far; the latter come after the former */
    unsigned cpus;
    uint16_t machine; /* of ELF; 0: no CPU yet */
    bool unsupported; /* a CPU was of another architecture */
    bool has_vmcoreinfo;
    uint64_t vmcoreinfo, vmcoreinfo_size, vmcoreinfo_format;
};

MigCore *mig_core_new(MigReader *reader)
{
    MigCore *core = g_new0(MigCore, 1);

    core->reader = reader;
    core->notes = g_byte_array_new();
    core->qemu = g_byte_array_new();
    return core;
}

void mig_core_free(MigCore *core)
{
    if (core) {
        g_byte_array_unref(core->notes);
        g_byte_array_unref(core->qemu);
        g_free(core);
    }
}

unsigned mig_core_cpus(const MigCore *core)
{
    return core->cpus;
}

/* --- notes ------------------------------------------------------------------------------- */

static void put32(GByteArray *out, uint64_t value)
{
    uint32_t little = GUINT32_TO_LE((uint32_t)value);

    g_byte_array_append(out, (const uint8_t *)&little, sizeof(little));
}

static void put64(GByteArray *out, uint64_t value)
{
    uint64_t little = GUINT64_TO_LE(value);

    g_byte_array_append(out, (const uint8_t *)&little, sizeof(little));
}

static void put_zeros(GByteArray *out, size_t n)
{
    guint at = out->len;

    g_byte_array_set_size(out, (guint)(at + n));
    memset(out->data + at, 0, n);
}

static void pad(GByteArray *out)
{
    put_zeros(out, (4 - out->len % 4) % 4);
}

static void put_note(GByteArray *out, const char *name, uint32_t type,
                     const GByteArray *content)
{
    put32(out, strlen(name) + 1);
    put32(out, content->len);
    put32(out, type);
    g_byte_array_append(out, (const uint8_t *)name, (guint)strlen(name) + 1);
    pad(out);
    g_byte_array_append(out, content->data, content->len);
    pad(out);
}

/* What is before the registers of NT_PRSTATUS; the process is the CPU. */
static void begin_status(GByteArray *out, uint32_t instance_id)
{
    put_zeros(out, PRSTATUS_PID);
    put32(out, (uint64_t)instance_id + 1);
    put_zeros(out, PRSTATUS_REGISTERS - out->len);
}

static uint64_t field(const MigRegisters *registers, const char *path)
{
    const MigRegisterLeaf *leaf = mig_registers_leaf(registers, path, 0);

    return leaf ? leaf->value : 0;
}

static uint64_t part(const MigRegisters *registers, const char *group, const char *name)
{
    g_autofree char *path = g_strconcat(group, ".", name, NULL);

    return field(registers, path);
}

static void put_x86(MigCore *core, const MigRegisters *registers, uint32_t instance_id)
{
    g_autoptr(GByteArray) status = g_byte_array_new(), state = g_byte_array_new();

    begin_status(status, instance_id);
    for (size_t i = 0; i < G_N_ELEMENTS(x86_order); i++) {
        put64(status, field(registers, x86_order[i]));
    }
    put_zeros(status, 8); /* no floating point registers */
    put_note(core->notes, "CORE", NT_PRSTATUS, status);
    put32(state, QEMU_NOTE_VERSION);
    put32(state, 8 + 8 * (G_N_ELEMENTS(qemu_order) + G_N_ELEMENTS(qemu_control)) +
                     24 * G_N_ELEMENTS(qemu_segments));
    for (size_t i = 0; i < G_N_ELEMENTS(qemu_order); i++) {
        put64(state, field(registers, qemu_order[i]));
    }
    for (size_t i = 0; i < G_N_ELEMENTS(qemu_segments); i++) {
        put32(state, part(registers, qemu_segments[i], "selector"));
        put32(state, part(registers, qemu_segments[i], "limit"));
        put32(state, part(registers, qemu_segments[i], "flags"));
        put32(state, 0);
        put64(state, part(registers, qemu_segments[i], "base"));
    }
    for (size_t i = 0; i < G_N_ELEMENTS(qemu_control); i++) {
        put64(state, field(registers, qemu_control[i]));
    }
    put_note(core->qemu, "QEMU", 0, state);
}

/* The register that a table has a name for; NULL: the CPU has none. */
static const MigRegister *named(const MigRegisters *registers, const char *format,
                                unsigned i)
{
    g_autofree char *name = g_strdup_printf("%s%u", format, i);

    return mig_registers_added(registers, name);
}

static uint64_t value_of(const MigRegister *one)
{
    return one ? one->low : 0;
}

static void put_arm(MigCore *core, const MigRegisters *registers, uint32_t instance_id)
{
    g_autoptr(GByteArray) status = g_byte_array_new(), vectors = g_byte_array_new();

    begin_status(status, instance_id);
    for (unsigned i = 0; i < ARM_REGISTERS; i++) {
        put64(status, value_of(named(registers, "x", i)));
    }
    put64(status, value_of(mig_registers_added(registers, "sp")));
    put64(status, value_of(mig_registers_added(registers, "pc")));
    put64(status, value_of(mig_registers_added(registers, "pstate")));
    put64(status, 1); /* a note with floating point registers follows */
    put_note(core->notes, "CORE", NT_PRSTATUS, status);
    for (unsigned i = 0; i < ARM_VECTORS; i++) {
        const MigRegister *one = named(registers, "v", i);

        put64(vectors, value_of(one));
        put64(vectors, one ? one->high : 0);
    }
    put32(vectors, value_of(mig_registers_added(registers, "fpsr")));
    put32(vectors, value_of(mig_registers_added(registers, "fpcr")));
    put_zeros(vectors, 8);
    put_note(core->notes, "CORE", NT_PRFPREG, vectors);
}

/* --- the stream -------------------------------------------------------------------------- */

static void take_cpu(MigCore *core, const MigItem *item)
{
    g_autoptr(MigRegisters) registers = mig_registers_new();
    const char *architecture;

    mig_memory_decode(core->reader, item, mig_registers_visit, registers);
    architecture = mig_registers_architecture(registers);
    if (core->notes->len + core->qemu->len > MIG_CORE_ROOM) {
        return;
    }
    if (g_strcmp0(architecture, "x86_64") == 0 || g_strcmp0(architecture, "i386") == 0) {
        put_x86(core, registers, item->section->instance_id);
        core->machine = EM_X86_64;
    } else if (g_strcmp0(architecture, "aarch64") == 0) {
        put_arm(core, registers, item->section->instance_id);
        core->machine = EM_AARCH64;
    } else {
        core->unsupported = true;
        return;
    }
    core->cpus++;
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

static void put_segment(GByteArray *out, uint32_t type, uint64_t offset, uint64_t address,
                        uint64_t length)
{
    const Elf64_Phdr segment = { .p_type = GUINT32_TO_LE(type),
                                 .p_offset = GUINT64_TO_LE(offset),
                                 .p_vaddr = GUINT64_TO_LE(address),
                                 .p_paddr = GUINT64_TO_LE(address),
                                 .p_filesz = GUINT64_TO_LE(length),
                                 .p_memsz = GUINT64_TO_LE(length) };

    g_byte_array_append(out, (const uint8_t *)&segment, sizeof(segment));
}

typedef struct Loads {
    GByteArray *out;
    unsigned n;
} Loads;

static void put_load(Loads *loads, uint64_t start, uint64_t length)
{
    put_segment(loads->out, PT_LOAD, MIG_CORE_ROOM + start, start, length);
    loads->n++;
}

/* Of virtio-mem what is plugged in: that is what the stream has.  hw/virtio/virtio-mem.c,
 * virtio_mem_rdm_replay_populated(), 6.1 to 11.1. */
static void put_plugged(Loads *loads, const MigRamImage *ram, const MigMemoryRange *range)
{
    uint64_t end = range->offset + range->length;

    for (uint64_t at = range->offset, next; at < end && loads->n < LOADS_MAX; at = next) {
        bool has;

        next = MIN(mig_ram_image_run_end(ram, range->block, at, &has), end);
        if (has) {
            put_load(loads, range->start + (at - range->offset), next - at);
        }
    }
}

/* A PT_LOAD for each stretch of memory; what is one in its block is one here, however its parts
 * are known.  Flash is none: reading it may be a command. */
static void put_loads(Loads *loads, const MigMemoryMap *map, const MigRamImage *ram)
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

static void put_header(GByteArray *out, uint16_t machine, unsigned segments)
{
    const Elf64_Ehdr header = {
        .e_ident = { ELFMAG0, ELFMAG1, ELFMAG2, ELFMAG3, ELFCLASS64, ELFDATA2LSB,
                     EV_CURRENT },
        .e_type = GUINT16_TO_LE(ET_CORE),
        .e_machine = GUINT16_TO_LE(machine),
        .e_version = GUINT32_TO_LE(EV_CURRENT),
        .e_phoff = GUINT64_TO_LE(sizeof(Elf64_Ehdr)),
        .e_ehsize = GUINT16_TO_LE(sizeof(Elf64_Ehdr)),
        .e_phentsize = GUINT16_TO_LE(sizeof(Elf64_Phdr)),
        .e_phnum = GUINT16_TO_LE((uint16_t)segments),
    };

    g_byte_array_append(out, (const uint8_t *)&header, sizeof(header));
}

bool mig_core_write(const MigCore *core, const MigMemoryImage *image,
                    const MigMemoryMap *map, int fd, GError **error)
{
    g_autoptr(GByteArray) head = g_byte_array_new(), segments = g_byte_array_new(),
                          notes = g_byte_array_new();
    Loads loads = { .out = segments };
    uint64_t start;

    if (!core->machine || core->unsupported) {
        mig_error_set_plain(error, MIG_ERROR_UNSUPPORTED,
                            "no core is written for these CPUs, or the stream does not "
                            "describe them: x86_64 and aarch64 are known; --memory has "
                            "their memory");
        return false;
    }
    g_byte_array_append(notes, core->notes->data, core->notes->len);
    g_byte_array_append(notes, core->qemu->data, core->qemu->len);
    put_vmcoreinfo(core, image, notes);
    put_loads(&loads, map, mig_memory_image_ram(image));
    start = sizeof(Elf64_Ehdr) + (uint64_t)(loads.n + 1) * sizeof(Elf64_Phdr);
    put_header(head, core->machine, loads.n + 1);
    put_segment(head, PT_NOTE, start, 0, notes->len);
    g_byte_array_append(head, segments->data, segments->len);
    g_byte_array_append(head, notes->data, notes->len);
    if (head->len > MIG_CORE_ROOM || loads.n >= LOADS_MAX) {
        mig_error_set_plain(error, MIG_ERROR_LIMIT,
                            "the notes of %u CPUs and %u ranges of memory are more than "
                            "a core has room for",
                            core->cpus, loads.n);
        return false;
    }
    if (!mig_pwrite_fully(fd, head->data, head->len, 0)) {
        mig_error_set_plain(error, MIG_ERROR_IO, "cannot write the core's header: %s",
                            g_strerror(errno));
        return false;
    }
    return true;
}
