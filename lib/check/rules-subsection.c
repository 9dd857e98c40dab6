/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          the rules about subsections of device state: which came with a release, and
 *                that two of one device have two names.
 * Must not know: where a subsection's bytes are, and what they mean.
 * See also:      check/rules-for.c; filter/drop-subsection.c, the remedy.
 *
 * A subsection that the description has is in the stream, and a loader refuses one that it
 * does not know.  Only those are in the table whose first or last release is certain, and which
 * always have the same name; of others the releases that are built in tell.  That a stream has
 * none of them does not mean that a loader knows all.
 *
 * Source: the VMStateDescription of each device, in all releases from 5.2 to 11.1;
 * migration/vmstate.c, vmstate_subsection_load().
 */
#include <string.h>

#include "check/check-private.h"
#include "check/compared.h"
#include "device/virtio.h"
#include "io/budget.h"
#include "memory/facts.h"
#include "stream/address-exact.h"
#include "stream/address.h"
#include "stream/item-private.h"
#include "stream/json-scan.h"
#include "stream/vfio-payload.h"

#define SINCE(release) release, MIG_RELEASE_LAST
#define UNTIL(release) MIG_RELEASE_FIRST, release

static const struct {
    const char *owner, *name; /* the description has "owner/name" */
    MigRelease first, last;   /* that know it */
} subsections[] = {
    { "cpu", "pkrs", SINCE(QEMU(6, 0)) },
    { "cpu/m", "mve", SINCE(QEMU(6, 1)) },
    { "ich9_pm", "pcihp", SINCE(QEMU(6, 1)) },
    { "pckbd", "extended_state", SINCE(QEMU(6, 1)) },
    { "clock", "muldiv", SINCE(QEMU(6, 2)) },
    { "cpu", "amd_tsc_scale_msr", SINCE(QEMU(6, 2)) },
    { "cpu", "intel_sgx", SINCE(QEMU(6, 2)) },
    { "cpu", "svm_guest", SINCE(QEMU(6, 2)) },
    { "ps2kbd", "command_reply_queue", SINCE(QEMU(6, 2)) },
    { "virtio-balloon-device", "page-poison", SINCE(QEMU(6, 2)) },
    { "cpu", "intel_amx_xtile", SINCE(QEMU(7, 0)) },
    { "cpu", "msr_xfd", SINCE(QEMU(7, 0)) },
    { "cpu", "pdptrs", SINCE(QEMU(7, 0)) },
    { "arm_gicv3_cpu", "gicv4", SINCE(QEMU(7, 1)) },
    { "cpu", "arch_lbr", SINCE(QEMU(7, 1)) },
    { "cpu", "sme", SINCE(QEMU(7, 1)) },
    { "cpu", "triple_fault", SINCE(QEMU(7, 2)) },
    { "cpu", "xen_vcpu", SINCE(QEMU(8, 0)) },
    { "cpu/pmsav8", "pmsav8r", SINCE(QEMU(8, 0)) },
    { "i8259", "ltim", SINCE(QEMU(8, 0)) },
    { "smmuv3", "gbpa", SINCE(QEMU(8, 0)) },
    { "virtio-gpu", "blob", SINCE(QEMU(8, 2)) },
    { "arm_gicv3", "gicd_nmi", SINCE(QEMU(9, 1)) },
    { "arm_gicv3_cpu", "nmi", SINCE(QEMU(9, 1)) },
    { "cpu", "fred", SINCE(QEMU(9, 1)) },
    { "cpu", "wfxt-timer", SINCE(QEMU(9, 1)) },
    { "cpu/vfp", "fpcr_fpsr", SINCE(QEMU(9, 1)) },
    { "sd-card", "ext_csd_modes-state", SINCE(QEMU(9, 1)) },
    { "acpi-ged", "cpuhp", SINCE(QEMU(9, 2)) },
    { "cpu", "msr_hwcr", SINCE(QEMU(9, 2)) },
    { "virtio-net-device", "backend", SINCE(QEMU(10, 0)) },
    { "acpi-ged", "pcihp", SINCE(QEMU(10, 1)) },
    { "cpu", "zt0", SINCE(QEMU(10, 1)) },
    { "vdagent", "chunk", SINCE(QEMU(10, 1)) },
    { "acpi-ged", "hest", SINCE(QEMU(10, 2)) },
    { "cpu", "error_code", SINCE(QEMU(10, 2)) },
    { "cpu", "pstate64", SINCE(QEMU(10, 2)) },
    { "cpu", "syndrome64", SINCE(QEMU(10, 2)) },
    { "virtio", "128bit_features", SINCE(QEMU(10, 2)) },
    { "virtio_pci/modern_state", "features128", SINCE(QEMU(10, 2)) },
    { "cpu", "apx", SINCE(QEMU(11, 0)) },
    { "cpu", "cet", SINCE(QEMU(11, 0)) },
    { "cpu", "cet_shstk", SINCE(QEMU(11, 0)) },
    { "cpu", "event", SINCE(QEMU(11, 0)) },
    { "cpu", "msr_pl0_ssp", SINCE(QEMU(11, 0)) },
    { "scsi-disk", "pr", SINCE(QEMU(11, 0)) },
    { "vhost-inflight-region", "buffer", SINCE(QEMU(11, 0)) },
    { "vhost-user-blk", "inflight", SINCE(QEMU(11, 0)) },
    { "tpm-crb", "chunk", SINCE(MIG_RELEASE_LAST) },
    { "cpu", "fpmr", SINCE(MIG_RELEASE_LAST) },
    /* misspelt */
    { "vitio-balloon-device", "page-poison", UNTIL(QEMU(6, 1)) },
    { "esp", "pdma", UNTIL(QEMU(8, 2)) },
    { "cpu", "iwmmxt", UNTIL(QEMU(10, 1)) },
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

/* What @refusing print of a subsection of @owner; NULL: how that begins is told. */
static void say_words(MigCheck *check, MigReleaseSet refusing, const char *full,
                      const char *owner)
{
    MigRelease release;

    for (size_t i = 0; (release = mig_release_at(i)) != MIG_RELEASE_NONE; i++) {
        if (!(refusing >> i & 1)) {
            continue;
        }
        if (release < NAMED_FIRST) {
            mig_report_loader(check, release, release,
                              "load of migration failed: No such file or directory");
        } else if (owner) {
            mig_report_loader(check, release, release,
                              "VM subsection '%s' in '%s' does not exist", full, owner);
        } else {
            mig_report_loader(check, release, release, "VM subsection '%s' in ", full);
        }
    }
}

/* The releases that do not know the subsection. */
static MigReleaseSet strange_to(const MigCheck *check, size_t i)
{
    return check->asked &
           ~mig_releases_between(subsections[i].first, subsections[i].last);
}

static void report_newer(const Search *search, size_t i)
{
    MigCheck *check = search->check;
    const MigSection *section = search->item->section;
    bool gone = subsections[i].last != MIG_RELEASE_LAST;
    MigRelease release = gone ? subsections[i].last : subsections[i].first;
    g_autofree char *full =
        g_strdup_printf("%s/%s", subsections[i].owner, subsections[i].name);
    g_autofree char *path = g_strconcat("*", full, NULL);
    g_autofree char *value = mig_remedy_part(section->name, section->instance_id, path);
    g_autofree char *content = g_strdup_printf("what %s holds", full);

    mig_report_item(check, search->item, "subsection %s %s QEMU %u.%u%s", full,
                    gone ? "is known up to" : "came with", mig_release_major(release),
                    mig_release_minor(release), gone ? " only" : "");
    say_words(check, strange_to(check, i), full, gone ? NULL : subsections[i].owner);
    mig_report_remedy(check, "drop-subsection:path=%s", value);
    mig_report_gives_up(check, true, content);
}

/* Which of the table has the name "owner/name"; their number: none. */
static size_t row_of(const char *full)
{
    const char *name = strrchr(full, '/');
    size_t i = 0;

    while (i < G_N_ELEMENTS(subsections) &&
           !(name && strcmp(subsections[i].name, name + 1) == 0 &&
             strncmp(subsections[i].owner, full, (size_t)(name - full)) == 0 &&
             !subsections[i].owner[name - full])) {
        i++;
    }
    return i;
}

static void look_at(Search *search, const char *full)
{
    size_t i = row_of(full);

    if (i < G_N_ELEMENTS(subsections) && !(search->seen >> i & 1) &&
        strange_to(search->check, i)) {
        search->seen |= UINT64_C(1) << i;
        report_newer(search, i);
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

/* The state of a virtio device has subsections that its description does not name. */
static void visit(const MigField *field, void *user)
{
    if (field->kind == MIG_FIELD_SUBSECTION) {
        look_at(user, field->name);
    }
}

/* Whether @release, one of those built in, lacks the subsection at @path. */
static bool lacks(MigCheck *check, const MigItem *item, MigRelease release,
                  const char *path)
{
    const GPtrArray *differences = mig_compared_with_release(check, item, release);

    for (guint i = 0;
         i < differences->len && mig_budget_spend(mig_reader_budget(check->reader), 1);
         i++) {
        const MigShapeDifference *d = g_ptr_array_index(differences, i);

        if (d->kind == MIG_SHAPE_SUBSECTION_UNKNOWN && d->sure &&
            strcmp(d->path, path) == 0) {
            return true;
        }
    }
    return false;
}

/* Those asked for that lack it: those built in next to each of them do. */
static MigReleaseSet lacking(MigCheck *check, const MigItem *item, const char *path)
{
    MigReleaseSet set = 0;
    MigRelease release, below, above;

    for (size_t i = 0; (release = mig_release_at(i)) != MIG_RELEASE_NONE; i++) {
        mig_shape_known_releases(release, &below, &above);
        if (check->asked >> i & 1 && below != MIG_RELEASE_NONE &&
            above != MIG_RELEASE_NONE && lacks(check, item, below, path) &&
            lacks(check, item, above, path)) {
            set |= (MigReleaseSet)1 << i;
        }
    }
    return set;
}

static void report_strange(MigCheck *check, const MigItem *item,
                           const MigShapeDifference *d, MigReleaseSet refusing)
{
    const MigSection *section = item->section;
    const char *name = strrchr(d->path, '.') ? strrchr(d->path, '.') + 1 : d->path;
    g_autofree char *releases = mig_releases_text(refusing);
    g_autofree char *path = mig_address_escape(d->path);
    g_autofree char *value = mig_remedy_part(section->name, section->instance_id, path);

    mig_report_item(check, item, "QEMU %s know%s no subsection %s", releases,
                    refusing & (refusing - 1) ? "" : "s", d->path);
    say_words(check, refusing, name, d->owner);
    mig_report_remedy(check, "drop-subsection:path=%s", value);
    mig_report_gives_up(check, true, "what the subsection holds");
}

/* Subsections that are not in the table, of devices that are built in. */
static void find_strange(MigCheck *check, const MigItem *item)
{
    g_autoptr(GHashTable) told = g_hash_table_new(g_str_hash, g_str_equal);
    MigRelease release, below, above;

    for (size_t i = 0; (release = mig_release_at(i)) != MIG_RELEASE_NONE; i++) {
        const GPtrArray *differences;

        mig_shape_known_releases(release, &below, &above);
        if (!(check->asked >> i & 1) || below == MIG_RELEASE_NONE) {
            continue;
        }
        differences = mig_compared_with_release(check, item, below);
        for (guint j = 0; j < differences->len; j++) {
            const MigShapeDifference *d = g_ptr_array_index(differences, j);
            const char *dot = d->path ? strrchr(d->path, '.') : NULL;
            MigReleaseSet refusing;

            if (d->kind != MIG_SHAPE_SUBSECTION_UNKNOWN || !d->sure ||
                row_of(dot ? dot + 1 : d->path) < G_N_ELEMENTS(subsections) ||
                !g_hash_table_add(told, d->path)) {
                continue;
            }
            refusing = lacking(check, item, d->path);
            if (refusing) {
                report_strange(check, item, d, refusing);
            }
        }
    }
}

#define DISPLAY       "VFIOPCIDevice/VFIODisplay"
#define DISPLAY_FIRST QEMU(8, 2)

/* The configuration of a VFIO device has one subsection, and no description. */
static void vfio_display(MigCheck *check, const MigItem *item)
{
    MigReleaseSet refusing =
        check->asked & mig_releases_between(MIG_BEFORE(DISPLAY_FIRST));
    const uint8_t *bytes = refusing && !item->piece && item->length == item->whole
                               ? mig_reader_bytes(check->reader, item)
                               : NULL;

    if (bytes && mig_vfio_has_display(item, bytes)) {
        mig_report_item(check, item, "subsection " DISPLAY " came with QEMU 8.2");
        say_words(check, refusing, DISPLAY, NULL);
        mig_report_no_remedy(check, "the state of the device's display is in its "
                                    "configuration; save without a display (ramfb)");
    }
}

static void subsection_newer(MigCheck *check, const MigFacts *facts, const MigItem *item)
{
    MigBudget *budget = mig_reader_budget(check->reader);
    Search search = { .check = check, .item = item };
    g_autoptr(GString) value = NULL;
    const MigOffered *device;
    MigJson json;

    (void)facts;
    if (item->kind == MIG_ITEM_VFIO_RECORD) {
        vfio_display(check, item);
        return;
    }
    if (item->piece || !mig_check_is_described(check)) {
        return;
    }
    device = mig_compared_device(check, item);
    if (device->text && may_have_one(budget, device->text, device->text_length) &&
        mig_budget_spend(budget, device->text_length)) {
        value = g_string_new(NULL);
        mig_json_init(&json, device->text, device->text_length);
        search_value(&search, &json, value);
    }
    if (item->length == item->whole &&
        mig_virtio_type_of_vmstate(mig_section_handler(item->section->name))) {
        mig_memory_decode(check->reader, item, visit, &search);
    }
    find_strange(check, item);
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
      MIG_SEVERITY_ERROR, MIG_WATCH(DEVICE_STATE) | MIG_WATCH(VFIO_RECORD),
      .judge = subsection_newer, .needs_release = true },
    { 0 },
};
