/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          see core-cpus.h.
 * Must not know: where notes are in a file, and memory.
 * See also:      device/registers-table.h.
 *
 * Source: Linux, include/uapi/linux/elf.h and include/linux/elfcore.h; QEMU, target/i386 and
 * target/arm, arch_dump.c, 5.2 to 11.1.
 */
#include "memory/core-cpus.h"

#include <elf.h>

#include "device/registers-table.h"

/* Bytes of NT_PRSTATUS before the number of the process, which here is the CPU's, and before the
 * registers. */
typedef struct Status {
    unsigned process, registers;
} Status;

static const Status status64 = { 32, 112 }, status32 = { 24, 72 };

#define EFER_LMA (1u << 10) /* x86: in 64-bit mode, or its compatibility mode */
#define SCTLR_EE (1u << 25) /* Arm: data is big-endian at EL1 */

/* KVM's register of its firmware's version, which TCG does not have. */
#define KVM_PSCI_VERSION "0x6030000000140000"

/* In Arm's CPSR: in AArch32 state, and its mode. */
#define AARCH32 (1u << 4)
#define MODE    0x1fu

enum { USR = 0x10, FIQ, IRQ, SVC, ABT = 0x17, HYP = 0x1a, UND, SYS = 0x1f };

/* The bits that FPSCR has of each. */
#define FPSR 0xf800009fu
#define FPCR 0x07ff9f00u

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

#define AARCH64_REGISTERS 31u /* x0 to x30 */
#define AARCH64_VECTORS   32u
#define ARM_REGISTERS     16u /* r0 to r15 */
#define ARM_VECTORS       16u

/* Those of struct user_regs_struct of i386, with the same exception. */
static const char *const i386_order[] = {
    "env.regs[3]",
    "env.regs[1]",
    "env.regs[2]",
    "env.regs[6]",
    "env.regs[7]",
    "env.regs[5]",
    "env.regs[0]",
    "env.segs[3].selector",
    "env.segs[0].selector",
    "env.segs[4].selector",
    "env.segs[5].selector",
    "",
    "env.eip",
    "env.segs[1].selector",
    "env.eflags",
    "env.regs[4]",
    "env.segs[2].selector",
};

static const MigElf elf_x86_64 = { EM_X86_64, .wide = true },
                    elf_i386 = { EM_386, .wide = false },
                    elf_aarch64 = { EM_AARCH64, .wide = true },
                    elf_arm = { EM_ARM, .wide = false };

/* The element @number of an array. */
static uint64_t numbered(const MigRegisters *registers, const char *path, unsigned number)
{
    const MigRegisterLeaf *leaf = mig_registers_leaf(registers, path, number);

    return leaf ? leaf->value : 0;
}

static uint64_t field(const MigRegisters *registers, const char *path)
{
    return numbered(registers, path, 0);
}

static uint64_t part(const MigRegisters *registers, const char *group, const char *name)
{
    g_autofree char *path = g_strconcat(group, ".", name, NULL);

    return field(registers, path);
}

/* A note NT_PRSTATUS up to the registers; the process is the CPU. */
static GByteArray *begin_status(const MigElf *elf, const Status *layout,
                                uint32_t instance_id)
{
    GByteArray *out = g_byte_array_new();

    mig_elf_put_zeros(out, layout->process);
    mig_elf_put(elf, out, (uint64_t)instance_id + 1, 4);
    mig_elf_put_zeros(out, layout->registers - out->len);
    return out;
}

/* Ends and takes it; @valid: a note with floating point registers follows; @filling:
 * bytes to a multiple of 8. */
static void put_status(MigCoreCpus *cpus, GByteArray *status, bool valid,
                       unsigned filling)
{
    mig_elf_put(&cpus->elf, status, valid, 4);
    mig_elf_put_zeros(status, filling);
    mig_elf_put_note(&cpus->elf, cpus->notes, "CORE", NT_PRSTATUS, status);
    g_byte_array_unref(status);
}

/* --- x86 --------------------------------------------------------------------------------- */

/* What QEMU adds for each CPU, of the same form whatever the mode. */
static void put_qemu(MigCoreCpus *cpus, const MigRegisters *registers)
{
    const MigElf *elf = &cpus->elf;
    g_autoptr(GByteArray) state = g_byte_array_new();

    mig_elf_put(elf, state, QEMU_NOTE_VERSION, 4);
    mig_elf_put(elf, state,
                8 + 8 * (G_N_ELEMENTS(qemu_order) + G_N_ELEMENTS(qemu_control)) +
                    24 * G_N_ELEMENTS(qemu_segments),
                4);
    for (size_t i = 0; i < G_N_ELEMENTS(qemu_order); i++) {
        mig_elf_put(elf, state, field(registers, qemu_order[i]), 8);
    }
    for (size_t i = 0; i < G_N_ELEMENTS(qemu_segments); i++) {
        mig_elf_put(elf, state, part(registers, qemu_segments[i], "selector"), 4);
        mig_elf_put(elf, state, part(registers, qemu_segments[i], "limit"), 4);
        mig_elf_put(elf, state, part(registers, qemu_segments[i], "flags"), 4);
        mig_elf_put(elf, state, 0, 4);
        mig_elf_put(elf, state, part(registers, qemu_segments[i], "base"), 8);
    }
    for (size_t i = 0; i < G_N_ELEMENTS(qemu_control); i++) {
        mig_elf_put(elf, state, field(registers, qemu_control[i]), 8);
    }
    mig_elf_put_note(elf, cpus->qemu, "QEMU", 0, state);
}

