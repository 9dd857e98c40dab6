/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          the machine, its CPUs, and what is set before a stream is loaded.
 * Must not know: memory and devices.
 * See also:      needs.c.
 */
#include <string.h>

#include "shape/needs-private.h"

/* --- the program ------------------------------------------------------------------------- */

/* By the name of the machine, and where several targets have one, by a RAM block or a section
 * that only one has. */
static const struct {
    const char *machine; /* how it begins */
    const char *block, *section;
    const char *program;
} programs[] = {
    { "pc", NULL, NULL, "qemu-system-x86_64" },
    { "isapc", NULL, NULL, "qemu-system-x86_64" },
    { "microvm", NULL, NULL, "qemu-system-x86_64" },
    { "pseries", NULL, NULL, "qemu-system-ppc64" },
    { "s390-ccw-virtio", NULL, NULL, "qemu-system-s390x" },
    { "virt", "mach-virt.ram", NULL, "qemu-system-aarch64" },
    { "virt", "riscv_virt_board.ram", NULL, "qemu-system-riscv64" },
    { "virt", NULL, "arm_gicv3", "qemu-system-aarch64" },
    { "virt", NULL, "arm_gic", "qemu-system-aarch64" },
    { "virt", NULL, "pl011", "qemu-system-aarch64" },
};

static const char *find_program(const MigNeeds *needs)
{
    const char *machine = mig_needs_machine(needs);

    for (size_t i = 0; i < G_N_ELEMENTS(programs); i++) {
        if (g_str_has_prefix(machine, programs[i].machine) &&
            (!programs[i].block || mig_needs_block(needs, programs[i].block)) &&
            (!programs[i].section || mig_needs_find(needs, programs[i].section))) {
            return programs[i].program;
        }
    }
    return NULL;
}

/* --- the machine ------------------------------------------------------------------------- */

/* A section that a machine has unless an option of it says no. */
static const struct {
    const char *machine, *section, *option;
} switches[] = {
    { "pc-", "hpet", "hpet=off" },
    { "pc-", "i8254", "pit=off" },
    { "pc-", "vmmouse", "vmport=off" },
    { "pc-", "pckbd", "i8042=off" },
    { "pc-q35-", "ich9_smb", "smbus=off" },
    { "pc-q35-", "0000:00:1f.2/ich9_ahci", "sata=off" },
    { "virt", "arm_gicv3_its", "its=off" },
};

/* One that it has only with an option. */
static const struct {
    const char *machine, *section, *block, *option;
} additions[] = {
    { "virt", "arm_gicv3", NULL, "gic-version=3" },
    { "virt", "arm_gic", NULL, "gic-version=2" },
    { "virt", NULL, "virt.secure-ram", "secure=on" },
};

static void add_switches(const MigNeeds *needs, const char *machine, GString *value)
{
    bool gicv3 = mig_needs_find(needs, "arm_gicv3");

    for (size_t i = 0; i < G_N_ELEMENTS(switches); i++) {
        if (g_str_has_prefix(machine, switches[i].machine) &&
            !mig_needs_find(needs, switches[i].section) &&
            (gicv3 || strcmp(switches[i].section, "arm_gicv3_its") != 0)) {
            g_string_append_printf(value, ",%s", switches[i].option);
        }
    }
    for (size_t i = 0; i < G_N_ELEMENTS(additions); i++) {
        if (g_str_has_prefix(machine, additions[i].machine) &&
            (!additions[i].section || mig_needs_find(needs, additions[i].section)) &&
            (!additions[i].block || mig_needs_block(needs, additions[i].block))) {
            g_string_append_printf(value, ",%s", additions[i].option);
        }
    }
}

static bool is_machine_name(const char *name)
{
    return *name &&
           strspn(name, G_CSET_A_2_Z G_CSET_a_2_z G_CSET_DIGITS "-._+") == strlen(name);
}

/* --- CPUs -------------------------------------------------------------------------------- */

