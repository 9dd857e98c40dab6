/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          rules of the order in which a VFIO device is restored: configuration
 *                space, data, interrupts, and the interrupt controllers of the machine.
 * Must not know: whether a record is well formed.
 * See also:      check/rule.h; migstat-subflag(5), which says why two orders conflict.
 *
 * Some devices accept data only once their configuration space is set up.  Loading that
 * enables the device's interrupts, which must not happen before the interrupt controller
 * is restored: with a GIC the kernel refuses it.
 */
#include "check/rule.h"
#include "io/number.h"

/* --- data before the configuration space ------------------------------------------ */

/* Only a dialect of no stock release has both orders right. */
static void remedy_data(MigCheck *check, const MigVfioDevice *d)
{
    if (mig_check_release(check) != MIG_RELEASE_NONE) {
        mig_report_no_remedy(check, "the dialect that sets a device up before its data, "
                                    "subflag, is read by no stock release");
    } else {
        g_autofree char *name = mig_remedy_name(d->section->name);

        mig_report_remedy(check, "vfio-layout:to=subflag:config-needed=yes:%s", name);
        mig_report_gives_up(check, false,
                            "loading in stock QEMU, which does not read this dialect");
    }
}

static void report_data(MigCheck *check, const MigVfioFacts *v, MigVfioNeed need)
{
    const MigVfioDevice *d = &v->device;
    g_autofree char *records = mig_number(v->early_records);
    g_autofree char *bytes = mig_number(v->early_bytes);
    bool says_so = d->subflags && v->early_set_up != MIG_NOWHERE;
    const char *why =
        need == MIG_VFIO_NEED_YES ? "and this device is said to need it first"
        : says_so                 ? "and the device is set up early, so it needs it first"
                  : "an error if the device needs it first (--config-needed)";

    mig_report(check, d->first_data, d->section,
               "%s record%s, %s byte%s of device data "
               "precede the configuration space at 0x%" PRIx64 "; %s",
               records, MIG_PLURAL(v->early_records), bytes, MIG_PLURAL(v->early_bytes),
               d->config, why);
    if (need == MIG_VFIO_NEED_YES || says_so) {
        remedy_data(check, d);
    } else {
        mig_report_severity(check, MIG_SEVERITY_NOTE);
    }
}

static void vfio_data_before_config(MigCheck *check, const MigFacts *facts,
                                    const MigItem *item)
{
    (void)item;
    for (guint i = 0; i < facts->vfio->len; i++) {
        const MigVfioFacts *v = &g_array_index(facts->vfio, MigVfioFacts, i);
        MigVfioNeed need = mig_check_need(check, v->device.section);

        if (need != MIG_VFIO_NEED_NO && v->device.config != MIG_NOWHERE &&
            v->early_bytes) {
            report_data(check, v, need);
        }
    }
}

/* --- interrupts before the controller --------------------------------------------- */

/* The first controller that is restored after @offset, and how many there are; NULL if
 * there is none. */
static const MigController *controller_after(const GArray *controllers, uint64_t offset,
                                             guint *n)
{
    guint low = 0, high = controllers->len;

    while (low < high) {
        guint middle = low + (high - low) / 2;

        if (g_array_index(controllers, MigController, middle).offset < offset) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    *n = controllers->len - low;
    return *n ? &g_array_index(controllers, MigController, low) : NULL;
}

/* QEMU 5.2 writes and reads the configuration in END, which is before all controllers. */
static void remedy_irq(MigCheck *check, const MigVfioDevice *d)
{
    if (mig_check_release(check) == MIG_RELEASE_FIRST) {
        mig_report_no_remedy(check, "this release reads the configuration in END, which "
                                    "comes before every interrupt controller");
    } else if (!d->subflags || mig_check_release(check) != MIG_RELEASE_NONE) {
        mig_report_remedy(check, "vfio-layout:to=config-last");
    }
}

/* Stock QEMU sets up what the configuration space has enabled, and INTx already had been. */
static void note_no_irq(MigCheck *check, const MigVfioDevice *d, const MigController *c)
{
    mig_report(
        check, d->enable, d->section,
        "%s before the interrupt controller, %s at 0x%" PRIx64
        ", but the device has neither MSI nor MSI-X enabled: no interrupt is set up",
        d->subflags ? "ENABLE_IRQ stands" : "configuration space is loaded",
        c->section->name, c->offset);
    mig_report_severity(check, MIG_SEVERITY_NOTE);
}

static void vfio_irq_before_controller(MigCheck *check, const MigFacts *facts,
                                       const MigItem *item)
{
    (void)item;
    for (guint i = 0; i < facts->vfio->len; i++) {
        const MigVfioFacts *v = &g_array_index(facts->vfio, MigVfioFacts, i);
        const MigVfioDevice *d = &v->device;
        guint n, n_others;
        const MigController *gic = controller_after(facts->gics, d->enable, &n);
        const MigController *other =
            controller_after(facts->controllers, d->enable, &n_others);
        const MigController *c = gic ? gic : other;

        if (d->enable == MIG_NOWHERE || !c) {
            continue;
        }
        if (d->config != MIG_NOWHERE && !v->interrupts) {
            note_no_irq(check, d, c);
            continue;
        }
        mig_report(check, d->enable, d->section,
                   "interrupts enabled before the interrupt controller: %s at 0x%" PRIx64
                   ", %s at 0x%" PRIx64 "%s",
                   d->subflags ? "ENABLE_IRQ stands" : "configuration space is loaded",
                   d->enable, c->section->name, c->offset,
                   n + n_others > 1 ? " and others later" : "");
        if (!gic) {
            mig_report_severity(check, MIG_SEVERITY_WARNING);
        }
        remedy_irq(check, d);
    }
}

static void vfio_irq_never(MigCheck *check, const MigFacts *facts, const MigItem *item)
{
    (void)item;
    for (guint i = 0; i < facts->vfio->len; i++) {
        const MigVfioDevice *d = &g_array_index(facts->vfio, MigVfioFacts, i).device;

        if (d->config != MIG_NOWHERE && d->enable == MIG_NOWHERE) {
            mig_report(check, d->config, d->section,
                       "the device is set up here, and nothing "
                       "enables its interrupts");
        }
    }
}

const MigRule mig_rules_vfio_order[] = {
    { "vfio-data-before-config",
      "a device that needs its configuration first has it first", MIG_SEVERITY_ERROR,
      MIG_WATCH_END, .judge = vfio_data_before_config },
    { "vfio-irq-before-controller",
      "interrupts are enabled after the interrupt controller is restored",
      MIG_SEVERITY_ERROR, MIG_WATCH_END, .judge = vfio_irq_before_controller },
    { "vfio-irq-never", "the interrupts of a device are enabled", MIG_SEVERITY_ERROR,
      MIG_WATCH_END, .judge = vfio_irq_never, .after = { "subflag-setup-full" } },
    { 0 },
};
