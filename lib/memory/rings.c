/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          see rings.h.
 * Must not know: see there.
 * See also:      memory/map.h; device/virtio.c, which names the fields.
 *
 * Source: hw/virtio/virtio.c, virtio_load(); hw/i386/kvmvapic.c, vapic_map_rom_writable();
 * 5.2 to 11.1.
 */
#include "memory/rings.h"

#include <stdlib.h>
#include <string.h>

#include "device/virtio.h"
#include "io/input.h"
#include "memory/facts.h"
#include "memory/map-private.h"
#include "stream/command.h"
#include "stream/item-private.h"
#include "stream/ram-record.h"
#include "stream/tail.h"

/* Bits of the guest's features that change what is in RAM. */
#define ACCESS_PLATFORM 33u
#define RING_PACKED     34u

/* Of the available and the used ring: le16 flags, le16 index.  Of a descriptor table: 16 bytes
 * each. */
#define INDEX_AT          2u
#define RING_HEADER       4u
#define DESCRIPTOR_LENGTH 16u

/* Where a PC has option ROMs.  One begins at a multiple of 512 bytes, and its third byte is its
 * length in such units. */
#define ROMS       0xc0000u
#define ROMS_END   0x100000u
#define ROM_UNIT   512u
#define ROM_LENGTH 2u
#define ROM_UNITS  ((ROMS_END - ROMS) / ROM_UNIT)

/* The record that has a word last. */
typedef struct Found {
    uint64_t at;
    uint32_t channel;
    bool seen, zero, encoded;
} Found;

typedef struct Wanted {
    MigGuestWord *word;
    Found found;
} Wanted;

struct MigRings {
    MigReader *reader;
    bool begun, looked;
    bool blind;     /* pages are taken back, or come after the devices */
    GArray *rings;  /* MigRing */
    GArray *wanted; /* Wanted, by block and offset */

    /* of each unit where a ROM can begin: */
    bool rom_known[ROM_UNITS];
    uint8_t rom_length[ROM_UNITS];
    uint64_t rom_at[ROM_UNITS];
};

static void clear_ring(gpointer p)
{
    g_free(((MigRing *)p)->section);
}

MigRings *mig_rings_new(MigReader *reader)
{
    MigRings *rings = g_new0(MigRings, 1);

    rings->reader = reader;
    rings->rings = g_array_new(false, true, sizeof(MigRing));
    rings->wanted = g_array_new(false, true, sizeof(Wanted));
    g_array_set_clear_func(rings->rings, clear_ring);
    return rings;
}

void mig_rings_free(MigRings *rings)
{
    if (rings) {
        g_array_unref(rings->rings);
        g_array_unref(rings->wanted);
        g_free(rings);
    }
}

/* --- what the devices say ---------------------------------------------------------------- */

/* One device's queues. */
typedef struct Device {
    MigRings *rings;
    const MigDeviceDescription *device;
    guint first;       /* its first queue in the list */
    uint32_t align;    /* of a used ring, where the transport has it */
    uint64_t features; /* of the guest, where they are known */
} Device;

/* The ring that a field of "queues[N]." belongs to; NULL: none. */
static MigRing *ring_of(const Device *d, const MigField *field)
{
    const char *queue = strstr(field->path, "queues[");
    unsigned long n = queue ? strtoul(queue + strlen("queues["), NULL, 10) : ULONG_MAX;

    return n < d->rings->rings->len - d->first
               ? &g_array_index(d->rings->rings, MigRing, d->first + n)
               : NULL;
}

static void add_ring(Device *d, const MigField *field)
{
    if (d->rings->rings->len < MIG_RINGS_MAX) {
        const MigRing ring = { .section = g_strdup(d->device->name),
                               .instance_id = d->device->instance_id,
                               .queue = d->rings->rings->len - d->first,
                               .size = (uint32_t)field->u };

        g_array_append_val(d->rings->rings, ring);
    }
}

/* Where the rings are that come after the descriptors, as a legacy driver has them. */
static void set_addresses(const Device *d, MigRing *ring, uint64_t descriptors)
{
    ring->available.address = descriptors + (uint64_t)DESCRIPTOR_LENGTH * ring->size;
    if (d->align) {
        ring->used.address =
            mig_memory_round_up(ring->available.address + RING_HEADER +
                                    (uint64_t)sizeof(uint16_t) * ring->size,
                                d->align);
    }
}

