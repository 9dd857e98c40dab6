/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          rules between device state and the destination that shall load it.
 * Must not know: how differences are found; what the destination is known by.
 * See also:      shape/compare.h; rules-dest.c; rules-release.c, the same of releases.
 *
 * Source: migration/vmstate.c, hw/pci/pci.c, hw/virtio/virtio.c, target/arm; 5.2 to 11.1.
 */
#include <string.h>

#include "check/rules-dest.h"
#include "device/virtio-property.h"
#include "device/virtio.h"
#include "stream/address-exact.h"
#include "stream/address.h"
#include "stream/glob.h"
#include "stream/item-private.h"

/* From this release on the loader compares the length of a virtqueue with its own. */
#define QUEUES_CHECKED QEMU(11, 1)

/* The vectors of MSI-X that a note of its table tells, "Count=3"; 0: it is another note. */
static unsigned vectors_of(const char *note)
{
    return note && g_str_has_prefix(note, "Count=")
               ? (unsigned)g_ascii_strtoull(note + strlen("Count="), NULL, 10)
               : 0;
}

#define SAME_PORTS                                                                     \
    "give the destination's USB controller as many ports and interrupters (p2=, p3=, " \
    "intrs=)"

/* Properties by where the difference is; of configuration space, from which byte to which. */
static const struct {
    MigShapeDifferenceKind kind;
    const char *section, *path;
    uint32_t first, last;
    const char *option;
} properties[] = {
    { MIG_SHAPE_COUNT, "*/xhci", "*", 0, UINT32_MAX, SAME_PORTS },
    { MIG_SHAPE_VALUE, "*/xhci", "*", 0, UINT32_MAX, SAME_PORTS },
    { MIG_SHAPE_COUNT, "arm_gic*", "*cpu*", 0, UINT32_MAX,
      "start the destination with as many CPUs (-smp)" },
    { MIG_SHAPE_VALUE, "arm_gic*", "*", 0, UINT32_MAX,
      "start the destination with as many CPUs and interrupts (-smp, num-irq=)" },
    { MIG_SHAPE_SIZE, "*/virtio-gpu", "*", 0, UINT32_MAX,
      "give the destination's card the same max_outputs=" },
    { MIG_SHAPE_SIZE, "*/virtio-console", "*", 0, UINT32_MAX,
      "give the destination's virtio-serial the same max_ports=" },
    { MIG_SHAPE_PCI_CONFIG, "*", "*", 0x0e, 0x0e,
      "give the destination's device the same multifunction=" },
    { MIG_SHAPE_PCI_CONFIG, "*/virtio-gpu", "*", 0x10, 0xff,
      "give the destination's card the same hostmem= and blob=" },
    { MIG_SHAPE_PCI_CONFIG, "*/virtio-*", "*", 0, 0x27,
      "give the destination's device the same disable-legacy=, disable-modern= and "
      "vectors=" },
    { MIG_SHAPE_PCI_CONFIG, "*", "*", 0, 0x03,
      "start the destination with the same device" },
    { MIG_SHAPE_PCI_CONFIG, "*", "*", 0x08, 0x08,
      "start the destination with the same machine type, on which the device's revision "
      "depends" },
    { MIG_SHAPE_PCI_CONFIG, "*/pci_bridge", "*", 0, UINT32_MAX,
      "give the destination's bridge the same shpc= and msi=" },
    { MIG_SHAPE_PCI_CONFIG, "*", "*", 0x10, 0x27,
      "give the memory of the destination's device the same size and kind (vgamem_mb=, "
      "hostmem=, size=)" },
    { MIG_SHAPE_PCI_CONFIG, "*port*", "*", 0, 0xff,
      "give the destination's port the same hotplug= and other properties" },
    { MIG_SHAPE_PCI_CONFIG, "*", "*", 0x06, 0x34,
      "one side has a capability that the other has not: give the destination's device "
      "the "
      "same vectors= (MSI-X), msi= and other properties, and the machine type" },
    { MIG_SHAPE_PCI_CONFIG, "*", "*cap_*", 0, UINT32_MAX,
      "start the destination with the same vectors=, num-queues= and other properties of "
      "this device" },
};

