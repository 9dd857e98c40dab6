/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          the rules about subsections of device state: which came with a release, and
 *                that two of one device have two names.
 * Must not know: where a subsection's bytes are, and what they mean.
 * See also:      check/rules-for.c; filter/drop-subsection.c, the remedy.
 *
 * A subsection that the description has is in the stream, and a loader refuses one that it
 * does not know.  Only those are here whose first release is certain, and which always have
 * the same name.  That a stream has none of them does not mean that a loader knows all.
 *
 * Source: the VMStateDescription of each device, in all releases from 5.2 to 11.1;
 * migration/vmstate.c, vmstate_subsection_load().
 */
#include <string.h>

#include "check/check-private.h"
#include "check/compared.h"
#include "io/budget.h"
#include "stream/address-exact.h"
#include "stream/address.h"
#include "stream/json-scan.h"

static const struct {
    const char *owner, *name; /* the description has "owner/name" */
    MigRelease first;
} subsections[] = {
    { "cpu", "pkrs", QEMU(6, 0) },
    { "ich9_pm", "pcihp", QEMU(6, 1) },
    { "pckbd", "extended_state", QEMU(6, 1) },
    { "clock", "muldiv", QEMU(6, 2) },
    { "cpu", "amd_tsc_scale_msr", QEMU(6, 2) },
    { "cpu", "intel_sgx", QEMU(6, 2) },
    { "cpu", "svm_guest", QEMU(6, 2) },
    { "ps2kbd", "command_reply_queue", QEMU(6, 2) },
    { "virtio-balloon-device", "page-poison", QEMU(6, 2) },
    { "cpu", "intel_amx_xtile", QEMU(7, 0) },
    { "cpu", "msr_xfd", QEMU(7, 0) },
    { "cpu", "pdptrs", QEMU(7, 0) },
    { "arm_gicv3_cpu", "gicv4", QEMU(7, 1) },
    { "cpu", "arch_lbr", QEMU(7, 1) },
    { "cpu", "triple_fault", QEMU(7, 2) },
    { "cpu", "xen_vcpu", QEMU(8, 0) },
    { "i8259", "ltim", QEMU(8, 0) },
    { "smmuv3", "gbpa", QEMU(8, 0) },
    { "virtio-gpu", "blob", QEMU(8, 2) },
    { "arm_gicv3", "gicd_nmi", QEMU(9, 1) },
    { "arm_gicv3_cpu", "nmi", QEMU(9, 1) },
    { "cpu", "fred", QEMU(9, 1) },
    { "cpu", "wfxt-timer", QEMU(9, 1) },
    { "sd-card", "ext_csd_modes-state", QEMU(9, 1) },
    { "acpi-ged", "cpuhp", QEMU(9, 2) },
    { "cpu", "msr_hwcr", QEMU(9, 2) },
    { "virtio-net-device", "backend", QEMU(10, 0) },
    { "acpi-ged", "pcihp", QEMU(10, 1) },
    { "vdagent", "chunk", QEMU(10, 1) },
    { "acpi-ged", "hest", QEMU(10, 2) },
    { "cpu", "error_code", QEMU(10, 2) },
    { "virtio_pci/modern_state", "features128", QEMU(10, 2) },
    { "cpu", "apx", QEMU(11, 0) },
    { "cpu", "cet", QEMU(11, 0) },
    { "cpu", "cet_shstk", QEMU(11, 0) },
    { "cpu", "msr_pl0_ssp", QEMU(11, 0) },
    { "scsi-disk", "pr", QEMU(11, 0) },
    { "vhost-inflight-region", "buffer", QEMU(11, 0) },
    { "vhost-user-blk", "inflight", QEMU(11, 0) },
    { "tpm-crb", "chunk", MIG_RELEASE_LAST },
};

G_STATIC_ASSERT(G_N_ELEMENTS(subsections) <= 64); /* bits of Search.seen */

