/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          names of the registers that KVM refused, and what they need.
 * Must not know: streams.
 * See also:      device/arm-sysreg.h; device/registers-x86.c, the MSRs that a stream has.
 *
 * Source of MSRs: Intel 64 and IA-32 Architectures Software Developer's Manual, volume 4; AMD64
 * Architecture Programmer's Manual, volume 2; Linux, arch/x86/include/asm/msr-index.h and
 * kvm_para.h; Hypervisor Top Level Functional Specification.
 */
#include <inttypes.h>
#include <string.h>

#include "device/arm-sysreg.h"
#include "message/decode.h"

/* Those of VMX, from 0x480 on.  Source: Intel SDM, appendix A. */
#define VMX_FIRST 0x480u
static const char *const vmx[] = {
    "BASIC",          "PINBASED_CTLS",      "PROCBASED_CTLS",
    "EXIT_CTLS",      "ENTRY_CTLS",         "MISC",
    "CR0_FIXED0",     "CR0_FIXED1",         "CR4_FIXED0",
    "CR4_FIXED1",     "VMCS_ENUM",          "PROCBASED_CTLS2",
    "EPT_VPID_CAP",   "TRUE_PINBASED_CTLS", "TRUE_PROCBASED_CTLS",
    "TRUE_EXIT_CTLS", "TRUE_ENTRY_CTLS",    "VMFUNC",
};