/* What makes the destination like it: by where the difference is. */
static char *dest_option(const MigSection *section, const MigShapeDifference *d)
{
    const char *path = d->path ? d->path : "";
    bool count = d->kind == MIG_SHAPE_COUNT;
    unsigned vectors = vectors_of(d->note_here);

    if (mig_glob("*cpuhp*", path) && count) {
        return g_strdup_printf("start the destination with -smp ...,maxcpus=%" PRIu64,
                               d->here);
    }
    if (mig_glob("*memhp*.devs", path) && d->here == 0) {
        return g_strdup("start the destination without slots= (-m SIZE alone), as the "
                        "source was");
    }
    if ((mig_glob("*memhp*", path) || mig_glob("*acpi_memory_hotplug*", path)) && count) {
        return g_strdup_printf(
            "start the destination with -m ...,slots=%" PRIu64 ",maxmem=...", d->here);
    }
    if (vectors) {
        return g_strdup_printf("give the destination's device vectors=%u, or as many "
                               "queues (num-queues=, queues=) as here",
                               vectors);
    }
    for (size_t i = 0; i < G_N_ELEMENTS(properties); i++) {
        if (properties[i].kind == d->kind &&
            mig_glob(properties[i].section, section->name) &&
            mig_glob(properties[i].path, path) && d->at >= properties[i].first &&
            d->at <= properties[i].last) {
            return g_strdup(properties[i].option);
        }
    }
    return g_strdup("start the destination with the same device and the same properties");
}

static void report_option(MigCheck *check, const MigItem *item,
                          const MigShapeDifference *d)
{
    g_autofree char *option = dest_option(item->section, d);

    mig_dest_remedy_fields(check, item, d, option);
}

typedef void Report(MigCheck *check, const MigItem *item, const MigShapeDifference *d);

static void report_each(MigCheck *check, const MigItem *item, uint32_t kinds,
                        Report *report)
{
    const GPtrArray *differences = mig_compared_with_destinations(check, item);

    for (guint i = 0; i < differences->len; i++) {
        const MigShapeDifference *d = g_ptr_array_index(differences, i);

        if (kinds >> d->kind & 1) {
            check->about = d->with;
            report(check, item, d);
            if (!d->sure) {
                mig_report_severity(check, MIG_SEVERITY_WARNING);
            }
        }
    }
    mig_compared_ground(check);
}

static void report_device_version(MigCheck *check, const MigItem *item,
                                  const MigShapeDifference *d)
{
    mig_report(check, d->path ? d->offset : item->offset, item->section,
               "%s%sversion %" PRIu64 " here, at %s %" PRIu64 " there",
               d->path ? d->path : "", d->path ? ": " : "", d->here,
               d->here > d->there ? "most" : "least", d->there);
    mig_dest_report_version(check, item->section, d->here, d->there);
}

static void dest_device_version(MigCheck *check, const MigFacts *facts,
                                const MigItem *item)
{
    (void)facts;
    report_each(check, item, 1u << MIG_SHAPE_VERSION_NEW | 1u << MIG_SHAPE_VERSION_OLD,
                report_device_version);
}

static void report_subsection(MigCheck *check, const MigItem *item,
                              const MigShapeDifference *d)
{
    g_autofree char *path = mig_address_escape(d->path);
    g_autofree char *value =
        mig_remedy_part(item->section->name, item->section->instance_id, path);
    const char *name = strrchr(d->path, '.') ? strrchr(d->path, '.') + 1 : d->path;

    if (mig_shape_is_behind_pointer(name) && mig_shape_is_exact(d->with)) {
        mig_report(
            check, d->offset, item->section,
            "the destination's device lacks what subsection %s fills: QEMU aborts, "
            "or, before 9.1, does not know it",
            d->path);
        mig_report_words(
            check, MIG_FROM(QEMU(9, 1)),
            "vmstate_load_state: Assertion `first_elem || !n_elems || !size' "
            "failed.");
    } else {
        mig_report(check, d->offset, item->section,
                   "the destination knows no subsection %s", d->path);
        mig_report_words(check, MIG_BEFORE(MIG_WORDS_CHANGED),
                         "error while loading state for instance 0x%x of device '%s'",
                         item->section->instance_id, item->section->name);
        mig_report_words(check, MIG_FROM(MIG_WORDS_CHANGED),
                         "VM subsection '%s' in '%s' does not exist", name, d->owner);
    }
    mig_report_remedy(check, "drop-subsection:path=%s", value);
    mig_report_gives_up(check, true, "what the subsection holds");
}

static void dest_subsection(MigCheck *check, const MigFacts *facts, const MigItem *item)
{
    (void)facts;
    report_each(check, item, 1u << MIG_SHAPE_SUBSECTION_UNKNOWN, report_subsection);
}

