/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          comparing a stream with what a destination's monitor showed.
 * Must not know: how a transcript is read.
 * See also:      transcript.h; compare-pci.c, which compares the bytes.
 *
 * Source: hw/pci/pci.c, pci_register_bar(): of a BAR the loader checks its type, and the bits of
 * the address that its size leaves no room for.
 */
#include <string.h>

#include "device/virtio.h"
#include "io/budget.h"
#include "shape/compare.h"
#include "shape/transcript.h"
#include "stream/item-private.h"
#include "stream/wire.h"

#define CLASS        0x0au
#define HEADER_TYPE  0x0eu
#define BAR_0        0x10u
#define ROM          0x30u
#define ROM_BRIDGE   0x38u
#define CAPABILITIES 0x34u
#define CAP_MSIX     0x11u
#define SPACE        256u

#define BAR_IO       0x1u
#define BAR_WIDE     0x4u
#define BAR_PREFETCH 0x8u

/* Steps that looking a place up costs. */
#define PLACE_STEPS 16u

/* --- places ------------------------------------------------------------------------------ */

/* Bytes of "0000:00:05.0", or of a longer place, that @name begins with; 0: it is no PCI
 * function's. */
static size_t place_length(const char *name)
{
    static const char pattern[] = "xxxx:xx:xx.x", behind[] = ":xx.x";
    size_t n = 0;

    for (const char *want = pattern;; want = behind) {
        size_t i = 0;

        while (want[i] && (want[i] == 'x' ? g_ascii_isxdigit(name[n + i])
                                          : name[n + i] == want[i])) {
            i++;
        }
        if (want[i]) {
            return n && (name[n] == '/' || name[n] == '\0') ? n : 0;
        }
        n += i;
    }
}

static char *place_of(const char *name)
{
    size_t n = place_length(name);

    return n ? g_strndup(name, n) : NULL;
}

/* Whether it is shown that nothing is at @place: what is behind a bridge may be shown or not. */
static bool is_empty(const MigTranscript *transcript, const char *place)
{
    g_autofree char *up = g_strdup(place);
    char *last;

    while (g_str_has_prefix(up, MIG_TRANSCRIPT_ROOT ":")) {
        const MigTranscriptFunction *bridge;

        last = strrchr(up, ':');
        *last = '\0';
        if (strcmp(up, MIG_TRANSCRIPT_ROOT) == 0) {
            return transcript->shows_root;
        }
        bridge = g_tree_lookup(transcript->functions, up);
        if (bridge) {
            return bridge->shows_children;
        }
    }
    return false;
}

static bool lacks(const MigTranscript *transcript, const char *place)
{
    return !g_tree_lookup(transcript->functions, place) && is_empty(transcript, place);
}

MigShapeSetting mig_shape_capability(const MigShape *shape, const char *name)
{
    const MigTranscript *t = shape->transcript;
    const MigConfiguration *conf =
        shape->reader ? mig_reader_configuration(shape->reader) : NULL;
    unsigned bit = mig_transcript_capability(name);

    if (t) {
        return !(t->shown & bit) ? MIG_SHAPE_SETTING_UNKNOWN
               : t->set & bit    ? MIG_SHAPE_SETTING_ON
                                 : MIG_SHAPE_SETTING_OFF;
    }
    /* it may be set only when a stream comes */
    return conf && conf->capabilities && g_strv_contains(conf->capabilities, name)
               ? MIG_SHAPE_SETTING_ON
               : MIG_SHAPE_SETTING_UNKNOWN;
}

MigRelease mig_shape_release(const MigShape *shape)
{
    const MigTranscript *t = shape->transcript;

    return t && t->major ? (MigRelease)MIG_RELEASE(t->major, t->minor) : MIG_RELEASE_NONE;
}

bool mig_shape_lacks_place(const MigShape *shape, const char *name)
{
    g_autofree char *place = shape->transcript ? place_of(name) : NULL;

    return place && lacks(shape->transcript, place);
}

/* Whether the stream has a section of the function at @place so far. */
static bool is_in_stream(MigReader *reader, const char *place)
{
    size_t n, length = strlen(place);
    const MigSection *const *sections = mig_reader_sections(reader, &n);

    for (size_t i = 0; i < n && mig_budget_spend(mig_reader_budget(reader), 1); i++) {
        if (strncmp(sections[i]->name, place, length) == 0 &&
            sections[i]->name[length] == '/') {
            return true;
        }
    }
    return false;
}