static void visit_virtio(const MigField *field, void *user)
{
    Device *d = user;
    bool own = g_str_has_prefix(field->path, "virtio.queues[");
    MigRing *ring = own ? ring_of(d, field) : NULL;

    if (field->kind != MIG_FIELD_UINT) {
        return;
    }
    if (own && strcmp(field->name, "num") == 0) {
        add_ring(d, field);
    } else if (ring && strcmp(field->name, "align") == 0) {
        d->align = (uint32_t)field->u;
    } else if (ring && strcmp(field->name, "desc") == 0 && field->u) {
        set_addresses(d, ring, field->u);
    } else if (ring && strcmp(field->name, "last_avail_idx") == 0) {
        ring->last = (uint16_t)field->u;
        ring->offset = field->offset;
    } else if (g_str_has_prefix(field->path, "virtio.virtio/virtqueues.queues[")) {
        ring = ring_of(d, field);
        if (ring && ring->available.address && strcmp(field->name, "avail") == 0) {
            ring->available.address = field->u;
        } else if (ring && strcmp(field->name, "used") == 0) {
            ring->used.address = field->u;
        }
    } else if (g_str_has_suffix(field->path, "virtio/64bit_features.guest_features")) {
        d->features = field->u;
    }
}

/* Queues that nobody has set up, or whose indices are not where they would be, do not count. */
static void drop_unused(MigRings *rings, const Device *d)
{
    bool other = d->features >> ACCESS_PLATFORM & 1 || d->features >> RING_PACKED & 1;

    for (guint i = rings->rings->len; i-- > d->first;) {
        MigRing *ring = &g_array_index(rings->rings, MigRing, i);

        if (other || !ring->available.address) {
            g_array_remove_index(rings->rings, i);
        } else {
            ring->available.address += INDEX_AT;
            ring->used.address += ring->used.address ? INDEX_AT : 0;
        }
    }
}

static MigDeviceBody body_of(const MigDeviceDescription *device, uint64_t body)
{
    return (MigDeviceBody){ .name = device->name,
                            .instance_id = device->instance_id,
                            .version_id = device->version,
                            .offset = body,
                            .length = device->size };
}

/* A MigTailVisit: virtio devices. */
static void look(const MigDeviceDescription *device, uint64_t body, void *user)
{
    MigRings *rings = user;
    const MigDeviceBody at = body_of(device, body);
    Device d = { .rings = rings, .device = device, .first = rings->rings->len };

    if (mig_virtio_type_of_vmstate(mig_section_handler(device->name))) {
        mig_memory_decode_at(rings->reader, &at, visit_virtio, &d);
        drop_unused(rings, &d);
    }
}

/* A MigTailVisit: devices that say where RAM is. */
static void look_for_memory(const MigDeviceDescription *device, uint64_t body, void *user)
{
    const MigDeviceBody at = body_of(device, body);

    mig_memory_map_read(user, &at);
}

/* --- where that is ----------------------------------------------------------------------- */

static gint compare(gconstpointer a, gconstpointer b)
{
    const MigGuestWord *x = ((const Wanted *)a)->word, *y = ((const Wanted *)b)->word;

    return x->block->index != y->block->index
               ? (x->block->index > y->block->index) * 2 - 1
               : (x->offset > y->offset) - (x->offset < y->offset);
}

static void want(MigRings *rings, MigGuestWord *word)
{
    const Wanted wanted = { .word = word };

    if (word->block && word->offset < word->block->used_length) {
        g_array_append_val(rings->wanted, wanted);
    } else {
        word->block = NULL;
    }
}

static void want_at(MigRings *rings, const MigMemoryMap *map, MigGuestWord *word)
{
    const MigMemoryRange *range =
        word->address ? mig_memory_map_find(map, word->address) : NULL;

    /* a word that may be elsewhere is none */
    if (range && range->block && range->source != MIG_MEMORY_DERIVED) {
        word->block = range->block;
        word->offset = range->offset + (word->address - range->start);
        want(rings, word);
    }
}

/* All devices first; then, if one has something in RAM, what tells where that is. */
static void begin(MigRings *rings)
{
    g_autoptr(MigMemoryMap) map = NULL;

    rings->begun = true;
    rings->looked = mig_reader_visit_tail(rings->reader, look, rings);
    if (!rings->looked || !rings->rings->len) {
        return;
    }
    map = mig_memory_map_new(rings->reader, NULL);
    mig_reader_visit_tail(rings->reader, look_for_memory, map);
    if (!mig_memory_map_make(map, NULL)) {
        return;
    }
    for (guint i = 0; i < rings->rings->len; i++) {
        MigRing *ring = &g_array_index(rings->rings, MigRing, i);

        want_at(rings, map, &ring->available);
        want_at(rings, map, &ring->used);
    }
    g_array_sort(rings->wanted, compare);
}

/* --- RAM --------------------------------------------------------------------------------- */