static void report_fields(MigCheck *check, const MigItem *item,
                          const MigShapeDifference *d)
{
    static const char *const units[] = { [MIG_SHAPE_COUNT] = "element",
                                         [MIG_SHAPE_SIZE] = "byte",
                                         [MIG_SHAPE_FIELDS] = "byte" };

    mig_report(check, d->offset, item->section,
               "%s: %" PRIu64 " %s%s%s here, %" PRIu64 " there", d->path, d->here,
               units[d->kind], d->here == 1 ? "" : "s",
               d->kind == MIG_SHAPE_FIELDS ? " from here on" : "", d->there);
    mig_report_words(check, MIG_ALL_RELEASES, "Missing section footer for %s",
                     item->section->name);
    report_option(check, item, d);
}

static void dest_fields(MigCheck *check, const MigFacts *facts, const MigItem *item)
{
    (void)facts;
    report_each(check, item,
                1u << MIG_SHAPE_COUNT | 1u << MIG_SHAPE_SIZE | 1u << MIG_SHAPE_FIELDS,
                report_fields);
}

/* What is loaded into a constant register of an Arm CPU has to be what it reads. */
static void report_constant(MigCheck *check, const MigItem *item,
                            const MigShapeDifference *d)
{
    mig_report(check, d->offset, item->section,
               "%s is 0x%" PRIx64 " here, 0x%" PRIx64 " there, and cannot be changed",
               d->path, d->here, d->there);
    mig_report_words(check, MIG_ALL_RELEASES,
                     "error while loading state for instance 0x%x of device '%s'",
                     item->section->instance_id, item->section->name);
    mig_dest_remedy_constant(check, item, d);
}

static void report_value(MigCheck *check, const MigItem *item,
                         const MigShapeDifference *d)
{
    if (g_str_has_prefix(d->path, "cpreg[")) {
        report_constant(check, item, d);
        return;
    }
    mig_report(check, d->offset, item->section,
               "%s: %" PRIu64 " here, %s%" PRIu64 " there, and the loader compares them",
               d->path, d->here, d->is_limit ? "at most " : "", d->there);
    if (d->is_limit) {
        mig_report_words(check, MIG_ALL_RELEASES,
                         "Invalid value %" PRIu64 " expecting positive value <= %" PRIu64,
                         d->here, d->there);
    } else {
        mig_report_words(check, MIG_ALL_RELEASES, "%" PRIx64 " != %" PRIx64, d->there,
                         d->here);
    }
    if (mig_glob("cpreg_*", d->path)) {
        mig_dest_remedy_registers(check, item, d);
    } else {
        report_option(check, item, d);
    }
}

static void dest_value(MigCheck *check, const MigFacts *facts, const MigItem *item)
{
    (void)facts;
    report_each(check, item, 1u << MIG_SHAPE_VALUE, report_value);
}

/* Whether a driver has set the queue up whose number of entries is at @path. */
static bool is_in_use(MigCheck *check, const char *path)
{
    g_autofree char *desc =
        g_strdup_printf("%.*s.desc", (int)(strlen(path) - strlen(".num")), path);
    const MigLeaf *leaf =
        mig_leaves_find(mig_offered_leaves(&check->compared.offered), desc);

    return !leaf || leaf->field.u;
}

/* The loader of 11.1 compares the numbers; older ones take any. */
static void report_queue(MigCheck *check, const MigItem *item,
                         const MigShapeDifference *d)
{
    MigRelease own = check->asked ? MIG_RELEASE_NONE : mig_shape_release(d->with);
    bool sure = check->asked || own;
    g_autofree char *path = mig_address_escape(d->path);
    g_autofree char *value =
        mig_remedy_part(item->section->name, item->section->instance_id, path);

    if ((check->asked && !mig_check_asks(check, MIG_FROM(QUEUES_CHECKED))) ||
        (own && own < QUEUES_CHECKED)) {
        return;
    }
    mig_report(check, d->offset, item->section,
               "%s: %" PRIu64 " entries here, at most %" PRIu64
               " there, which QEMU 11.1 and "
               "later refuse",
               d->path, d->here, d->there);
    mig_report_words(check, MIG_FROM(QUEUES_CHECKED),
                     "VQ ... vring.num %" PRIu64 " exceeds allocated max %" PRIu64,
                     d->here, d->there);
    mig_report_no_remedy(check, "give the device at the destination as long queues "
                                "(queue-size=, rx_queue_size=, tx_queue_size=)");
    if (!is_in_use(check, d->path)) {
        mig_report_remedy(check, "set-field:path=%s:value=%" PRIu64, value, d->there);
        mig_report_gives_up(check, false, "nothing: no driver has set the queue up");
    }
    mig_report_severity(check, sure ? MIG_SEVERITY_ERROR : MIG_SEVERITY_WARNING);
}

