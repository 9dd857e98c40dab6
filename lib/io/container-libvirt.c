/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          the header of a libvirt save image: `virsh save`, managed save, the
 *                memory part of an external snapshot.
 * Must not know: what the domain XML says, nor what the payload is.
 * See also:      container.c, which goes on after the header.
 *
 * The image, as libvirt's src/qemu/qemu_saveimage.h defines it:
 *
 *      0  16  magic         LibvirtQemudSave, or ...Part until the save is complete
 *     16   4  version       1 or 2; 1 knows no format
 *     20   4  data_len      bytes of XML, cookie and padding that follow the header
 *     24   4  was_running   0 or 1
 *     28   4  format        MigLibvirtFormat
 *     32   4  cookieOffset  0, or where the cookie XML lies, counted from the domain XML
 *     36  56  unused        0
 *     92  data_len          domain XML, NUL, cookie XML, NUL, padding
 *
 * The integers have the byte order of the host that saved.
 */
#include "io/container.h"

#include <inttypes.h>
#include <string.h>

#define HEADER_LENGTH 92
/* The XML of the largest guests has some MiB. */
#define XML_MAX (64u << 20)

typedef struct Header {
    uint32_t version;
    uint32_t data_length;
    uint32_t was_running;
    uint32_t format;
    uint32_t cookie_offset;
} Header;

static bool version_is_known(uint32_t version)
{
    return version == 1 || version == 2;
}

/* The five integers.  The version shows their byte order: in the right one it is small. */
static Header decode(const uint8_t *bytes)
{
    uint32_t words[5];
    Header header;

    memcpy(words, bytes + 16, sizeof words);
    bool little = GUINT32_FROM_LE(words[0]) < GUINT32_FROM_BE(words[0]);
    for (size_t i = 0; i < G_N_ELEMENTS(words); i++) {
        words[i] = little ? GUINT32_FROM_LE(words[i]) : GUINT32_FROM_BE(words[i]);
    }
    header = (Header){ words[0], words[1], words[2], words[3], words[4] };
    if (header.version == 1) {
        header.format = MIG_LIBVIRT_RAW;
    }
    return header;
}

static bool check(const Header *header, uint64_t origin, GError **error)
{
    if (!version_is_known(header->version)) {
        mig_source_set_error(error, MIG_ERROR_UNSUPPORTED, origin + 16,
                             "version %" PRIu32
                             " of libvirt's save image is not supported",
                             header->version);
    } else if (header->format > MIG_LIBVIRT_SPARSE) {
        mig_source_set_error(error, MIG_ERROR_UNSUPPORTED, origin + 28,
                             "format %" PRIu32
                             " of libvirt's save image is not supported",
                             header->format);
    } else if (header->data_length == 0 || header->cookie_offset >= header->data_length) {
        mig_source_set_error(error, MIG_ERROR_CONTAINER, origin + 20,
                             "libvirt save image: no sound lengths (XML area %" PRIu32
                             " bytes, cookie at %" PRIu32 ")",
                             header->data_length, header->cookie_offset);
    } else if (header->data_length > XML_MAX) {
        mig_source_set_error(
            error, MIG_ERROR_LIMIT, origin + 20,
            "libvirt save image: wanted at most %u bytes of XML, found %" PRIu32, XML_MAX,
            header->data_length);
    } else {
        return true;
    }
    return false;
}

/* Reads on until all @n bytes are there; less is an error. */
static bool read_all(MigSource *image, uint64_t offset, void *buffer, size_t n,
                     GError **error)
{
    GError *failure = NULL;
    size_t got = mig_source_read_full(image, offset, buffer, n, &failure);

    if (got < n && !failure) {
        mig_source_set_error(
            &failure, MIG_ERROR_CONTAINER, image->origin + offset + got,
            "libvirt save image: the file ends within its header and XML");
    }
    if (failure) {
        g_propagate_error(error, failure);
        return false;
    }
    return true;
}

/*
 * Reads an area of @length bytes and counts those before its first NUL.
 */
static bool measure_text(MigSource *image, uint64_t offset, uint64_t length,
                         uint64_t *text_length, GError **error)
{
    char piece[4096];
    bool ended = false;

    *text_length = 0;
    while (length > 0) {
        size_t n = MIN(sizeof piece, length);
        if (!read_all(image, offset, piece, n, error)) {
            return false;
        }
        if (!ended) {
            size_t text = strnlen(piece, n);
            *text_length += text;
            ended = text < n;
        }
        offset += n;
        length -= n;
    }
    return true;
}

bool mig_container_read_libvirt(MigSource *image, MigContainer *container,
                                MigLibvirtFormat *format, GError **error)
{
    uint8_t bytes[HEADER_LENGTH];

    if (!read_all(image, 0, bytes, sizeof bytes, error)) {
        return false;
    }
    Header header = decode(bytes);
    if (!check(&header, image->origin, error)) {
        return false;
    }

    container->header_length = HEADER_LENGTH + (uint64_t)header.data_length;
    container->libvirt_version = header.version;
    container->libvirt_partial =
        memcmp(bytes, MIG_LIBVIRT_PARTIAL_MAGIC, strlen(MIG_LIBVIRT_PARTIAL_MAGIC)) == 0;
    container->libvirt_was_running = header.was_running != 0;
    *format = (MigLibvirtFormat)header.format;

    uint32_t cookie = header.cookie_offset;
    uint32_t xml_area = cookie ? cookie : header.data_length;
    return measure_text(image, HEADER_LENGTH, xml_area, &container->xml_length, error) &&
           (cookie == 0 ||
            measure_text(image, HEADER_LENGTH + (uint64_t)cookie,
                         header.data_length - cookie, &container->cookie_length, error));
}