typedef struct Search {
    MigReader *reader;
    uint16_t vendor, device;
    const char *found;
} Search;

static gboolean is_alike(gpointer key, gpointer value, gpointer user)
{
    const MigTranscriptFunction *function = value;
    Search *search = user;

    if (function->has_ids && function->vendor == search->vendor &&
        function->device == search->device && !is_in_stream(search->reader, key)) {
        search->found = key;
    }
    return search->found || mig_reader_budget(search->reader)->left == 0;
}

static void compare_place(MigShapeComparison *c, const MigTranscript *transcript)
{
    uint32_t n;
    uint64_t offset;
    const uint8_t *space = mig_shape_pci_space(c->offered, &n, &offset);
    MigShapeDifference *difference =
        mig_shape_differ(c->budget, c->differences, MIG_SHAPE_PLACE, true);
    Search search = { .reader = c->offered->reader };

    difference->offset = c->offered->offset;
    if (space) {
        search.vendor = mig_le16(space);
        search.device = mig_le16(space + 2);
        g_tree_foreach(transcript->functions, is_alike, &search);
        difference->path = g_strdup(search.found);
    }
}

/* --- configuration space ----------------------------------------------------------------- */

/* What is known of the destination's: @bits where @mask is 1. */
typedef struct Known {
    uint8_t bits[SPACE], mask[SPACE];
} Known;

static void know(Known *known, uint32_t at, unsigned n, uint64_t bits, uint64_t mask)
{
    for (unsigned i = 0; i < n; i++) {
        known->bits[at + i] = (uint8_t)(bits >> (8 * i));
        known->mask[at + i] = (uint8_t)(mask >> (8 * i));
    }
}

static void know_bar(Known *known, uint32_t at, const MigTranscriptBar *bar, bool rom)
{
    uint64_t low = bar->size ? bar->size - 1 : 0;
    uint64_t type_mask = rom ? 0 : bar->is_io ? 3 : bar->is_typed ? 0xf : 1;
    uint64_t type = (bar->is_io ? BAR_IO : 0) | (bar->is_wide ? BAR_WIDE : 0) |
                    (bar->prefetch ? BAR_PREFETCH : 0);

    if (bar->there && !(bar->size & low)) { /* sizes are powers of two */
        know(known, at, bar->is_wide && !rom ? 8 : 4, rom ? 0 : type,
             (low & ~UINT64_C(0xf)) | type_mask);
    }
}

/* Where the size of the MSI-X table is, in the stream's space; 0: it has none. */
static uint32_t find_msix(const uint8_t *space)
{
    uint8_t at = space[CAPABILITIES] & 0xfc;

    for (unsigned n = 0; at >= 0x40 && n < 48; n++) {
        if (space[at] == CAP_MSIX) {
            return at + 2;
        }
        at = space[at + 1] & 0xfc;
    }
    return 0;
}

static void compare_space(MigShapeComparison *c, const MigTranscriptFunction *function)
{
    Known known = { 0 };
    uint32_t n, msix;
    uint64_t offset;
    const uint8_t *space = mig_shape_pci_space(c->offered, &n, &offset);

    if (!space || n < SPACE || !mig_budget_spend(c->budget, SPACE / 8)) {
        return;
    }
    if (function->has_ids) {
        know(&known, 0, 4, function->vendor | (uint64_t)function->device << 16,
             UINT32_MAX);
    }
    if (function->has_class) {
        know(&known, CLASS, 2, function->class, UINT16_MAX);
    }
    for (unsigned i = 0; i < MIG_TRANSCRIPT_ROM; i++) {
        know_bar(&known, BAR_0 + 4 * i, &function->bars[i], false);
    }
    know_bar(&known, (space[HEADER_TYPE] & 0x7f) == 1 ? ROM_BRIDGE : ROM,
             &function->bars[MIG_TRANSCRIPT_ROM], true);
    msix = find_msix(space);
    if (msix && function->vectors > 0) {
        know(&known, msix, 2, (unsigned)function->vectors - 1, 0x7ff);
    }
    mig_shape_compare_pci_bits(c, known.bits, known.mask, SPACE);
}

/* --- virtio ------------------------------------------------------------------------------ */

