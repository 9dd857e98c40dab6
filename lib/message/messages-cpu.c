/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          messages about CPUs, interrupt controllers and KVM.
 * Must not know: how they are found; names of registers (decode-cpu.c).
 * See also:      message/message.h.
 *
 * Source: target/, accel/kvm, hw/intc, hw/ppc, hw/s390x; 5.2 to 11.1.
 */
#include "message/row.h"

#define SAME_HOST \
    "Use a destination with the same kind of host CPU, kernel and firmware, "

const MigMessage mig_messages_cpu[] = {
    { .id = "arm-register-unknown",
      .form = CAUSE,
      .texts = TEXTS(SINCE(11, 0,
                           "handle_cpreg_only_in_incoming_stream: %s in the incoming "
                           "stream but unknown on the destination: fail migration",
                           "register")),
      .function = "target/arm/machine.c, handle_cpreg_only_in_incoming_stream",
      .meaning = "The source's CPU has {register}, and the destination's does not: "
                 "another CPU model, an older QEMU, or with KVM another kernel or host "
                 "CPU.",
      .look = "The command \"migstat dump --registers FILE\" shows the registers of the "
              "stream.",
      .help = "Give the destination the source's CPU model and options, such as pmu= and "
              "sve=. With KVM use the same kernel release. The filter drop-register of "
              "convert takes registers out of the stream.",
      .decode = mig_decode_arm_register },
    { .id = "arm-register-missing",
      .form = NOISE,
      .texts = TEXTS(SINCE(11, 0,
                           "handle_cpreg_missing_in_incoming_stream: %s expected by the "
                           "destination but not in the incoming stream: skip it",
                           "register")),
      .function = "target/arm/machine.c, handle_cpreg_missing_in_incoming_stream",
      .meaning = "The destination's CPU has a register that the source's does not have. "
                 "It keeps its value after a reset, and the load goes on.",
      .decode = mig_decode_arm_register },
    { .id = "arm-register-refused",
      .form = CAUSE,
      .texts = TEXTS(
          SINCE(10, 2, "Could not set register %s to %x (is %x)", "register value local"),
          SINCE(10, 2, "Could not set register %s to %x", "register value"),
          SINCE(10, 2, "Could not set register %s: %s", "register why"),
          SINCE(10, 2, "Could not set register %s", "register")),
      .function = "target/arm/kvm.c, kvm_arm_*",
      .meaning = "KVM at the destination does not accept the value of {register}: the "
                 "host CPU lacks a feature that the guest was given. The stream has "
                 "0x{value}. The destination has 0x{local} there. ID registers, the PMU "
                 "and SVE lengths differ between hosts.",
      .help = SAME_HOST "or a named CPU model that both hosts have.",
      .decode = mig_decode_arm_register },
    { .id = "msr",
      .form = CAUSE,
      .texts = TEXTS(ALWAYS("failed to set MSR 0x%x to 0x%lx", "msr value")),
      .function = "target/i386/kvm/kvm.c, kvm_buf_set_msrs",
      .meaning =
          "KVM at the destination does not accept the value of MSR 0x{msr}, and QEMU "
          "aborts: the host's CPU, microcode or kernel lacks what the guest was "
          "given at the source. The value is 0x{value}.",
      .help = "Give the guest a named CPU model that both hosts have, not host-model or "
              "host-passthrough; bring kernel and microcode to the same level.",
      .decode = mig_decode_msr },
    { .id = "msr-assertion",
      .form = SYMPTOM,
      .texts = TEXTS(ALWAYS("Assertion `ret == cpu->kvm_msr_buf->nmsrs' failed", NULL)),
      .function = "target/i386/kvm/kvm.c, kvm_buf_set_msrs",
      .meaning = "KVM at the destination did not accept an MSR, and QEMU aborted.",
      .look = "The line above it names the MSR.",
      .help = "Give the guest a named CPU model that both hosts have." },
    { .id = "registers-refused",
      .form = CAUSE,
      .texts = TEXTS(FROM(8, 2, 10, 1, "Failed to put registers after init: %s", "why"),
                     SINCE(10, 2, "Failed to put registers %s: %s", "when why"),
                     SINCE(10, 2, "Restoring resisters %s: %s", "when why"),
                     SINCE(9, 2, "Failed to set MSRs", NULL),
                     SINCE(9, 2, "Failed to set XSAVE", NULL),
                     SINCE(9, 2, "Failed to set XCRs", NULL),
                     SINCE(9, 2, "Failed to set special registers", NULL),
                     SINCE(9, 2, "Failed to set nested state", NULL),
                     SINCE(9, 2, "Failed to set vCPU events", NULL),
                     SINCE(9, 2, "Failed to set debug registers", NULL),
                     SINCE(9, 2, "Failed to set MP state", NULL)),
      .function = "accel/kvm/kvm-all.c, do_kvm_cpu_synchronize_post_init",
      .meaning = "The stream was read, and KVM at the destination did not accept a part "
                 "of the CPU's state. The hosts differ in CPU features; XSAVE is refused "
                 "where the source's CPU has larger vector registers.",
      .help = SAME_HOST "or give the guest a named CPU model that both have." },
    { .id = "tsc-frequency",
      .form = CAUSE,
      .texts =
          TEXTS(ALWAYS("Mismatch between user-specified TSC frequency and migrated TSC "
                       "frequency",
                       NULL)),
      .function = "target/i386/machine.c, cpu_post_load",
      .meaning = "The destination's command line has another tsc-freq= than the source "
                 "ran with.",
      .help = "Give both sides the same tsc-freq=, or neither." },
    { .id = "tsc-scaling",
      .form = NOISE,
      .texts = TEXTS(
          ALWAYS("TSC frequency mismatch between VM (%ld kHz) and host (%d kHz), and TSC "
                 "scaling unavailable",
                 "stream local")),
      .function = "target/i386/kvm/kvm.c, kvm_arch_set_tsc_khz",
      .meaning = "The guest's clock will run at {local} kHz and not at {stream} kHz. The "
                 "load goes on; a guest that uses the TSC may lose time." },
    { .id = "nested",
      .form = CAUSE,
      .texts = TEXTS(
          ALWAYS("vCPU set in guest-mode inconsistent with migrated kernel nested state",
                 NULL),
          ALWAYS("Received nested state when kernel cannot restore it", NULL),
          ALWAYS("Received nested state size less than min: len=%d, min=%d",
                 "length minimum"),
          ALWAYS("Received unsupported nested state size", NULL),
          UNTIL(5, 2, "Recieved unsupported nested state size", NULL),
          ALWAYS("Received invalid nested state format: %d", "format")),
      .function = "target/i386/machine.c, nested_state_post_load",
      .meaning =
          "The guest runs guests of its own, and the destination's KVM cannot take "
          "over their state: nested virtualisation is off there, or the CPU is of "
          "another vendor.",
      .look = "The state is in the subsection cpu/nested_state.",
      .help =
          "Load kvm_intel or kvm_amd with nested=1 at the destination, on a CPU of the "
          "same vendor; or stop the inner guests before." },
    { .id = "old-float",
      .form = CAUSE,
      .texts = TEXTS(ALWAYS("Unsupported old non-softfloat CPU state", NULL)),
      .function = "target/i386/machine.c",
      .meaning = "The CPU's floating-point state is in a form that only very old QEMUs "
                 "wrote.",
      .help = "Migrate through a QEMU of a release in between." },
    { .id = "hyperv-tsc",
      .form = CAUSE,
      .texts = TEXTS(SINCE(6, 0,
                           "Guest enabled re-enlightenment notifications, "
                           "'tsc-frequency=' has to be specified",
                           NULL)),
      .function = "target/i386/kvm/kvm.c",
      .meaning = "The guest, Windows or Hyper-V, wants to be told of clock changes, and "
                 "that needs a fixed frequency.",
      .help = "Start both sides with tsc-frequency=N in -cpu." },
    { .id = "kvm-ioctl",
      .form = CAUSE,
      .texts = TEXTS(ALWAYS("KVM_SET_LAPIC failed: %s", "why"),
                     ALWAYS("KVM_SET_IRQCHIP failed", NULL),
                     ALWAYS("KVM_SET_PIT2 failed", NULL),
                     ALWAYS("KVM_SET_CLOCK failed", NULL)),
      .function = "hw/i386/kvm",
      .meaning =
          "KVM at the destination refused the state of an interrupt controller, a "
          "timer or the clock, and QEMU aborts. The kernels differ, or the state is "
          "damaged.",
      .help = SAME_HOST "and the same -machine kernel-irqchip=." },
    { .id = "arm-gic",
      .form = CAUSE,
      .texts =
          TEXTS(ALWAYS("Restoring %u CPU interfaces, kernel only has %d", "stream local"),
                ALWAYS("Restoring %u IRQs, but kernel supports max %d", "stream local")),
      .function = "hw/intc/arm_gic_kvm.c",
      .meaning = "The numbers of CPUs or of interrupts differ. The source's interrupt "
                 "controller is for {stream}. The destination's is for {local}.",
      .help = "Start the destination with the source's -smp and machine type." },
    { .id = "spapr",
      .form = CAUSE,
      .texts = TEXTS(
          ALWAYS("cap-%s higher level (%d) in incoming stream than on destination (%d)",
                 "capability stream local"),
          ALWAYS("Process table config unsupported by the host", NULL),
          ALWAYS("XIVE: could not restore KVM state of CPU %ld", "cpu"),
          ALWAYS("Short write while restoring the KVM hash table", NULL)),
      .function = "hw/ppc/spapr.c, hw/ppc/spapr_caps.c, hw/intc/spapr_xive_kvm.c",
      .meaning =
          "The pseries guest was given something that the destination does not "
          "have. It is capability {capability}, {stream} at the source and {local} "
          "here.",
      .help =
          "Start the destination with the source's -machine options, "
          "cap-{capability}=... among them. " SAME_HOST "if the host is what refuses." },
    { .id = "s390-interrupts",
      .form = CAUSE,
      .texts = TEXTS(ALWAYS("Setting interrupt state failed %d", "error")),
      .function = "target/s390x/kvm/kvm.c, kvm_s390_vcpu_interrupt_post_load",
      .meaning = "KVM at the destination refused the interrupts that were pending.",
      .help = SAME_HOST "and migrate again." },
    { .id = "s390-clock",
      .form = NOISE,
      .texts = TEXTS(ALWAYS("Guest clock was not migrated.", NULL)),
      .function = "hw/s390x/tod.c",
      .meaning = "The guest keeps the destination's clock. The load goes on." },
    { 0 },
};