static void dest_queue(MigCheck *check, const MigFacts *facts, const MigItem *item)
{
    (void)facts;
    report_each(check, item, 1u << MIG_SHAPE_QUEUE, report_queue);
}

static void report_register(MigCheck *check, const MigItem *item,
                            const MigShapeDifference *d)
{
    mig_report(check, d->offset, item->section,
               "the destination's CPU lacks %" PRIu64 " register%s, the first %s",
               d->here, MIG_PLURAL(d->here), d->path);
    mig_report_words(check, MIG_BEFORE(QEMU(11, 0)),
                     "error while loading state for instance 0x%x of device '%s'",
                     item->section->instance_id, item->section->name);
    mig_report_words(
        check, MIG_FROM(QEMU(11, 0)),
        "handle_cpreg_only_in_incoming_stream: ... in the incoming stream but "
        "unknown on the destination: fail migration");
    mig_dest_remedy_registers(check, item, d);
}

static void dest_register(MigCheck *check, const MigFacts *facts, const MigItem *item)
{
    (void)facts;
    report_each(check, item, 1u << MIG_SHAPE_REGISTER, report_register);
}

/* The words of a note; what is in brackets is one. */
static char **words_of(const char *note)
{
    g_autoptr(GPtrArray) words = g_ptr_array_new();
    const char *begin = note;
    unsigned depth = 0;

    for (const char *p = note;; p++) {
        if (!*p || (*p == ' ' && !depth)) {
            g_ptr_array_add(words, g_strndup(begin, (gsize)(p - begin)));
            begin = p + 1;
        }
        if (!*p) {
            break;
        }
        depth += *p == '[' || *p == '(';
        depth -= depth && (*p == ']' || *p == ')');
    }
    g_ptr_array_add(words, NULL);
    return (char **)g_ptr_array_free(g_steal_pointer(&words), FALSE);
}

/* Adds the words of @a that are others in @b: notes are lists of what each bit says. */
static void append_words(GString *text, const char *a, const char *b)
{
    g_auto(GStrv) words = words_of(a), others = words_of(b);
    size_t n = g_strv_length(words);
    bool alike = n == g_strv_length(others);

    for (size_t i = 0; i < n; i++) {
        if (!alike || strcmp(words[i], others[i]) != 0) {
            g_string_append_printf(
                text, " %.*s", (int)(strlen(words[i]) - g_str_has_suffix(words[i], ",")),
                words[i]);
        }
    }
}

static void report_pci(MigCheck *check, const MigItem *item, const MigShapeDifference *d)
{
    g_autoptr(GString) notes = g_string_new(NULL);

    if (d->note_here && d->note_there && strcmp(d->note_here, d->note_there) != 0) {
        g_string_append_c(notes, ':');
        append_words(notes, d->note_here, d->note_there);
        g_string_append(notes, " here,");
        append_words(notes, d->note_there, d->note_here);
        g_string_append(notes, " there");
    }
    mig_report(check, d->offset, item->section,
               "byte 0x%02x of configuration space is 0x%02" PRIx64 " here, 0x%02" PRIx64
               " there, in %s%s",
               d->at, d->here, d->there, d->path ? d->path : "no register that is known",
               notes->str);
    mig_report_words(check, MIG_ALL_RELEASES,
                     "get_pci_config_device: Bad config data: i=0x%x read: %" PRIx64
                     " device: %" PRIx64,
                     d->at, d->here, d->there);
    report_option(check, item, d);
}

static void dest_pci_config(MigCheck *check, const MigFacts *facts, const MigItem *item)
{
    (void)facts;
    report_each(check, item, 1u << MIG_SHAPE_PCI_CONFIG, report_pci);
}

/* --- what a monitor has shown ------------------------------------------------------------ */

static void report_place(MigCheck *check, const MigItem *item,
                         const MigShapeDifference *d)
{
    const char *handler = mig_section_handler(item->section->name);
    g_autofree char *alike = d->path ? g_strconcat(d->path, "/", handler, NULL) : NULL;

    const MigSection other = { .name = alike, .instance_id = item->section->instance_id };

    mig_dest_report_unknown(check, item, alike ? &other : NULL);
}

