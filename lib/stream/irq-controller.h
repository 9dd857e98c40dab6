/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          which sections restore an interrupt controller.
 * Must not know: why anybody asks.
 * See also:      filter/vfio-layout.c, which enables a device's interrupts after them.
 */
#ifndef MIG_STREAM_IRQ_CONTROLLER_H
#define MIG_STREAM_IRQ_CONTROLLER_H

#include "stream/item.h"

G_BEGIN_DECLS

typedef enum MigIrqController {
    MIG_IRQ_CONTROLLER_NONE,
    MIG_IRQ_CONTROLLER_GIC, /* in the kernel: enabling interrupts before it is restored fails */
    MIG_IRQ_CONTROLLER_OTHER,
} MigIrqController;

/* Which one @section restores. */
MIG_API MigIrqController mig_section_irq_controller(const MigSection *section);

G_END_DECLS

#endif
