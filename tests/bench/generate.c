/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          valid streams of any size, for measuring.
 * Must not know: the library, so that a slip in one is not hidden by the other.
 * See also:      streams.py runs it.
 *
 *     generate FILE SIZE [normal=SHARE] [zero=SHARE] [vfio=SHARE] [parts=N] [sections=N]
 *                        [blocks=N] [description=BYTES] [mapped | memory | hole]
 *
 * SIZE is that of the stream in bytes, roughly.  The shares are of its bytes and default to
 * all normal.  PARTs of ram and of the VFIO device take turns, N each; N device sections
 * stand before the end.  RAM has N blocks, of which the first holds all, and the description is
 * BYTES long at least.  mapped: SIZE bytes of RAM in a mapped-ram file, and no PARTs.
 * memory: no stream but SIZE bytes of normal pages, for a guest to be started with.
 * hole: where RAM's pages would be, SIZE bytes of the file are a hole, so that reading them
 * fails; for what does not read them.
 *
 * A normal page compresses to about half, as much of a guest's memory does.
 */
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PAGE         4096u
#define RAM_ID       2u
#define VFIO_ID      40u
#define VFIO_CHUNK   (1u << 20)
#define MAPPED_ALIGN (1u << 20)

#define VFIO_NAME "0000:00:01.0/vfio"

static FILE *out;
static uint8_t page[PAGE];

typedef struct {
    uint64_t size;
    double normal, zero, vfio;
    uint64_t parts, sections, blocks, description;
    bool mapped, memory, hole;
} Plan;

/* 'b' u8, 'h' be16, 'i' be32, 'l' be64, 's' bytes of a string, 'p' the same after their
 * number. */
static void put(const char *shape, ...)
{
    va_list args;

    va_start(args, shape);
    for (; *shape; shape++) {
        int bytes = *shape == 'b' ? 1 : *shape == 'h' ? 2 : *shape == 'i' ? 4 : 8;

        if (*shape == 's' || *shape == 'p') {
            const char *text = va_arg(args, const char *);

            if (*shape == 'p') {
                putc((int)strlen(text), out);
            }
            fputs(text, out);
            continue;
        }
        uint64_t value = bytes == 8 ? va_arg(args, uint64_t) : va_arg(args, uint32_t);

        for (int shift = 8 * (bytes - 1); shift >= 0; shift -= 8) {
            putc((int)(value >> shift & 0xff), out);
        }
    }
    va_end(args);
}

static void footer(uint32_t id)
{
    put("bi", 0x7e, id);
}

static void put_zeros(uint64_t n)
{
    while (n--) {
        putc(0, out);
    }
}

/* No two are alike: the first half is noise (xorshift64). */
static void put_page(void)
{
    static uint64_t noise = 88172645463325252;

    for (unsigned i = 0; i < PAGE / 2; i += sizeof(noise)) {
        noise ^= noise << 13;
        noise ^= noise >> 7;
        noise ^= noise << 17;
        memcpy(page + i, &noise, sizeof(noise));
    }
    fwrite(page, 1, PAGE, out);
}

static void put_pages(uint64_t first, uint64_t n, bool zero)
{
    for (uint64_t i = first; i < first + n; i++) {
        put("l", i * PAGE | (zero ? 0x02 : 0x08) | (i ? 0x20 : 0));
        if (i == 0) {
            put("p", "pc.ram");
        }
        if (zero) {
            put("b", 0);
        } else {
            put_page();
        }
    }
}

static void put_mapped(uint64_t pages)
{
    uint64_t bitmap = (uint64_t)ftello(out) + 28, bytes = (pages + 63) / 64 * 8;
    uint64_t at = (bitmap + bytes + MAPPED_ALIGN - 1) / MAPPED_ALIGN * MAPPED_ALIGN;

    put("illl", 1, (uint64_t)PAGE, bitmap, at);
    for (uint64_t i = 0; i < bytes; i++) {
        uint64_t left = pages > i * 8 ? pages - i * 8 : 0;

        putc(left < 8 ? 0x55 & ((1 << left) - 1) : 0x55, out);
    }
    fseeko(out, (off_t)(at + pages * PAGE), SEEK_SET);
}

static void put_vfio_data(uint64_t n)
{
    while (n) {
        uint64_t chunk = n < VFIO_CHUNK ? n : VFIO_CHUNK;

        put("ll", UINT64_C(0xffffffffef100004), chunk);
        for (uint64_t i = 0; i < chunk; i += PAGE) {
            fwrite(page, 1, chunk - i < PAGE ? chunk - i : PAGE, out);
        }
        n -= chunk;
    }
}