void mig_dest_report_places(MigCheck *check, const MigItem *item)
{
    report_each(check, item, 1u << MIG_SHAPE_PLACE, report_place);
}

/* "GUEST_USO4 (bit 54), ..."; and the properties that switch them off. */
static char *feature_names(const MigSection *section, unsigned first, uint64_t missing,
                           GString *options)
{
    const char *vmstate = mig_section_handler(section->name);
    uint16_t type = mig_virtio_type_of_vmstate(vmstate);
    GString *names = g_string_new(NULL);

    for (unsigned bit = 0; bit < 64; bit++) {
        const char *name = mig_virtio_feature_name(type, first + bit);
        g_autofree char *option =
            mig_virtio_feature_option(type, vmstate, first + bit, false);

        if (!(missing >> bit & 1)) {
            continue;
        }
        g_string_append_printf(names, "%s%s (bit %u)", names->len ? ", " : "",
                               name ? name : "one without a name", first + bit);
        if (option) {
            g_string_append_printf(options, "%s%s", options->len ? "," : "", option);
        }
    }
    return g_string_free(names, FALSE);
}

static void report_features(MigCheck *check, const MigItem *item,
                            const MigShapeDifference *d)
{
    g_autoptr(GString) options = g_string_new(NULL);
    g_autofree char *names =
        feature_names(item->section, d->at, d->here & ~d->there, options);
    uint64_t lower = d->at ? d->beside_here : d->here,
             upper = d->at ? d->here : d->beside_here;
    g_autofree char *none = g_strdup_printf(
        "offer them at the destination (a newer kernel, tap or back-end, or the device's "
        "properties)%s%s",
        options->len ? ", or start the source's device with " : "", options->str);

    mig_report(check, d->offset, item->section,
               "%s: the guest's driver uses what the destination does not offer: %s",
               d->path, names);
    if (!d->at) { /* older ones refuse the subsection of the others */
        mig_report_words(check, MIG_BEFORE(MIG_WORDS_CHANGED),
                         "Features 0x%" PRIx64 " unsupported. Allowed features: ", lower);
    }
    mig_report_words(
        check, MIG_FROM(MIG_WORDS_CHANGED),
        "Features 0x%016" PRIx64 "%016" PRIx64 " unsupported. Allowed features: ", upper,
        lower);
    mig_report_no_remedy(check, none);
    mig_dest_remedy_features(check, item, d->at, d->here & ~d->there);
}

static void dest_features(MigCheck *check, const MigFacts *facts, const MigItem *item)
{
    (void)facts;
    report_each(check, item, 1u << MIG_SHAPE_FEATURES, report_features);
}

const MigRule mig_rules_dest_device[] = {
    { "dest-device-version",
      "the destination reads the versions of devices and subsections", MIG_SEVERITY_ERROR,
      MIG_DEST_RULE(MIG_WATCH(DEVICE_STATE), dest_device_version) },
    { "dest-pci-config",
      "configuration space is the destination's where a loader compares it",
      MIG_SEVERITY_ERROR, MIG_DEST_RULE(MIG_WATCH(DEVICE_STATE), dest_pci_config) },
    { "dest-fields", "the destination reads as many bytes and elements",
      MIG_SEVERITY_ERROR, MIG_DEST_RULE(MIG_WATCH(DEVICE_STATE), dest_fields) },
    { "dest-value", "values that the loader compares are the destination's",
      MIG_SEVERITY_ERROR, MIG_DEST_RULE(MIG_WATCH(DEVICE_STATE), dest_value) },
    { "dest-queue", "the destination's virtqueues are as long", MIG_SEVERITY_WARNING,
      MIG_DEST_RULE(MIG_WATCH(DEVICE_STATE), dest_queue) },
    { "dest-register", "the destination's CPU has the registers", MIG_SEVERITY_ERROR,
      MIG_DEST_RULE(MIG_WATCH(DEVICE_STATE), dest_register) },
    { "dest-subsection", "the destination knows the subsections", MIG_SEVERITY_ERROR,
      MIG_DEST_RULE(MIG_WATCH(DEVICE_STATE), dest_subsection) },
    { "dest-features", "the destination offers the virtio features in use",
      MIG_SEVERITY_ERROR, MIG_DEST_RULE(MIG_WATCH(DEVICE_STATE), dest_features) },
    { 0 },
};