/* The first row that has the number counts. */
static const struct {
    uint32_t first, last;
    const char *name, *needs;
} msrs[] = {
    { 0x10, 0x10, "IA32_TIME_STAMP_COUNTER", "TSC scaling (tsc-frequency=)" },
    { 0x1b, 0x1b, "IA32_APIC_BASE", "the same kernel-irqchip= and x2apic" },
    { 0x34, 0x34, "MSR_SMI_COUNT", "a newer kernel, or the same CPU" },
    { 0x3a, 0x3a, "IA32_FEATURE_CONTROL", "nested virtualisation (vmx) or SGX" },
    { 0x17, 0x17, "IA32_PLATFORM_ID", "the same CPU" },
    { 0x3b, 0x3b, "IA32_TSC_ADJUST", "the CPU feature tsc_adjust" },
    { 0x48, 0x48, "IA32_SPEC_CTRL", "the CPU features spec-ctrl, stibp, ssbd" },
    { 0x49, 0x49, "IA32_PRED_CMD", "the CPU feature spec-ctrl (ibpb)" },
    { 0x8b, 0x8b, "IA32_BIOS_SIGN_ID", "the same microcode (ucode-rev=)" },
    { 0x8c, 0x8f, "IA32_SGXLEPUBKEYHASH", "SGX with launch control (sgxlc)" },
    { 0xc1, 0xc8, "IA32_PMC", "a PMU of as many counters (pmu=)" },
    { 0xce, 0xce, "MSR_PLATFORM_INFO", "CPUID faulting, or a newer kernel" },
    { 0xcf, 0xcf, "IA32_CORE_CAPABILITIES", "the CPU feature core-capability" },
    { 0x9e, 0x9e, "IA32_SMBASE", NULL },
    { 0xe1, 0xe1, "IA32_UMWAIT_CONTROL", "the CPU feature waitpkg" },
    { 0xe7, 0xe8, "IA32_MPERF, IA32_APERF", "the CPU feature aperfmperf" },
    { 0xfe, 0xfe, "IA32_MTRRCAP", "MTRR (mtrr)" },
    { 0x10b, 0x10b, "IA32_FLUSH_CMD", "the CPU feature flush-l1d" },
    { 0x123, 0x123, "IA32_MCU_OPT_CTRL", "the same microcode" },
    { 0x140, 0x140, "MISC_FEATURES_ENABLES", "CPUID faulting" },
    { 0x10a, 0x10a, "IA32_ARCH_CAPABILITIES", "the CPU feature arch-capabilities" },
    { 0x122, 0x122, "IA32_TSX_CTRL", "the CPU feature tsx-ctrl" },
    { 0x174, 0x176, "IA32_SYSENTER", NULL },
    { 0x179, 0x17b, "IA32_MCG (CAP, STATUS, CTL)", "machine checks (mce, mca)" },
    { 0x186, 0x18d, "IA32_PERFEVTSEL", "a PMU of as many counters (pmu=)" },
    { 0x198, 0x199, "IA32_PERF_STATUS, IA32_PERF_CTL", "the same CPU" },
    { 0x19a, 0x19c, "IA32_CLOCK_MODULATION, IA32_THERM", "the same CPU" },
    { 0x1a0, 0x1a0, "IA32_MISC_ENABLE", NULL },
    { 0x1a4, 0x1a4, "MISC_FEATURE_CONTROL", "the same CPU" },
    { 0x1a6, 0x1a7, "OFFCORE_RSP", "a PMU (pmu=)" },
    { 0x1c4, 0x1c5, "IA32_XFD", "AMX (xfd)" },
    { 0x1cc, 0x1d4, "IA32_FRED", "flexible return and event delivery (fred)" },
    { 0x1d9, 0x1d9, "IA32_DEBUGCTL", NULL },
    { 0x1db, 0x1de, "LASTBRANCH, LASTINT", "the same CPU" },
    { 0x1f2, 0x1f3, "IA32_SMRR", "the same CPU" },
    { 0x1fc, 0x1fc, "POWER_CTL", "the same CPU" },
    { 0x200, 0x20f, "IA32_MTRR_PHYS", "as many variable ranges of MTRR (mtrr)" },
    { 0x250, 0x26f, "IA32_MTRR_FIX", "MTRR (mtrr)" },
    { 0x277, 0x277, "IA32_PAT", NULL },
    { 0x280, 0x29f, "IA32_MC CTL2", "machine checks (mce, lmce)" },
    { 0x2ff, 0x2ff, "IA32_MTRR_DEF_TYPE", "MTRR (mtrr)" },
    { 0x309, 0x30c, "IA32_FIXED_CTR", "a PMU of as many counters (pmu=)" },
    { 0x345, 0x345, "IA32_PERF_CAPABILITIES", "the same PMU (pmu=, pdcm)" },
    { 0x38d, 0x390, "IA32_PERF_GLOBAL", "a PMU (pmu=)" },
    { 0x3f1, 0x3f1, "IA32_PEBS_ENABLE", "the same PMU (pmu=)" },
    { 0x400, 0x47f, "IA32_MC (bank of machine checks)",
      "as many banks of machine checks (mce, mca)" },
    { 0x480, 0x491, "IA32_VMX",
      "nested virtualisation with the same VMX features: the guest "
      "was given some that this host's CPU or KVM lacks. If the "
      "guest runs no guests, take vmx from its CPU model" },
    { 0x4d0, 0x4d0, "IA32_MCG_EXT_CTL", "local machine checks (lmce)" },
    { 0x4c1, 0x4c8, "IA32_A_PMC", "a PMU with full-width counters (pmu=)" },
    { 0x560, 0x587, "IA32_RTIT", "Intel PT (intel-pt)" },
    { 0x600, 0x600, "IA32_DS_AREA", "a PMU with debug store (ds)" },
    { 0x606, 0x641, "RAPL", "the same CPU, or QEMU's own (rapl=)" },
    { 0x6a0, 0x6a8, "IA32_CET", "control-flow enforcement (shstk, ibt)" },
    { 0x6e0, 0x6e0, "IA32_TSC_DEADLINE", "the CPU feature tsc-deadline" },
    { 0x6e1, 0x6e1, "IA32_PKRS", "the CPU feature pks" },
    { 0x770, 0x777, "IA32_HWP", "the same CPU" },
    { 0x800, 0x83f, "x2APIC", "x2apic" },
    { 0xc8f, 0xc8f, "IA32_PQR_ASSOC", "the same CPU" },
    { 0xd90, 0xd90, "IA32_BNDCFGS", "MPX, which new CPUs no longer have" },
    { 0xda0, 0xda0, "IA32_XSS", "the CPU feature xsaves" },
    { 0x1200, 0x121f, "IA32_LBR INFO", "architectural last branch records (arch-lbr)" },
    { 0x1500, 0x151f, "IA32_LBR FROM_IP",
      "architectural last branch records (arch-lbr)" },
    { 0x1600, 0x161f, "IA32_LBR TO_IP", "architectural last branch records (arch-lbr)" },
    { 0x14ce, 0x14cf, "IA32_LBR (CTL, DEPTH)", "architectural last branch records" },
    { 0x40000000, 0x400001ff, "Hyper-V",
      "the same hv-* features in -cpu, or a newer kernel" },
    { 0x4b564d00, 0x4b564dff, "KVM",
      "the same kvm-* features in -cpu, or a newer kernel" },
    { 0x11, 0x12, "KVM clock", "kvmclock in -cpu" },
    { 0xc0000080, 0xc0000080, "EFER", NULL },
    { 0xc0000081, 0xc0000084, "STAR, LSTAR, CSTAR, SFMASK", NULL },
    { 0xc0000100, 0xc0000102, "FS_BASE, GS_BASE, KERNEL_GS_BASE", NULL },
    { 0xc0000103, 0xc0000103, "TSC_AUX", "the CPU feature rdtscp or rdpid" },
    { 0xc0000104, 0xc0000104, "AMD TSC_RATIO", "nested virtualisation (tsc-scale)" },
    { 0xc0000108, 0xc0000108, "AMD PREFETCH_CONTROL", "the same CPU" },
    { 0xc0000300, 0xc0000303, "AMD PERF_CNTR_GLOBAL", "a PMU (perfmon-v2)" },
    { 0xc0010010, 0xc0010010, "AMD SYSCFG", NULL },
    { 0xc0010000, 0xc0010007, "AMD K7 counters", "a PMU (pmu=)" },
    { 0xc0010015, 0xc0010015, "AMD HWCR", NULL },
    { 0xc001001f, 0xc001001f, "AMD NB_CFG", NULL },
    { 0xc0010020, 0xc0010020, "AMD PATCH_LOADER", NULL },
    { 0xc0010055, 0xc0010055, "AMD INT_PENDING", NULL },
    { 0xc0010058, 0xc0010058, "AMD MMIO_CONF_BASE", NULL },
    { 0xc0010061, 0xc0010063, "AMD PSTATE", "the same CPU" },
    { 0xc0010064, 0xc001006b, "AMD PSTATE_DEF", "the same CPU" },
    { 0xc0010112, 0xc0010113, "AMD SMM_ADDR, SMM_MASK", NULL },
    { 0xc0010114, 0xc0010114, "AMD VM_CR", "nested virtualisation (svm)" },
    { 0xc0010130, 0xc0010131, "AMD SEV", "SEV" },
    { 0xc0010140, 0xc0010141, "AMD OSVW", "the CPU feature osvw" },
    { 0xc0010117, 0xc0010117, "AMD VM_HSAVE_PA", "nested virtualisation (svm)" },
    { 0xc001011f, 0xc001011f, "AMD VIRT_SPEC_CTRL", "the CPU feature virt-ssbd" },
    { 0xc0010200, 0xc001020b, "AMD counters", "a PMU (perfctr-core)" },
    { 0xc0011004, 0xc0011005, "AMD CPUID features", "the same CPU" },
    { 0xc0011020, 0xc0011023, "AMD LS_CFG, IC_CFG, DC_CFG, TW_CFG", NULL },
    { 0xc001102a, 0xc001102a, "AMD BU_CFG2", NULL },
    { 0xc0011030, 0xc001103d, "AMD IBS", "instruction-based sampling (ibs)" },
    { 0xc0011029, 0xc0011029, "AMD DE_CFG", NULL },
};