/* The first wanted word that is not before @address of the block. */
static guint first_at(const MigRings *rings, const MigRamBlock *block, uint64_t address)
{
    MigGuestWord word = { .block = block, .offset = address };
    const Wanted key = { .word = &word };
    guint low = 0, high = rings->wanted->len;

    while (low < high) {
        guint middle = (low + high) / 2;

        if (compare(&g_array_index(rings->wanted, Wanted, middle), &key) < 0) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

/* Where the byte at @offset of the block is in the stream, of a run that has the page as it
 * is. */
static uint64_t place_in(const MigItem *item, uint64_t offset)
{
    const MigRamPages *run = &item->pages;
    uint64_t in_run = offset - run->address;
    uint32_t page = (uint32_t)(in_run / run->page_size);

    return item->offset + mig_ram_pages_length(run, page) +
           (page ? run->stride : run->first_length) - run->data_length +
           in_run % run->page_size;
}

static void watch_pages(MigRings *rings, const MigItem *item)
{
    const MigRamPages *run = &item->pages;
    uint64_t end = run->address + (uint64_t)run->n_pages * run->page_size;

    for (guint i = first_at(rings, run->block, run->address); i < rings->wanted->len;
         i++) {
        Wanted *wanted = &g_array_index(rings->wanted, Wanted, i);
        if (wanted->word->block->index != run->block->index ||
            wanted->word->offset >= end) {
            return;
        }
        wanted->found = (Found){ .seen = true,
                                 .channel = item->channel,
                                 .zero = run->kind == MIG_PAGE_ZERO,
                                 .encoded = run->kind != MIG_PAGE_ZERO &&
                                            run->kind != MIG_PAGE_NORMAL };
        wanted->found.at = run->kind == MIG_PAGE_NORMAL
                               ? place_in(item, wanted->word->offset)
                               : item->offset;
    }
}

/* A run of pages that reach into where option ROMs are. */
static void watch_roms(MigRings *rings, const MigItem *item)
{
    const MigRamPages *run = &item->pages;
    uint64_t end = run->address + (uint64_t)run->n_pages * run->page_size;
    const uint8_t *bytes =
        run->kind == MIG_PAGE_NORMAL ? mig_reader_bytes(rings->reader, item) : NULL;

    for (uint32_t i = 0; i < ROM_UNITS; i++) {
        uint64_t offset = ROMS + i * ROM_UNIT + ROM_LENGTH;
        uint64_t at;

        if (offset < run->address || offset >= end) {
            continue;
        }
        at = bytes ? place_in(item, offset) : item->offset;
        rings->rom_known[i] = bytes || run->kind == MIG_PAGE_ZERO;
        rings->rom_length[i] = bytes ? bytes[at - item->offset] : run->fill;
        rings->rom_at[i] = at;
    }
}

void mig_rings_watch(MigRings *rings, const MigItem *item)
{
    if (item->kind == MIG_ITEM_RAM_PAGES && item->pages.block && item->channel == 0 &&
        item->pages.block->index == 0 && item->pages.address < ROMS_END &&
        item->pages.address + (uint64_t)item->pages.n_pages * item->pages.page_size >
            ROMS) {
        watch_roms(rings, item);
    }
    if (item->kind == MIG_ITEM_RAM_PAGES && item->pages.block) {
        if (!rings->begun) {
            begin(rings);
        }
        watch_pages(rings, item);
    } else if (item->kind == MIG_ITEM_COMMAND &&
               item->command.id == MIG_CMD_POSTCOPY_LISTEN) {
        rings->blind = true; /* the rest comes after the devices */
    }
}

static void read_word(const MigRings *rings, const Wanted *wanted)
{
    const Found *found = &wanted->found;
    MigInput *in = mig_reader_channel_input(rings->reader, found->channel);
    uint8_t bytes[2] = { 0 };
    bool has = found->seen && !found->encoded && !rings->blind &&
               (found->zero || (in && mig_input_seekable(in) &&
                                mig_input_read_at(in, found->at, bytes, sizeof(bytes)) ==
                                    sizeof(bytes)));

    wanted->word->known = has;
    wanted->word->at = found->at;
    wanted->word->value = (uint16_t)(bytes[0] | bytes[1] << 8);
}

void mig_rings_finish(MigRings *rings)
{
    for (guint i = 0; i < rings->wanted->len; i++) {
        read_word(rings, &g_array_index(rings->wanted, Wanted, i));
    }
}

bool mig_rings_looked(const MigRings *rings)
{
    return rings->looked;
}

const MigRing *mig_rings_list(const MigRings *rings, size_t *n)
{
    *n = rings->rings->len;
    return (const MigRing *)(void *)rings->rings->data;
}

MigGuestWord mig_rings_rom(const MigRings *rings, uint64_t address)
{
    MigGuestWord word = { .address = address / ROM_UNIT * ROM_UNIT + ROM_LENGTH };
    uint64_t unit = (address - ROMS) / ROM_UNIT;

    word.offset = word.address;
    if (address >= ROMS && address < ROMS_END) {
        word.known = rings->rom_known[unit];
        word.at = rings->rom_at[unit];
        word.value = rings->rom_length[unit];
    }
    return word;
}