static void generate(const Plan *plan)
{
    uint64_t normal = (uint64_t)((double)plan->size * plan->normal) / (PAGE + 8);
    uint64_t zero = (uint64_t)((double)plan->size * plan->zero) / 9;
    uint64_t vfio = (uint64_t)((double)plan->size * plan->vfio);
    /* A guest has a page at least, sent or not. */
    uint64_t pages = plan->mapped ? plan->size / PAGE : normal + zero ? normal + zero : 1;
    char json[128];

    put("sibis", "QEVM", 3, 7, 11, "pc-q35-10.0");
    if (plan->mapped) {
        put("bpiip", 5, "configuration/capabilities", 1, 1, "mapped-ram");
    }
    put("bipii", 1, RAM_ID, "ram", 0, 4);
    put("lpl", (pages + plan->blocks - 1) * PAGE | 4, "pc.ram", pages * PAGE);
    for (uint64_t i = 1; i < plan->blocks; i++) {
        snprintf(json, sizeof(json), "mem%u", (unsigned)i);
        put("pl", json, (uint64_t)PAGE);
    }
    if (plan->mapped) {
        put_mapped(pages);
    }
    put("l", UINT64_C(0x10));
    footer(RAM_ID);
    if (vfio) {
        put("bipii", 1, VFIO_ID, VFIO_NAME, 0, 1);
        put("ll", UINT64_C(0xffffffffef100003), UINT64_C(0xffffffffef100001));
        footer(VFIO_ID);
    }
    for (uint64_t part = 0; part < plan->parts; part++) {
        put("bi", 2, RAM_ID);
        if (plan->hole) {
            fseeko(out, (off_t)(plan->size / plan->parts), SEEK_CUR);
        } else if (!plan->mapped) {
            uint64_t n0 = normal * part / plan->parts,
                     n1 = normal * (part + 1) / plan->parts;
            uint64_t z0 = zero * part / plan->parts, z1 = zero * (part + 1) / plan->parts;

            put_pages(n0 + z0, n1 - n0, false);
            put_pages(n1 + z0, z1 - z0, true);
        }
        put("l", UINT64_C(0x10));
        footer(RAM_ID);
        if (vfio) {
            put("bi", 2, VFIO_ID);
            put_vfio_data(vfio / 2 * (part + 1) / plan->parts -
                          vfio / 2 * part / plan->parts);
            put("l", UINT64_C(0xffffffffef100001));
            footer(VFIO_ID);
        }
    }
    put("bil", 3, RAM_ID, UINT64_C(0x10));
    footer(RAM_ID);
    if (vfio) {
        put("bi", 3, VFIO_ID);
        put_vfio_data(vfio - vfio / 2);
        put("l", UINT64_C(0xffffffffef100001));
        footer(VFIO_ID);
    }
    for (uint32_t i = 0; i < plan->sections; i++) {
        put("bipii", 4, 100 + i, "timer", i, 2);
        put_zeros(24);
        footer(100 + i);
    }
    if (vfio) {
        put("bipii", 4, VFIO_ID, VFIO_NAME, 0, 1);
        put("li", UINT64_C(0xffffffffef100002), 2);
        put_zeros(4096 + 16);
        put("l", UINT64_C(0xffffffffef100001));
        footer(VFIO_ID);
    }
    put("bbi", 0, 6, 0);

    uint64_t start = (uint64_t)ftello(out);

    put("s", "{\"page_size\": 4096, \"padding\": [0");
    for (uint64_t n = 0; n + 2 < plan->description; n += 2) {
        put("s", ",0");
    }
    put("s", "], \"devices\": [");
    for (uint32_t i = 0; i < plan->sections; i++) {
        snprintf(json, sizeof(json),
                 "%s{\"name\": \"timer\", \"instance_id\": %u, \"size\": 24}",
                 i ? ", " : "", i);
        put("s", json);
    }
    if (vfio) {
        snprintf(json, sizeof(json),
                 "%s{\"name\": \"%s\", \"instance_id\": 0, \"size\": %u}",
                 plan->sections ? ", " : "", VFIO_NAME, 8 + 4 + 4096 + 16 + 8);
        put("s", json);
    }
    put("s", "]}");

    uint64_t end = (uint64_t)ftello(out);

    fseeko(out, (off_t)start - 4, SEEK_SET);
    put("i", (uint32_t)(end - start));
}

int main(int argc, char **argv)
{
    Plan plan = { .parts = 20, .sections = 30, .blocks = 1 };

    if (argc < 3) {
        fprintf(
            stderr,
            "generate FILE SIZE [normal=|zero=|vfio=SHARE] [parts=|sections=|blocks=N] "
            "[description=BYTES] [mapped|memory|hole]\n");
        return 2;
    }
    plan.size = strtoull(argv[2], NULL, 10);
    for (int i = 3; i < argc; i++) {
        const char *value = strchr(argv[i], '=');

        switch (value ? argv[i][0] : 0) {
        case 'n':
            plan.normal = atof(value + 1);
            break;
        case 'z':
            plan.zero = atof(value + 1);
            break;
        case 'v':
            plan.vfio = atof(value + 1);
            break;
        case 'b':
            plan.blocks = strtoull(value + 1, NULL, 10);
            break;
        case 'd':
            plan.description = strtoull(value + 1, NULL, 10);
            break;
        case 'p':
            plan.parts = strtoull(value + 1, NULL, 10);
            break;
        case 's':
            plan.sections = strtoull(value + 1, NULL, 10);
            break;
        default:
            plan.mapped = strcmp(argv[i], "mapped") == 0;
            plan.memory = strcmp(argv[i], "memory") == 0;
            plan.hole = strcmp(argv[i], "hole") == 0;
        }
    }
    if (plan.normal + plan.zero + plan.vfio == 0) {
        plan.normal = 1;
    }
    for (unsigned i = 0; i < PAGE; i++) {
        page[i] = (uint8_t)(i * 2654435761u >> 13);
    }
    out = fopen(argv[1], "w");
    if (!out) {
        perror(argv[1]);
        return 2;
    }
    if (plan.memory) {
        for (uint64_t i = 0; i < plan.size; i += PAGE) {
            put_page();
        }
    } else {
        generate(&plan);
    }
    if (fclose(out)) {
        perror(argv[1]);
        return 2;
    }
    return 0;
}