void mig_decode_msr(const MigMessageMatch *match, const char *section, GPtrArray *facts)
{
    uint64_t msr = mig_message_number(match, "msr", 0);

    (void)section;
    for (size_t i = 0; i < G_N_ELEMENTS(msrs); i++) {
        if (msr >= msrs[i].first && msr <= msrs[i].last) {
            bool several = msrs[i].last > msrs[i].first;
            bool own = several && msrs[i].first == VMX_FIRST;

            mig_decode_say(facts, "MSR 0x%" PRIx64 " is %s%s%s%s%s%s.", msr,
                           several && !own ? "one of " : "", msrs[i].name, own ? "_" : "",
                           own ? vmx[msr - VMX_FIRST] : "",
                           msrs[i].needs ? "; it needs " : "",
                           msrs[i].needs ? msrs[i].needs : "");
            return;
        }
    }
}

/* The number that a stream has for a register, of that which QEMU has itself: that is what loaders
 * print under TCG.  Source: target/arm/cpregs.h, cpreg_to_kvm_id(). */
static uint64_t kvm_id_of(uint32_t cpreg)
{
    const uint32_t aa64 = 1u << 28, wide = 1u << 15;

    return cpreg & aa64   ? UINT64_C(0x6030000000000000) | (cpreg & ~aa64)
           : cpreg & wide ? UINT64_C(0x4030000000000000) | (cpreg & ~wide)
                          : UINT64_C(0x4020000000000000) | cpreg;
}

uint64_t mig_decode_arm_register_id(const MigMessageMatch *match)
{
    g_autofree char *text = mig_decode_text(match, "register");
    const char *number = text ? strstr(text, "0x") : NULL;
    uint64_t id = number ? g_ascii_strtoull(number, NULL, 16) : 0;

    return id && id <= UINT32_MAX ? kvm_id_of((uint32_t)id) : id;
}

void mig_decode_arm_register(const MigMessageMatch *match, const char *section,
                             GPtrArray *facts)
{
    uint64_t id = mig_decode_arm_register_id(match);
    MigArmSysregName name;

    (void)section;
    if (id) {
        mig_decode_say(facts, "Register 0x%" PRIx64 " is %s.", id,
                       mig_arm_sysreg_name(id, name));
    }
}