static void put_x86_64(MigCoreCpus *cpus, const MigRegisters *registers,
                       uint32_t instance_id)
{
    GByteArray *status = begin_status(&cpus->elf, &status64, instance_id);

    for (size_t i = 0; i < G_N_ELEMENTS(x86_order); i++) {
        mig_elf_put(&cpus->elf, status, field(registers, x86_order[i]), 8);
    }
    put_status(cpus, status, false, 4);
    put_qemu(cpus, registers);
}

static void put_i386(MigCoreCpus *cpus, const MigRegisters *registers,
                     uint32_t instance_id)
{
    GByteArray *status = begin_status(&cpus->elf, &status32, instance_id);

    for (size_t i = 0; i < G_N_ELEMENTS(i386_order); i++) {
        mig_elf_put(&cpus->elf, status, field(registers, i386_order[i]), 4);
    }
    put_status(cpus, status, false, 0);
    put_qemu(cpus, registers);
}

/* --- Arm --------------------------------------------------------------------------------- */

/* The register number @n, 13 or 14, of a mode of AArch32 state, and its bank. */
static uint64_t banked(const MigRegisters *registers, unsigned n, unsigned mode,
                       unsigned bank)
{
    bool current = (field(registers, "cpsr") & MODE) == mode;

    return current   ? numbered(registers, "env.regs[#]", n)
           : n == 13 ? numbered(registers, "env.banked_r13[#]", bank)
                     : numbered(registers, "env.banked_r14[#]", bank);
}

/* What of AArch32 state a register of AArch64 is: Arm Architecture Reference Manual, "Mapping of
 * the general-purpose registers between the Execution states"; the banks: QEMU,
 * target/arm/internals.h, bank_number(). */
static uint64_t mapped(const MigRegisters *registers, unsigned x)
{
    static const struct {
        unsigned mode, bank;
    } exceptions[] = { { IRQ, 4 }, { SVC, 1 }, { ABT, 2 }, { UND, 3 } };
    unsigned mode = field(registers, "cpsr") & MODE;

    if (x >= 29) {
        return banked(registers, x == 29 ? 13 : 14, FIQ, 5);
    }
    if (x >= 24) {
        return mode == FIQ ? numbered(registers, "env.regs[#]", x - 16)
                           : numbered(registers, "env.fiq_regs[#]", x - 24);
    }
    if (x >= 16) {
        return banked(registers, x % 2 ? 13 : 14, exceptions[(x - 16) / 2].mode,
                      exceptions[(x - 16) / 2].bank);
    }
    if (x == 15) {
        return banked(registers, 13, HYP, 6);
    }
    if (x >= 13 && mode != SYS) {
        return banked(registers, x, USR, 0);
    }
    return x >= 8 && mode == FIQ ? numbered(registers, "env.usr_regs[#]", x - 8)
                                 : numbered(registers, "env.regs[#]", x);
}

/* A half of a vector register, of 64 bits. */
static uint64_t half(const MigRegisters *registers, unsigned n, bool high)
{
    return numbered(registers, high ? "env.vfp.zregs[#].d[1]" : "env.vfp.zregs[#].d[0]",
                    n);
}

/* FPCR or FPSR, which up to 9.0 are one, and later where that has all that is set. */
static uint64_t float_state(const MigRegisters *registers, const char *path,
                            uint64_t mask)
{
    const MigRegisterLeaf *own = mig_registers_leaf(registers, path, 0);

    return own ? own->value : field(registers, "fpscr") & mask;
}