static uint32_t count(const MigNeeds *needs, const char *name)
{
    uint32_t n = 0;

    for (guint i = 0; i < needs->facts->len; i++) {
        n += strcmp(g_array_index(needs->facts, MigNeedsFacts, i).section->name, name) ==
             0;
    }
    return n;
}

/* Whether there is a section @name of each instance below @n that @cores in a socket give. */
static bool numbered(const MigNeeds *needs, const char *name, uint32_t n, uint32_t cores)
{
    uint32_t width = 0, found = 0;

    while (width < 16 && 1u << width < cores) {
        width++;
    }
    for (guint i = 0; i < needs->facts->len; i++) {
        const MigSection *s = g_array_index(needs->facts, MigNeedsFacts, i).section;
        uint32_t core = s->instance_id & ((1u << width) - 1);

        found += strcmp(s->name, name) == 0 && core < cores &&
                 (s->instance_id >> width) * cores + core < n;
    }
    return found == n;
}

/* Cores of a socket, if they are no power of two and so the numbers of APICs have gaps:
 * include/hw/i386/topology.h, 5.2 to 11.1.  0: any number gives the same. */
static uint32_t find_cores(const MigNeeds *needs, uint32_t n)
{
    uint32_t cores = 1;

    if (count(needs, "apic") != n || numbered(needs, "apic", n, n)) {
        return 0;
    }
    while (cores < n && !numbered(needs, "apic", n, cores)) {
        cores++;
    }
    return cores < n ? cores : 0;
}

static uint32_t find_slots(const MigNeeds *needs)
{
    uint32_t slots = needs->acpi.cpus;

    for (guint i = 0; i < needs->facts->len; i++) {
        slots = MAX(slots, g_array_index(needs->facts, MigNeedsFacts, i).cpu_slots);
    }
    return slots;
}

static void add_smp(MigNeeds *needs)
{
    uint32_t n = MAX(count(needs, "cpu"), count(needs, "cpu_common"));
    uint32_t slots = MAX(find_slots(needs), n), cores = n ? find_cores(needs, n) : 0;
    g_autoptr(GString) value = g_string_new(NULL);

    if (n == 0) {
        mig_needs_unknown(needs, NULL, "the number of CPUs: no section has one");
        return;
    }
    g_string_printf(value, "%u", n);
    if (slots > n) {
        g_string_append_printf(value, ",maxcpus=%u", slots);
    }
    if (cores && slots % cores == 0) {
        g_string_append_printf(value, ",sockets=%u,cores=%u,threads=1", slots / cores,
                               cores);
    }
    mig_needs_row(needs, MIG_NEED_CPU, "-smp", value->str, "cpu",
                  cores ? "sockets and cores by the numbers of the APICs" : NULL);
    if (!numbered(needs, mig_needs_find(needs, "cpu") ? "cpu" : "cpu_common", n, n)) {
        mig_needs_unknown(
            needs, "cpu",
            "CPUs were plugged in, and their numbers have gaps: plug the same "
            "ones in with -device");
    }
}

/* The model by the identification code of the performance monitor, PMCR_EL0, which a stream has;
 * that of the CPU itself it has not.  Up to 5.2 all have the same, and the range of physical
 * addresses tells: ID_AA64MMFR0_EL1.  target/arm/cpu64.c and helper.c, 5.2 to 11.1. */
static const struct {
    uint16_t code;
    uint8_t range; /* 0: any */
    const char *model;
} arm_models[] = {
    { 0x4101, 0, "cortex-a57" }, { 0x4102, 0, "cortex-a72" },
    { 0x4103, 0, "cortex-a53" }, { 0x410a, 0, "cortex-a35" },
    { 0x410b, 0, "cortex-a76" }, { 0x410c, 0, "neoverse-n1" },
    { 0x4100, 2, "cortex-a53" }, { 0x4100, 4, "cortex-a57" },
};