/* The status that was asked for of the device, if it is certain which one that is; *sure: it is
 * certain that it is of this one, and not of another of its kind. */
static const MigTranscriptVirtio *find_status(const MigTranscript *transcript,
                                              const MigTranscriptFunction *function,
                                              const char *handler, bool *sure)
{
    const MigTranscriptVirtio *only = NULL;
    unsigned n = 0;

    for (guint i = 0; i < transcript->virtio->len; i++) {
        const MigTranscriptVirtio *status = g_ptr_array_index(transcript->virtio, i);

        if (function && function->id && g_strcmp0(status->id, function->id) == 0) {
            *sure = true;
            return status;
        }
        if (g_strcmp0(status->name, handler) == 0) {
            only = status;
            n++;
        }
    }
    *sure = false;
    return n == 1 && !(function && function->id && only->id) ? only : NULL;
}

typedef struct Count {
    uint16_t type;
    unsigned n;
} Count;

static gboolean count_type(gpointer key, gpointer value, gpointer user)
{
    const MigTranscriptFunction *function = value;
    Count *count = user;

    (void)key;
    count->n += function->has_ids && function->vendor == 0x1af4 &&
                mig_virtio_type_of_pci(function->device) == count->type;
    return false;
}

/* Whether the destination has one device of that type and no more: then it is clear whose status
 * it is. */
static bool is_only_one(const MigTranscript *transcript, uint16_t type)
{
    Count count = { .type = type };

    g_tree_foreach(transcript->functions, count_type, &count);
    return transcript->shows_root && count.n == 1;
}

/* What the guest's driver uses, from bit 0 on or, @upper, from bit 64 on; and where that is. */
static uint64_t features_of(const MigShapeComparison *c, bool upper, uint64_t *offset,
                            char **path)
{
    const GArray *list = mig_offered_leaves(c->offered)->list;
    const MigField *found = NULL;

    for (guint i = 0; i < list->len && mig_budget_spend(c->budget, 1); i++) {
        const MigField *f = &g_array_index(list, MigLeaf, i).field;

        if (f->kind == MIG_FIELD_UINT &&
            (upper ? g_str_has_suffix(f->path, "128bit_features.guest_features_ex[1]")
                   : g_str_has_suffix(f->path, "64bit_features.guest_features") ||
                         (!found && g_str_has_suffix(f->path, "guest_features_low")))) {
            found = f;
        }
    }
    *offset = found ? found->offset : 0;
    *path = found ? g_strdup(found->path) : NULL;
    return found ? found->u : 0;
}

static void compare_features(MigShapeComparison *c, const MigTranscriptVirtio *virtio,
                             bool sure)
{
    uint64_t offset[2], used[2];
    g_autofree char *lower = NULL, *upper = NULL;
    char **paths[2] = { &lower, &upper };

    if (!virtio || !(virtio->known[0] | virtio->known[1])) {
        return;
    }
    for (unsigned i = 0; i < 2; i++) {
        used[i] = features_of(c, i == 1, &offset[i], paths[i]);
    }
    for (unsigned i = 0; i < 2; i++) {
        uint64_t missing = used[i] & virtio->known[i] & ~virtio->offered[i];
        MigShapeDifference *difference =
            missing ? mig_shape_differ(c->budget, c->differences, MIG_SHAPE_FEATURES,
                                       sure && !virtio->is_vague)
                    : NULL;

        if (difference) {
            difference->path = g_steal_pointer(paths[i]);
            difference->offset = offset[i];
            difference->at = 64 * i;
            difference->here = used[i];
            difference->there = used[i] & ~missing;
            difference->beside_here = used[!i];
        }
    }
}

/* The number of a queue in "virtio.queues[3].num", or -1. */
static int queue_of(const char *path)
{
    const char *p = strstr(path, "virtio.queues[");
    char *end;
    guint64 number = p ? g_ascii_strtoull(p + strlen("virtio.queues["), &end, 10) : 0;

    return p && strcmp(end, "].num") == 0 ? (int)MIN(number, 1024) : -1;
}

/* Entries that the queue has there; 0: not known.  The last queue of a network card is of
 * control. */
static uint32_t size_there(const MigTranscriptVirtio *virtio, int queue, int last)
{
    if (virtio->queue_size) {
        return virtio->queue_size;
    }
    return queue == last && queue % 2 == 0 ? 0
           : queue % 2                     ? virtio->tx_size
                                           : virtio->rx_size;
}

