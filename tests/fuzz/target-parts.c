/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          what holds of the decoders of single things, for any bytes: the
 *                description, a VFIO configuration payload, an XBZRLE page, a zlib page.
 *                 The last three take any bytes, and are tried on the same.
 * Must not know: streams.
 * See also:      fuzz.h; lib/stream/description.h, vfio.h, page.h.
 */
#include "fuzz/fuzz.h"
#include "stream/page-decode.h"
#include "stream/vfio-payload.h"

#include <json-glib/json-glib.h>
#include <string.h>

#include "migstat.h"

#define PAGE 1024u

static bool json_glib_accepts(const uint8_t *data, size_t n)
{
    g_autoptr(JsonParser) parser = json_parser_new();

    return json_parser_load_from_data(parser, (const char *)data, (gssize)n, NULL) &&
           json_parser_get_root(parser);
}

/* Of a surrogate pair, or half of one: which JSON has, but not json-glib. */
static bool has_surrogate(const char *text, size_t n)
{
    for (size_t i = 0; i + 4 <= n; i++) {
        if (text[i] == '\\' && text[i + 1] == 'u' &&
            g_ascii_tolower(text[i + 2]) == 'd' && text[i + 3] >= '8') {
            return true;
        }
    }
    return false;
}

/* Devices lie inside the array, in order and apart; each can be looked up; what is called
 * valid is JSON in the eyes of another parser. */
void fuzz_description(const uint8_t *data, size_t n)
{
    g_autofree char *text = g_memdup2(data, n);
    g_autoptr(MigDescription) d =
        mig_description_parse(text ? text : "", (uint32_t)n, 100);
    uint64_t at;

    FUZZ_ASSERT(d->valid == !d->problem);
    if (!d->valid) {
        FUZZ_ASSERT(d->problem_offset >= 100 &&
                    d->problem_offset <= 100 + MIG_DESCRIPTION_HEADER_LENGTH + n);
        return;
    }
    FUZZ_ASSERT(!g_utf8_validate(text, (gssize)n, NULL) || has_surrogate(text, n) ||
                json_glib_accepts(data, n));
    at = d->devices_offset + 1u;
    FUZZ_ASSERT(text[d->devices_offset] == '[' && text[d->devices_end] == ']');
    for (size_t i = 0; i < d->n_devices; i++) {
        const MigDeviceDescription *device = &d->devices[i];
        ssize_t found = mig_description_lookup(d, device->name, device->instance_id, n);

        FUZZ_ASSERT(found >= 0 && (size_t)found <= i);
        FUZZ_ASSERT(device->text_offset >= at && text[device->text_offset] == '{');
        at = (uint64_t)device->text_offset + device->text_length;
        FUZZ_ASSERT(at <= d->devices_end && text[at - 1] == '}');
    }
}

/* The parts of a payload lie in it, one after the other, and END_OF_STATE follows.  Written
 * again it is the same bytes, and those are a payload without what follows. */
static void try_payload(const uint8_t *data, size_t n)
{
    g_autoptr(GByteArray) again = g_byte_array_new();
    MigVfioPayload p, whole;

    if (!mig_vfio_payload_parse(data, n, &p)) {
        return;
    }
    FUZZ_ASSERT(p.length <= MIG_VFIO_PAYLOAD_MAX && n >= p.length + 8u);
    FUZZ_ASSERT(mig_be64(data + p.length) == MIG_VFIO_END_OF_STATE);
    FUZZ_ASSERT(p.config_size == 256 || p.config_size == 4096);
    FUZZ_ASSERT(p.config_offset + p.config_size <= p.intx_offset);
    if (p.msix_vectors) {
        FUZZ_ASSERT(p.intx_offset + 16 <= p.msix_offset);
        FUZZ_ASSERT(p.msix_offset + 16 * p.msix_vectors <= p.pending_offset);
        FUZZ_ASSERT(p.pending_offset + (p.msix_vectors + 7) / 8 <= p.length);
    }
    mig_vfio_payload_encode(&p, data, again);
    FUZZ_ASSERT(again->len == p.length && memcmp(again->data, data, p.length) == 0);
    FUZZ_ASSERT(mig_vfio_payload_parse_whole(data, p.length, &whole));
    FUZZ_ASSERT(!mig_vfio_payload_parse_whole(data, p.length - 1, &whole));
}

/* Judging and decoding agree, and what is not encoded stays as it was: a second time
 * changes nothing. */
static void try_xbzrle(const uint8_t *data, size_t n)
{
    g_autofree uint8_t *page = g_malloc0(PAGE);
    g_autofree uint8_t *twice = NULL;
    bool sound = mig_page_xbzrle(data, n, NULL, PAGE);

    FUZZ_ASSERT(mig_page_xbzrle(data, n, page, PAGE) == sound);
    if (sound) {
        twice = g_memdup2(page, PAGE);
        FUZZ_ASSERT(mig_page_xbzrle(data, n, twice, PAGE));
        FUZZ_ASSERT(memcmp(page, twice, PAGE) == 0);
    }
}

/* A page is inflated whole or not touched. */
static void try_zlib(const uint8_t *data, size_t n)
{
    g_autofree uint8_t *page = g_malloc(PAGE);

    memset(page, 0xa5, PAGE);
    if (!mig_page_inflate(data, n, page, PAGE)) {
        for (size_t i = 0; i < PAGE; i++) {
            FUZZ_ASSERT(page[i] == 0xa5);
        }
    }
}

void fuzz_parts(const uint8_t *data, size_t n)
{
    g_autofree uint8_t *exact = g_memdup2(data, n); /* a read beyond it is seen */

    try_payload(exact, n);
    try_xbzrle(exact, n);
    try_zlib(exact, n);
}
