/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          the registers of x86 CPUs.
 * Must not know: how a table is walked through.
 * See also:      registers-table.h.
 *
 * Fields: QEMU target/i386/machine.c, vmstate_x86_cpu and its subsections, 5.2 to 11.1.
 * Names and bits: Intel's and AMD's manuals; segment registers in parts, as Linux and QEMU
 * print them.  cr8 is not here: the local APIC's section has it, as bits 7:4 of its tpr.
 */
#include "device/registers-table.h"

static const MigRegisterBit flags[] = {
    { 0, "CF", 0 },  { 2, "PF", 0 },    { 4, "AF", 0 },   { 6, "ZF", 0 },
    { 7, "SF", 0 },  { 8, "TF", 0 },    { 9, "IF", 0 },   { 10, "DF", 0 },
    { 11, "OF", 0 }, { 12, "IOPL", 2 }, { 14, "NT", 0 },  { 16, "RF", 0 },
    { 17, "VM", 0 }, { 18, "AC", 0 },   { 19, "VIF", 0 }, { 20, "VIP", 0 },
    { 21, "ID", 0 }, { 0, NULL, 0 },
};

static const MigRegisterBit cr0[] = {
    { 0, "PE", 0 },  { 1, "MP", 0 },  { 2, "EM", 0 },  { 3, "TS", 0 },
    { 4, "ET", 0 },  { 5, "NE", 0 },  { 16, "WP", 0 }, { 18, "AM", 0 },
    { 29, "NW", 0 }, { 30, "CD", 0 }, { 31, "PG", 0 }, { 0, NULL, 0 },
};

static const MigRegisterBit cr4[] = {
    { 0, "VME", 0 },       { 1, "PVI", 0 },         { 2, "TSD", 0 },
    { 3, "DE", 0 },        { 4, "PSE", 0 },         { 5, "PAE", 0 },
    { 6, "MCE", 0 },       { 7, "PGE", 0 },         { 8, "PCE", 0 },
    { 9, "OSFXSR", 0 },    { 10, "OSXMMEXCPT", 0 }, { 11, "UMIP", 0 },
    { 12, "LA57", 0 },     { 13, "VMXE", 0 },       { 14, "SMXE", 0 },
    { 16, "FSGSBASE", 0 }, { 17, "PCIDE", 0 },      { 18, "OSXSAVE", 0 },
    { 20, "SMEP", 0 },     { 21, "SMAP", 0 },       { 22, "PKE", 0 },
    { 23, "CET", 0 },      { 24, "PKS", 0 },        { 28, "LAM_SUP", 0 },
    { 0, NULL, 0 },
};

static const MigRegisterBit efer[] = {
    { 0, "SCE", 0 },   { 8, "LME", 0 },    { 10, "LMA", 0 },   { 11, "NXE", 0 },
    { 12, "SVME", 0 }, { 13, "LMSLE", 0 }, { 14, "FFXSR", 0 }, { 0, NULL, 0 },
};

/* QEMU keeps the second word of a descriptor: its bits 23:8 without the limit are what VMX
 * calls access rights. */
#define ATTRIBUTES .shift = 8, .mask = 0xf0ff

#define TABLE(field, title)                                       \
    { MIG_REGISTER_ROW(SEGMENT, field ".base", title "_base") },  \
    {                                                             \
        MIG_REGISTER_ROW(SEGMENT, field ".limit", title "_limit") \
    }

#define SEGMENT(field, title)                                                \
    { MIG_REGISTER_ROW(SEGMENT, field ".selector", title), .mask = 0xffff }, \
        TABLE(field, title),                                                 \
    {                                                                        \
        MIG_REGISTER_ROW(SEGMENT, field ".flags", title "_attr"), ATTRIBUTES \
    }