static void put_aarch64(MigCoreCpus *cpus, const MigRegisters *registers,
                        uint32_t instance_id)
{
    const MigElf *elf = &cpus->elf;
    GByteArray *status = begin_status(elf, &status64, instance_id);
    g_autoptr(GByteArray) vectors = g_byte_array_new();
    bool is_32 = field(registers, "cpsr") & AARCH32;

    for (unsigned i = 0; i < AARCH64_REGISTERS; i++) {
        mig_elf_put(elf, status,
                    is_32 ? mapped(registers, i) : numbered(registers, "env.xregs[#]", i),
                    8);
    }
    mig_elf_put(elf, status, field(registers, "env.xregs[31]"), 8);
    mig_elf_put(elf, status, field(registers, is_32 ? "env.regs[15]" : "env.pc"), 8);
    mig_elf_put(elf, status, field(registers, "cpsr"), 8);
    put_status(cpus, status, true, 4);
    for (unsigned i = 0; i < AARCH64_VECTORS; i++) {
        mig_elf_put(elf, vectors, half(registers, i, elf->big), 8);
        mig_elf_put(elf, vectors, half(registers, i, !elf->big), 8);
    }
    mig_elf_put(elf, vectors, float_state(registers, "env.vfp.fpsr", FPSR), 4);
    mig_elf_put(elf, vectors, float_state(registers, "env.vfp.fpcr", FPCR), 4);
    mig_elf_put_zeros(vectors, 8);
    mig_elf_put_note(elf, cpus->notes, "CORE", NT_PRFPREG, vectors);
}

static void put_arm(MigCoreCpus *cpus, const MigRegisters *registers,
                    uint32_t instance_id)
{
    const MigElf *elf = &cpus->elf;
    GByteArray *status = begin_status(elf, &status32, instance_id);
    g_autoptr(GByteArray) vectors = g_byte_array_new();
    bool floats = mig_registers_leaf(registers, "fpscr", 0) != NULL;

    for (unsigned i = 0; i < ARM_REGISTERS; i++) {
        mig_elf_put(elf, status, numbered(registers, "env.regs[#]", i), 4);
    }
    mig_elf_put(elf, status, field(registers, "cpsr"), 4);
    mig_elf_put_zeros(status, 4); /* no orig_r0 */
    put_status(cpus, status, floats, 0);
    for (unsigned i = 0; i < 2 * ARM_VECTORS; i++) {
        mig_elf_put(elf, vectors, half(registers, i / 2, i % 2), 8);
    }
    mig_elf_put(elf, vectors, field(registers, "fpscr"), 4);
    if (floats) {
        mig_elf_put_note(elf, cpus->notes, "LINUX", NT_ARM_VFP, vectors);
    }
}

static uint64_t system_register(const MigRegisters *registers, const char *name)
{
    const MigRegister *one = mig_registers_added(registers, name);

    return one ? one->low : 0;
}

/* Whether an Arm CPU has AArch64 state, though it may be in AArch32 state now: TCG lists
 * ID_AA64MMFR0_EL1 of such only, KVM of all, but only an AArch64 kernel has its vectors beyond 4
 * GiB. */
static bool has_aarch64(const MigRegisters *registers)
{
    return !(field(registers, "cpsr") & AARCH32) ||
           system_register(registers, "VBAR_EL1") > UINT32_MAX ||
           (mig_registers_added(registers, "ID_AA64MMFR0_EL1") != NULL &&
            mig_registers_added(registers, KVM_PSCI_VERSION) == NULL);
}

/* --- all --------------------------------------------------------------------------------- */

/* What a CPU of this kind makes a core; NULL: none is written of it. */
static const MigElf *kind_of(MigRegisters *registers)
{
    const char *name = mig_registers_architecture(registers);
    size_t n;

    mig_registers_list(registers, &n);
    if (g_strcmp0(name, "x86_64") == 0 || g_strcmp0(name, "i386") == 0) {
        return field(registers, "env.efer") & EFER_LMA ? &elf_x86_64 : &elf_i386;
    }
    if (g_strcmp0(name, "aarch64") == 0 || g_strcmp0(name, "arm") == 0) {
        return has_aarch64(registers) ? &elf_aarch64 : &elf_arm;
    }
    return NULL;
}

static bool is_x86(const MigElf *elf)
{
    return elf->machine == EM_X86_64 || elf->machine == EM_386;
}

void mig_core_cpus_add(MigCoreCpus *cpus, MigRegisters *registers, uint32_t instance_id)
{
    const MigElf *kind = kind_of(registers);

    if (kind && !cpus->n) {
        cpus->elf = *kind;
        cpus->elf.big =
            !is_x86(kind) && (system_register(registers, "SCTLR_EL1") & SCTLR_EE) != 0;
    }
    if (!kind ||
        (kind->machine != cpus->elf.machine && !(is_x86(kind) && is_x86(&cpus->elf)))) {
        cpus->unsupported = true;
        return;
    }
    cpus->n++;
    switch (cpus->elf.machine) {
    case EM_X86_64:
        put_x86_64(cpus, registers, instance_id);
        break;
    case EM_386:
        put_i386(cpus, registers, instance_id);
        break;
    case EM_AARCH64:
        put_aarch64(cpus, registers, instance_id);
        break;
    default:
        put_arm(cpus, registers, instance_id);
    }
}