/* What comparing them all costs, in steps of io/budget.h. */
#define STEPS_A_SLASH (G_N_ELEMENTS(subsections) / 4)

/* From this release on the loader names what it does not know. */
#define NAMED_FIRST QEMU(10, 2)

/* What a device's description is searched for. */
typedef struct Search {
    MigCheck *check;
    const MigItem *item; /* the device's state */
    uint64_t seen;       /* bit i: subsections[i] */
} Search;

static void report_newer(const Search *search, const char *owner, const char *name,
                         MigRelease first)
{
    MigCheck *check = search->check;
    const MigSection *section = search->item->section;
    g_autofree char *path = g_strdup_printf("*%s/%s", owner, name);
    g_autofree char *value = mig_remedy_part(section->name, section->instance_id, path);
    g_autofree char *content = g_strdup_printf("what %s/%s holds", owner, name);

    mig_report_item(check, search->item, "subsection %s/%s came with QEMU %u.%u", owner,
                    name, mig_release_major(first), mig_release_minor(first));
    mig_report_loader(check, MIG_BEFORE(MIN(first, NAMED_FIRST)),
                      "load of migration failed: No such file or directory");
    if (first > NAMED_FIRST && mig_check_asks(check, NAMED_FIRST, first - 1)) {
        mig_report_loader(check, NAMED_FIRST, first - 1,
                          "VM subsection '%s/%s' in '%s' does not exist", owner, name,
                          owner);
    }
    mig_report_remedy(check, "drop-subsection:path=%s", value);
    mig_report_gives_up(check, true, content);
}

static void look_at(Search *search, const char *full)
{
    const char *name = strrchr(full, '/');

    for (size_t i = 0; name && i < G_N_ELEMENTS(subsections); i++) {
        if (strcmp(subsections[i].name, name + 1) == 0 &&
            strncmp(subsections[i].owner, full, (size_t)(name - full)) == 0 &&
            !subsections[i].owner[name - full] && !(search->seen >> i & 1) &&
            mig_check_asks(search->check, MIG_BEFORE(subsections[i].first))) {
            search->seen |= UINT64_C(1) << i;
            report_newer(search, subsections[i].owner, subsections[i].name,
                         subsections[i].first);
        }
    }
}

/* Looks at each name of a vmstate in the value that comes next; brackets nest as deeply as the
 * scanner allows. */
static void search_value(Search *search, MigJson *json, GString *text) /* NOLINT */
{
    char bracket = mig_json_peek(json);

    if (bracket != '{' && bracket != '[') {
        mig_json_skip(json);
        return;
    }
    mig_json_enter(json, bracket);
    while (mig_json_next(json, bracket == '{' ? text : NULL)) {
        if (bracket == '{' && g_str_equal(text->str, "vmsd_name") &&
            mig_json_peek(json) == '"') {
            mig_json_string(json, text);
            look_at(search, text->str);
        } else {
            search_value(search, json, text);
        }
    }
}

/* Whether subsection @i may be what has its slash at @slash. */
static bool is_at(size_t i, const char *text, const char *slash, const char *end)
{
    const char *owner = subsections[i].owner, *name = subsections[i].name;
    size_t before, after;

    if (slash + 1 == end || slash[1] != *name) {
        return false;
    }
    before = strlen(owner);
    after = strlen(name);
    return (size_t)(slash - text) >= before && after < (size_t)(end - slash) &&
           memcmp(slash - before, owner, before) == 0 &&
           memcmp(slash + 1, name, after) == 0;
}

/* Whether one of the names may be in the text, which is walked only then: few devices have
 * any.  A text with an escape can have them otherwise. */
static bool may_have_one(MigBudget *budget, const char *text, size_t length)
{
    const char *slash = text, *end = text + length;

    if (memchr(text, '\\', length)) {
        return true;
    }
    while ((slash = memchr(slash, '/', (size_t)(end - slash)))) {
        if (!mig_budget_spend(budget, STEPS_A_SLASH)) {
            return false;
        }
        for (size_t i = 0; i < G_N_ELEMENTS(subsections); i++) {
            if (is_at(i, text, slash, end)) {
                return true;
            }
        }
        slash++;
    }
    return false;
}