static const MigRegisterRow rows[] = {
    { MIG_REGISTER_ROW(GENERAL, "env.regs[0]", "rax"), .name32 = "eax" },
    { MIG_REGISTER_ROW(GENERAL, "env.regs[3]", "rbx"), .name32 = "ebx" },
    { MIG_REGISTER_ROW(GENERAL, "env.regs[1]", "rcx"), .name32 = "ecx" },
    { MIG_REGISTER_ROW(GENERAL, "env.regs[2]", "rdx"), .name32 = "edx" },
    { MIG_REGISTER_ROW(GENERAL, "env.regs[6]", "rsi"), .name32 = "esi" },
    { MIG_REGISTER_ROW(GENERAL, "env.regs[7]", "rdi"), .name32 = "edi" },
    { MIG_REGISTER_ROW(GENERAL, "env.regs[5]", "rbp"), .name32 = "ebp" },
    { MIG_REGISTER_ROW(GENERAL, "env.regs[4]", "rsp"), .name32 = "esp" },
    { MIG_REGISTER_ROW(GENERAL, "env.regs[8]", "r8") },
    { MIG_REGISTER_ROW(GENERAL, "env.regs[9]", "r9") },
    { MIG_REGISTER_ROW(GENERAL, "env.regs[10]", "r10") },
    { MIG_REGISTER_ROW(GENERAL, "env.regs[11]", "r11") },
    { MIG_REGISTER_ROW(GENERAL, "env.regs[12]", "r12") },
    { MIG_REGISTER_ROW(GENERAL, "env.regs[13]", "r13") },
    { MIG_REGISTER_ROW(GENERAL, "env.regs[14]", "r14") },
    { MIG_REGISTER_ROW(GENERAL, "env.regs[15]", "r15") },
    { MIG_REGISTER_ROW(GENERAL, "env.eip", "rip"), .name32 = "eip" },
    { MIG_REGISTER_ROW(GENERAL, "env.eflags", "rflags"), .name32 = "eflags",
      .bits = flags },
    SEGMENT("env.segs[1]", "cs"),
    SEGMENT("env.segs[2]", "ss"),
    SEGMENT("env.segs[3]", "ds"),
    SEGMENT("env.segs[0]", "es"),
    SEGMENT("env.segs[4]", "fs"),
    SEGMENT("env.segs[5]", "gs"),
    SEGMENT("env.ldt", "ldt"),
    SEGMENT("env.tr", "tr"),
    TABLE("env.gdt", "gdt"),
    TABLE("env.idt", "idt"),
    { MIG_REGISTER_ROW(CONTROL, "env.cr[0]", "cr0"), .bits = cr0 },
    { MIG_REGISTER_ROW(CONTROL, "env.cr[2]", "cr2") },
    { MIG_REGISTER_ROW(CONTROL, "env.cr[3]", "cr3") },
    { MIG_REGISTER_ROW(CONTROL, "env.cr[4]", "cr4"), .bits = cr4 },
    { MIG_REGISTER_ROW(CONTROL, "env.xcr0", "xcr0") },
    { MIG_REGISTER_ROW(CONTROL, "env.efer", "efer"), .bits = efer },
    { MIG_REGISTER_ROW(CONTROL, "env.pkru", "pkru") },
    { MIG_REGISTER_ROW(DEBUG, "env.dr[0]", "dr0") },
    { MIG_REGISTER_ROW(DEBUG, "env.dr[1]", "dr1") },
    { MIG_REGISTER_ROW(DEBUG, "env.dr[2]", "dr2") },
    { MIG_REGISTER_ROW(DEBUG, "env.dr[3]", "dr3") },
    { MIG_REGISTER_ROW(DEBUG, "env.dr[6]", "dr6") },
    { MIG_REGISTER_ROW(DEBUG, "env.dr[7]", "dr7") },
    { MIG_REGISTER_ROW(FLOAT, "env.fpuc", "fcw") },
    { MIG_REGISTER_ROW(FLOAT, "env.fpus_vmstate", "fsw") },
    { MIG_REGISTER_ROW(FLOAT, "env.fpregs[#].tmp.tmp_mant", "fpr#"), .count = 8,
      .high = "env.fpregs[#].tmp.tmp_exp" },
    { MIG_REGISTER_ROW(FLOAT, "env.mxcsr", "mxcsr") },
    { MIG_REGISTER_ROW(VECTOR, "env.xmm_regs[0][#]._q_ZMMReg[0]", "xmm#"), .count = 32,
      .high = "env.xmm_regs[0][#]._q_ZMMReg[1]" },
    { MIG_REGISTER_ROW(MSR, "env.kernelgsbase", "kernel_gs_base") },
    { MIG_REGISTER_ROW(MSR, "env.star", "star") },
    { MIG_REGISTER_ROW(MSR, "env.lstar", "lstar") },
    { MIG_REGISTER_ROW(MSR, "env.cstar", "cstar") },
    { MIG_REGISTER_ROW(MSR, "env.fmask", "fmask") },
    { MIG_REGISTER_ROW(MSR, "env.sysenter_cs", "sysenter_cs") },
    { MIG_REGISTER_ROW(MSR, "env.sysenter_esp", "sysenter_esp") },
    { MIG_REGISTER_ROW(MSR, "env.sysenter_eip", "sysenter_eip") },
    { MIG_REGISTER_ROW(MSR, "env.pat", "pat") },
    { MIG_REGISTER_ROW(MSR, "env.tsc", "tsc") },
    { MIG_REGISTER_ROW(MSR, "env.tsc_aux", "tsc_aux") },
    { MIG_REGISTER_ROW(MSR, "env.tsc_adjust", "tsc_adjust") },
    { MIG_REGISTER_ROW(MSR, "env.tsc_deadline", "tsc_deadline") },
    { MIG_REGISTER_ROW(MSR, "env.amd_tsc_scale_msr", "amd_tsc_ratio") },
    { MIG_REGISTER_ROW(MSR, "env.msr_ia32_misc_enable", "misc_enable") },
    { MIG_REGISTER_ROW(MSR, "env.msr_ia32_feature_control", "feature_control") },
    { MIG_REGISTER_ROW(MSR, "env.spec_ctrl", "spec_ctrl") },
    { MIG_REGISTER_ROW(MSR, "env.virt_ssbd", "virt_spec_ctrl") },
    { MIG_REGISTER_ROW(MSR, "env.tsx_ctrl", "tsx_ctrl") },
    { MIG_REGISTER_ROW(MSR, "env.xss", "xss") },
    { MIG_REGISTER_ROW(MSR, "env.pkrs", "pkrs") },
    { MIG_REGISTER_ROW(MSR, "env.umwait", "umwait_control") },
    { MIG_REGISTER_ROW(MSR, "env.msr_xfd", "xfd") },
    { MIG_REGISTER_ROW(MSR, "env.msr_xfd_err", "xfd_err") },
    { MIG_REGISTER_ROW(MSR, "env.msr_bndcfgs", "bndcfgs") },
    { MIG_REGISTER_ROW(MSR, "env.mcg_cap", "mcg_cap") },
    { MIG_REGISTER_ROW(MSR, "env.mcg_status", "mcg_status") },
    { MIG_REGISTER_ROW(MSR, "env.mcg_ctl", "mcg_ctl") },
    { MIG_REGISTER_ROW(MSR, "env.mcg_ext_ctl", "mcg_ext_ctl") },
    { MIG_REGISTER_ROW(MSR, "env.mtrr_deftype", "mtrr_def_type") },
    { MIG_REGISTER_ROW(MSR, "env.mtrr_fixed[0]", "mtrr_fix64k_00000") },
    { MIG_REGISTER_ROW(MSR, "env.mtrr_fixed[1]", "mtrr_fix16k_80000") },
    { MIG_REGISTER_ROW(MSR, "env.mtrr_fixed[2]", "mtrr_fix16k_a0000") },
    { MIG_REGISTER_ROW(MSR, "env.mtrr_fixed[3]", "mtrr_fix4k_c0000") },
    { MIG_REGISTER_ROW(MSR, "env.mtrr_fixed[4]", "mtrr_fix4k_c8000") },
    { MIG_REGISTER_ROW(MSR, "env.mtrr_fixed[5]", "mtrr_fix4k_d0000") },
    { MIG_REGISTER_ROW(MSR, "env.mtrr_fixed[6]", "mtrr_fix4k_d8000") },
    { MIG_REGISTER_ROW(MSR, "env.mtrr_fixed[7]", "mtrr_fix4k_e0000") },
    { MIG_REGISTER_ROW(MSR, "env.mtrr_fixed[8]", "mtrr_fix4k_e8000") },
    { MIG_REGISTER_ROW(MSR, "env.mtrr_fixed[9]", "mtrr_fix4k_f0000") },
    { MIG_REGISTER_ROW(MSR, "env.mtrr_fixed[10]", "mtrr_fix4k_f8000") },
    { MIG_REGISTER_ROW(MSR, "env.mtrr_var[#].base", "mtrr_physbase#"), .count = 16 },
    { MIG_REGISTER_ROW(MSR, "env.mtrr_var[#].mask", "mtrr_physmask#"), .count = 16 },
    { MIG_REGISTER_ROW(MSR, "env.msr_fixed_ctr_ctrl", "fixed_ctr_ctrl") },
    { MIG_REGISTER_ROW(MSR, "env.msr_global_ctrl", "perf_global_ctrl") },
    { MIG_REGISTER_ROW(MSR, "env.msr_global_status", "perf_global_status") },
    { MIG_REGISTER_ROW(MSR, "env.msr_fixed_counters[#]", "fixed_ctr#"), .count = 16 },
    { MIG_REGISTER_ROW(MSR, "env.msr_gp_counters[#]", "pmc#"), .count = 32 },
    { MIG_REGISTER_ROW(MSR, "env.msr_gp_evtsel[#]", "perfevtsel#"), .count = 32 },
    { MIG_REGISTER_ROW(MSR, "env.vm_hsave", "vm_hsave_pa") },
    { MIG_REGISTER_ROW(MSR, "env.smbase", "smbase") },
    { MIG_REGISTER_ROW(MSR, "env.msr_smi_count", "smi_count") },
    { MIG_REGISTER_ROW(MSR, "env.system_time_msr", "kvm_system_time") },
    { MIG_REGISTER_ROW(MSR, "env.wall_clock_msr", "kvm_wall_clock") },
    { MIG_REGISTER_ROW(MSR, "env.async_pf_en_msr", "kvm_async_pf_en") },
    { MIG_REGISTER_ROW(MSR, "env.async_pf_int_msr", "kvm_async_pf_int") },
    { MIG_REGISTER_ROW(MSR, "env.pv_eoi_en_msr", "kvm_pv_eoi_en") },
    { MIG_REGISTER_ROW(MSR, "env.steal_time_msr", "kvm_steal_time") },
    { MIG_REGISTER_ROW(MSR, "env.poll_control_msr", "kvm_poll_control") },
    { MIG_REGISTER_ROW(MSR, "env.msr_hv_guest_os_id", "hv_guest_os_id") },
    { MIG_REGISTER_ROW(MSR, "env.msr_hv_hypercall", "hv_hypercall") },
    { MIG_REGISTER_ROW(MSR, "env.msr_hv_vapic", "hv_vapic_assist_page") },
    { MIG_REGISTER_ROW(MSR, "env.msr_hv_tsc", "hv_reference_tsc") },
};

const MigRegisterSet mig_register_set_x86 = {
    .name = "x86_64",
    .name32 = "i386",
    .probe = "env.eip",
    .probe_length = 8,
    .rows = rows,
    .n = G_N_ELEMENTS(rows),
};