static void compare_queues(MigShapeComparison *c, const MigTranscriptVirtio *virtio)
{
    const GArray *list = mig_offered_leaves(c->offered)->list;
    int last = -1;

    for (guint i = 0; i < list->len && mig_budget_spend(c->budget, 1); i++) {
        last = MAX(last, queue_of(g_array_index(list, MigLeaf, i).field.path));
    }
    for (guint i = 0; i < list->len && mig_shape_goes_on(c, 1); i++) {
        const MigField *f = &g_array_index(list, MigLeaf, i).field;
        int queue = queue_of(f->path);
        uint32_t there = queue < 0 ? 0 : size_there(virtio, queue, last);

        if (there && f->kind == MIG_FIELD_UINT && f->u > there) {
            MigShapeDifference *difference =
                mig_shape_differ(c->budget, c->differences, MIG_SHAPE_QUEUE, true);

            difference->path = g_strdup(f->path);
            difference->offset = f->offset;
            difference->here = f->u;
            difference->there = there;
        }
    }
}

static void compare_virtio(MigShapeComparison *c, const MigTranscript *transcript,
                           const MigTranscriptFunction *function)
{
    const char *handler = mig_section_handler(c->offered->section->name);
    uint16_t type = mig_virtio_type_of_vmstate(handler);
    const MigTranscriptVirtio *status;
    bool sure;

    if (!type) {
        return;
    }
    status = find_status(transcript, function, handler, &sure);
    if (status) {
        compare_features(c, status, sure || is_only_one(transcript, type));
    } else if (function) {
        compare_features(c, &function->virtio, true);
    }
    if (function && (function->virtio.queue_size || function->virtio.rx_size)) {
        compare_queues(c, &function->virtio);
    }
}

/* --- all of it --------------------------------------------------------------------------- */

void mig_shape_compare_transcript(MigShapeComparison *c, const MigTranscript *transcript)
{
    g_autofree char *place = place_of(c->offered->section->name);
    const MigTranscriptFunction *function =
        place ? g_tree_lookup(transcript->functions, place) : NULL;

    if (!mig_budget_spend(c->budget, PLACE_STEPS)) {
        return;
    }
    if (place && lacks(transcript, place)) {
        compare_place(c, transcript);
        return;
    }
    if (function) {
        compare_space(c, function);
    }
    compare_virtio(c, transcript, function);
    if (transcript->shows_cpus && mig_offered_shape(c->offered)) {
        c->max_cpus = transcript->max_cpus;
        mig_shape_compare_max_cpus(c, c->offered->shape);
    }
}

/* A block is a backend's that is a device, or the option ROM of a function. */
MigShapeBlockFate mig_shape_transcript_block(const MigShape *shape,
                                             const MigRamBlock *block, uint64_t *there)
{
    const MigTranscript *transcript = shape->transcript;
    g_autofree char *place = place_of(block->name);
    const MigTranscriptFunction *function =
        place ? g_tree_lookup(transcript->functions, place) : NULL;
    const MigTranscriptBar *rom = function ? &function->bars[MIG_TRANSCRIPT_ROM] : NULL;

    for (guint i = 0; i < transcript->memory->len; i++) {
        const MigTranscriptMemory *memory = g_ptr_array_index(transcript->memory, i);
        const char *id = memory->backend ? strrchr(memory->backend, '/') : NULL;

        if (id && (strcmp(memory->backend, block->name) == 0 ||
                   strcmp(id + 1, block->name) == 0)) {
            *there = memory->size;
            return memory->size && memory->size != block->used_length
                       ? MIG_SHAPE_BLOCK_LENGTH
                       : MIG_SHAPE_BLOCK_FINE;
        }
    }
    if (place && lacks(transcript, place)) {
        return MIG_SHAPE_BLOCK_UNKNOWN;
    }
    if (!rom || !function->shows_bars || !g_str_has_suffix(block->name, ".rom")) {
        return MIG_SHAPE_BLOCK_FINE;
    }
    *there = rom->size;
    return !rom->there                                    ? MIG_SHAPE_BLOCK_UNKNOWN
           : rom->size && rom->size != block->used_length ? MIG_SHAPE_BLOCK_LENGTH
                                                          : MIG_SHAPE_BLOCK_FINE;
}
