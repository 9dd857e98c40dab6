/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          see irq-controller.h.
 * Must not know: bodies of sections.
 * See also:      stream/item.h.
 */
#include "stream/irq-controller.h"

/* By the handler's own name, what follows the device path.
 * Sources: hw/intc/, hw/i386/intel_iommu.c (interrupt remapping), hw/s390x/, 5.2 to 10.2. */
static const struct {
    const char *name;
    MigIrqController kind;
} controllers[] = {
    { "arm_gic", MIG_IRQ_CONTROLLER_GIC },
    { "arm_gicv3", MIG_IRQ_CONTROLLER_GIC },
    { "arm_gicv3_its", MIG_IRQ_CONTROLLER_GIC },
    { "apic", MIG_IRQ_CONTROLLER_OTHER },
    { "armv7m_nvic", MIG_IRQ_CONTROLLER_OTHER },
    { "i8259", MIG_IRQ_CONTROLLER_OTHER },
    { "icp/server", MIG_IRQ_CONTROLLER_OTHER },
    { "ics", MIG_IRQ_CONTROLLER_OTHER },
    { "ioapic", MIG_IRQ_CONTROLLER_OTHER },
    { "iommu-intel", MIG_IRQ_CONTROLLER_OTHER },
    { "loongarch_extioi", MIG_IRQ_CONTROLLER_OTHER },
    { "loongarch_pch_msi", MIG_IRQ_CONTROLLER_OTHER },
    { "loongarch_pch_pic", MIG_IRQ_CONTROLLER_OTHER },
    { "riscv_aplic", MIG_IRQ_CONTROLLER_OTHER },
    { "riscv_imsic", MIG_IRQ_CONTROLLER_OTHER },
    { "riscv_sifive_plic", MIG_IRQ_CONTROLLER_OTHER },
    { "s390-flic", MIG_IRQ_CONTROLLER_OTHER },
    { "spapr-xive", MIG_IRQ_CONTROLLER_OTHER },
    { "xive/tctx", MIG_IRQ_CONTROLLER_OTHER },
};

MigIrqController mig_section_irq_controller(const MigSection *section)
{
    for (size_t i = 0; i < G_N_ELEMENTS(controllers); i++) {
        if (mig_section_has_handler(section, controllers[i].name)) {
            return controllers[i].kind;
        }
    }
    return MIG_IRQ_CONTROLLER_NONE;
}