static void add_arm_cpu(MigNeeds *needs, const MigNeedsFacts *cpu)
{
    const char *model = cpu->pauth ? "max" : NULL;

    for (size_t i = 0; !model && i < G_N_ELEMENTS(arm_models); i++) {
        if (arm_models[i].code == cpu->pmcr >> 16 &&
            (!arm_models[i].range || arm_models[i].range == (cpu->mmfr & 0xf))) {
            model = arm_models[i].model;
        }
    }
    if (model) {
        mig_needs_row(needs, MIG_NEED_CPU, "-cpu", model, "cpu",
                      "by its registers; under KVM it was host");
    } else {
        mig_needs_unknown(needs, "cpu", "the CPU's model: give it with -cpu");
    }
}

static void add_cpu(MigNeeds *needs, const char *program)
{
    const MigNeedsFacts *cpu = mig_needs_find(needs, "cpu");

    if (mig_needs_find(needs, "kvmclock")) {
        mig_needs_row(needs, MIG_NEED_CPU, "-accel", "kvm", "kvmclock", NULL);
    }
    if (cpu && g_strcmp0(program, "qemu-system-aarch64") == 0) {
        add_arm_cpu(needs, cpu);
    } else {
        mig_needs_unknown(
            needs, "cpu",
            "the CPU's model and flags: give those of the source with -cpu");
    }
}

void mig_needs_add_machine(MigNeeds *needs)
{
    const char *machine = mig_needs_machine(needs), *program = find_program(needs);
    g_autoptr(GString) value = g_string_new(machine);

    if (program) {
        mig_needs_row(needs, MIG_NEED_PROGRAM, NULL, program, NULL, NULL);
    } else {
        mig_needs_unknown(needs, NULL, "the program: which target the machine is of");
    }
    if (is_machine_name(machine)) {
        add_switches(needs, machine, value);
        mig_needs_row(needs, MIG_NEED_MACHINE, "-M", value->str, NULL, NULL);
    } else {
        mig_needs_unknown(needs, NULL, "the machine type: the stream does not name one");
    }
    mig_needs_row(needs, MIG_NEED_MACHINE, "-nodefaults", NULL, NULL,
                  "the machine's own devices are given by name");
    mig_needs_row(needs, MIG_NEED_MACHINE, "-display", "none", NULL,
                  "or another: it is not of the guest");
    add_smp(needs);
    add_cpu(needs, program);
}

/* --- capabilities ------------------------------------------------------------------------ */

static void add_capability(MigNeeds *needs, const char *name, const char *note)
{
    mig_needs_row(needs, MIG_NEED_CAPABILITY, NULL, name, NULL, note);
}

/* By the version of the machine type: QEMU 9.1 has no such capability any more. */
static bool may_be_compressed(const MigNeeds *needs)
{
    uint64_t series = mig_needs_machine_series(needs);

    return series < 9 || series == UINT64_MAX ||
           g_str_has_suffix(mig_needs_machine(needs), "-9.0");
}

void mig_needs_add_capabilities(MigNeeds *needs)
{
    const MigConfiguration *c = mig_reader_configuration(needs->reader);
    g_autofree char *uuid = c ? mig_configuration_uuid_text(c) : NULL;
    g_autofree char *channels = g_strdup_printf("multifd-channels %u", needs->channels);

    if (uuid) {
        mig_needs_row(needs, MIG_NEED_MACHINE, "-uuid", uuid, NULL, NULL);
    }
    if (needs->channels) {
        add_capability(needs, "multifd", channels);
    }
    if (c && c->mapped_ram) {
        add_capability(needs, "mapped-ram", "-incoming file:");
    }
    if (c && c->x_ignore_shared) {
        add_capability(needs, "x-ignore-shared",
                       "the shared memory is in none of the stream");
    }
    if (needs->postcopy) {
        add_capability(needs, "postcopy-ram", NULL);
    }
    if (needs->dirty_bitmaps) {
        add_capability(needs, "dirty-bitmaps",
                       "the nodes of disks need the source's names");
    }
    if (needs->compressed) {
        add_capability(needs, "compress", "QEMU up to 9.0");
    }
    if (needs->skipped && may_be_compressed(needs)) {
        mig_needs_unknown(
            needs, "ram",
            "whether the capability compress has to be set: RAM was not read");
    }
}