static void subsection_newer(MigCheck *check, const MigFacts *facts, const MigItem *item)
{
    MigBudget *budget = mig_reader_budget(check->reader);
    Search search = { .check = check, .item = item };
    g_autoptr(GString) value = NULL;
    const MigOffered *device;
    MigJson json;

    (void)facts;
    if (item->piece || !mig_check_asks(check, MIG_BEFORE(MIG_RELEASE_LAST)) ||
        !mig_check_is_described(check)) {
        return;
    }
    device = mig_compared_device(check, item);
    if (device->text && may_have_one(budget, device->text, device->text_length) &&
        mig_budget_spend(budget, device->text_length)) {
        value = g_string_new(NULL);
        mig_json_init(&json, device->text, device->text_length);
        search_value(&search, &json, value);
    }
    mig_check_is_described(check);
}

/* --- two of one name ---------------------------------------------------------------------- */

/* So many names of one list are compared with the others. */
#define SIBLINGS_MAX 64u

/* What a description has whose device has some. */
#define SUBSECTIONS "\"subsections\""

/* The first subsection that has the name of one before it in its list, or NULL. */
static const char *second_of_name(const Vmstate *list)
{
    for (const Vmstate *q = list; q; q = q->next) {
        const Vmstate *before = list;

        for (unsigned n = 0; before != q && n < SIBLINGS_MAX; n++) {
            if (strcmp(before->name, q->name) == 0) {
                return q->name;
            }
            before = before->next;
        }
    }
    return NULL;
}

/* The same in any of the vmstates, or in what is in them. */
static const char *find_twice(const Vmstate *v) /* NOLINT */
{
    const char *twice = NULL;

    for (; v && !twice; v = v->next) {
        twice = second_of_name(v->subsections);
        twice = twice ? twice : find_twice(v->subsections);
        for (const Field *f = v->fields; f && !twice; f = f->next) {
            twice = find_twice(f->vmstates);
        }
    }
    return twice;
}

/* migration/vmstate.c, vmstate_subsection_load(), 5.2 to 11.1: the loader looks each name up and
 * takes the first that has it, also for the second one, which is laid out otherwise. */
static void subsection_twice(MigCheck *check, const MigFacts *facts, const MigItem *item)
{
    const MigSection *section = item->section;
    const char *twice = NULL;
    MigOffered *device;

    (void)facts;
    if (item->piece || !mig_check_is_described(check)) {
        return;
    }
    device = mig_compared_device(check, item);
    if (device->text &&
        memmem(device->text, device->text_length, SUBSECTIONS, strlen(SUBSECTIONS))) {
        twice = find_twice(mig_offered_vmstate(device));
    }
    if (twice) {
        g_autofree char *escaped = mig_address_escape(twice);
        g_autofree char *path = g_strconcat("*", escaped, NULL);
        g_autofree char *value =
            mig_remedy_part(section->name, section->instance_id, path);

        mig_report_item(check, item,
                        "two subsections are named %s: a loader reads both as the first "
                        "of them",
                        twice);
        mig_report_remedy(check, "drop-subsection:path=%s", value);
        mig_report_gives_up(check, true, "what both subsections hold");
    }
    mig_check_is_described(check);
}

const MigRule mig_rules_subsection[] = {
    { "subsection-twice", "two subsections of a device have two names",
      MIG_SEVERITY_ERROR, MIG_WATCH(DEVICE_STATE), .judge = subsection_twice,
      .loader = "Missing section footer for %s" },
    { "subsection-newer", "the release knows the subsections of device state",
      MIG_SEVERITY_ERROR, MIG_WATCH(DEVICE_STATE), .judge = subsection_newer,
      .needs_release = true },
    { 0 },
};
