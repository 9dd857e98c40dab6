/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          the header of a libvirt save image: `virsh save`, managed save, the
 *                memory part of an external snapshot.
 * Must not know: what the domain XML says, nor what the payload is.
 * See also:      container-type.h; container.c, which goes on after the header.
 *
 * The image, as libvirt's src/qemu/qemu_saveimage.h defines it:
 *
 *      0  16  magic         LibvirtQemudSave, or ...Part until the save is complete
 *     16   4  version       0 to 2; only 2 has a format
 *     20   4  data_len      bytes of XML, cookie and padding that follow the header
 *     24   4  was_running   0 or 1
 *     28   4  format        Format
 *     32   4  cookieOffset  0, or where the cookie XML lies, counted from the domain XML
 *     36  56  unused        0
 *     92  data_len          domain XML, NUL, cookie XML, NUL, padding
 *
 * The integers have the byte order of the host that saved.
 */
#include "io/container-type.h"

#include <inttypes.h>
#include <string.h>

#include "io/alloc.h"
#include "io/byte-order.h"

#define HEADER_LENGTH 92
/* The XML of the largest guests has some MiB. */
#define XML_MAX (64u << 20)
/* What libvirt leaves after the texts, so that they can grow. */
#define ROOM (64u << 10)

#define MAGIC         "LibvirtQemudSave"
#define PARTIAL_MAGIC "LibvirtQemudPart"
#define MAGIC_LENGTH  16

/* How an image says that it holds the stream: its numbers, from 0 on. */
typedef enum Format {
    RAW,
    GZIP,
    BZIP2,
    XZ,
    LZOP,
    ZSTD,
    SPARSE, /* raw, and mapped-ram */
} Format;

/* Their compression. */
static const char *const payloads[] = {
    [RAW] = NULL,    [GZIP] = "gzip", [BZIP2] = "bzip2", [XZ] = "xz",
    [LZOP] = "lzop", [ZSTD] = "zstd", [SPARSE] = NULL,
};

typedef struct Header {
    uint32_t version;
    uint32_t data_length;
    uint32_t was_running;
    uint32_t format;
    uint32_t cookie_offset;
} Header;

#define VERSION_MAX 2u

/* The version shows the byte order of the integers: in the right one it is small.  Of 0, the length
 * does. */
static bool is_little(const uint8_t *bytes)
{
    const uint8_t *shows = bytes + (mig_le32(bytes + 16) ? 16 : 20);

    return mig_le32(shows) < mig_be32(shows);
}

static uint32_t read_word(const uint8_t *bytes, size_t offset)
{
    return is_little(bytes) ? mig_le32(bytes + offset) : mig_be32(bytes + offset);
}

/* The five integers. */
static Header decode(const uint8_t *bytes)
{
    Header header = {
        .version = read_word(bytes, 16),
        .data_length = read_word(bytes, 20),
        .was_running = read_word(bytes, 24),
        .format = read_word(bytes, 28),
        .cookie_offset = read_word(bytes, 32),
    };

    if (header.version < VERSION_MAX) {
        header.format = RAW;
    }
    return header;
}

static bool check(const Header *header, uint64_t origin, GError **error)
{
    if (header->version > VERSION_MAX) {
        mig_source_set_error(error, MIG_ERROR_UNSUPPORTED, origin + 16,
                             "version %" PRIu32
                             " of libvirt's save image is not supported",
                             header->version);
    } else if (header->format > SPARSE) {
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

/* The image while its header and XML are read, from its start on. */
typedef struct Image {
    MigSource *source;
    uint64_t offset;  /* What lies before it was read. */
    GByteArray *kept; /* All of that; NULL where memory is too small for it. */
    MigMeter meter;
} Image;

/* Reads the next @n bytes; less is an error. */
static bool take(Image *image, void *buffer, size_t n, GError **error)
{
    GError *failure = NULL;
    size_t got = mig_source_read_full(image->source, image->offset, buffer, n, &failure);

    if (got < n && !failure) {
        mig_source_set_error(
            &failure, MIG_ERROR_CONTAINER, image->source->origin + image->offset + got,
            "libvirt save image: the file ends within its header and XML");
    }
    if (failure) {
        g_propagate_error(error, failure);
        return false;
    }
    image->offset += n;
    if (image->kept && !mig_meter_spend(&image->meter, n)) {
        g_clear_pointer(&image->kept, g_byte_array_unref);
    }
    if (image->kept) {
        g_byte_array_append(image->kept, buffer, (guint)n);
    }
    return true;
}

/*
 * Reads an area of @length bytes and counts those before its first NUL.
 */
static bool measure_text(Image *image, uint64_t length, uint64_t *text_length,
                         GError **error)
{
    char piece[4096];
    bool ended = false;

    *text_length = 0;
    while (length > 0) {
        size_t n = MIN(sizeof piece, length);
        if (!take(image, piece, n, error)) {
            return false;
        }
        if (!ended) {
            size_t text = strnlen(piece, n);
            *text_length += text;
            ended = text < n;
        }
        length -= n;
    }
    return true;
}

static void describe(MigContainer *container, const Header *header, bool partial,
                     uint64_t xml_length, uint64_t cookie_length)
{
    const MigProperty properties[] = {
        { "version", MIG_PROPERTY_NUMBER, header->version, "version", false },
        { "partial", MIG_PROPERTY_FLAG, partial,
          partial ? "PARTIAL: the save was not finished" : NULL, false },
        { "sparse", MIG_PROPERTY_FLAG, header->format == SPARSE,
          header->format == SPARSE ? "sparse" : NULL, false },
        { "was_running", MIG_PROPERTY_FLAG, header->was_running != 0,
          header->was_running ? "guest was running" : "guest was paused", true },
        { "xml_length", MIG_PROPERTY_LENGTH, xml_length, "domain XML", true },
        { "cookie_length", MIG_PROPERTY_LENGTH, cookie_length, "cookie", false },
    };

    for (size_t i = 0; i < G_N_ELEMENTS(properties); i++) {
        mig_container_add_property(container, properties[i]);
    }
    container->words =
        partial ? "a libvirt save image that was not finished" : "a libvirt save image";
}

static bool libvirt_recognise(const uint8_t *head, size_t n)
{
    return n >= MAGIC_LENGTH && (memcmp(head, MAGIC, MAGIC_LENGTH) == 0 ||
                                 memcmp(head, PARTIAL_MAGIC, MAGIC_LENGTH) == 0);
}

/* Bytes of XML that fit into an area of @length, with its NUL, and with a cookie if @cookie. */
static uint64_t room_for(uint64_t length, bool cookie, uint64_t cookie_length)
{
    uint64_t taken = 1 + (cookie ? cookie_length + 1 : 0);

    return length > taken ? length - taken : 0;
}

/* Reads all that comes before the stream, and describes it. */
static bool read_image(Image *image, MigOpening *opening, GError **error)
{
    uint8_t bytes[HEADER_LENGTH];
    uint64_t xml_length, cookie_length = 0;

    if (!take(image, bytes, sizeof bytes, error)) {
        return false;
    }
    Header header = decode(bytes);
    if (!check(&header, image->source->origin, error)) {
        return false;
    }
    uint32_t cookie = header.cookie_offset;
    if (!measure_text(image, cookie ? cookie : header.data_length, &xml_length, error) ||
        (cookie &&
         !measure_text(image, header.data_length - cookie, &cookie_length, error))) {
        return false;
    }
    describe(opening->container, &header, memcmp(bytes, MAGIC, MAGIC_LENGTH) != 0,
             xml_length, cookie_length);
    if (xml_length < (cookie ? cookie : header.data_length)) {
        opening->container->texts[0] =
            (MigContainerText){ "xml", HEADER_LENGTH, xml_length };
    }
    if (cookie && cookie_length < header.data_length - cookie) {
        opening->container->texts[1] =
            (MigContainerText){ "cookie", HEADER_LENGTH + cookie, cookie_length };
    }
    opening->container->room = room_for(header.data_length, cookie, cookie_length);
    opening->payload = payloads[header.format];
    return true;
}

static MigSource *libvirt_open(MigSource *source, MigOpening *opening, GError **error)
{
    g_autoptr(MigSource) owned = source;
    Image image = { .source = source, .kept = g_byte_array_new() };
    bool ok = read_image(&image, opening, error);

    opening->container->header_length = image.offset;
    opening->container->header =
        image.kept ? g_byte_array_free_to_bytes(image.kept) : NULL;
    return ok ? mig_source_view_new(g_steal_pointer(&owned), image.offset) : NULL;
}

/* The format that says how the payload is laid out and compressed, for an image that had
 * @format. */
static bool format_for(const MigWrapping *wrapping, uint32_t format, uint32_t *wanted,
                       GError **error)
{
    bool sparse = wrapping->options->ram == MIG_OUTPUT_RAM_MAPPED ||
                  (wrapping->options->ram == MIG_OUTPUT_RAM_AS_INPUT && format == SPARSE);

    *wanted = sparse ? SPARSE : RAW;
    if (wrapping->payload && sparse) {
        mig_error_set_plain(error, MIG_ERROR_UNSUPPORTED,
                            "a sparse libvirt save image cannot be compressed, since "
                            "its pages lie at fixed places of the file; "
                            "--filter=mapped-ram:to=plain --compress=%s makes RAM plain, "
                            "and compresses that",
                            wrapping->payload);
        return false;
    }
    for (uint32_t i = 0; wrapping->payload && i < G_N_ELEMENTS(payloads); i++) {
        if (g_strcmp0(payloads[i], wrapping->payload) == 0) {
            *wanted = i;
        }
    }
    return true;
}

static void put_word(uint8_t *bytes, size_t offset, uint32_t word)
{
    word = is_little(bytes) ? GUINT32_TO_LE(word) : GUINT32_TO_BE(word);
    memcpy(bytes + offset, &word, sizeof word);
}

/* A header like that of @as, with another format. */
static GByteArray *begin_header(const MigContainer *as, uint32_t format)
{
    const uint8_t *kept = g_bytes_get_data(as->header, NULL);
    GByteArray *header = g_byte_array_new();

    g_byte_array_append(header, kept, HEADER_LENGTH);
    if (decode(kept).format != format) {
        put_word(header->data, 16, VERSION_MAX); /* Older ones know no format. */
        put_word(header->data, 28, format);
    }
    return header;
}

/* Appends @xml and the cookie, as libvirt does: the cookie right after the XML, and zeros.  The area
 * stays as long as it was; where it is too short, it gets the room that libvirt leaves in a new one. */
static bool append_texts(GByteArray *header, const MigContainer *as, GBytes *xml,
                         GError **error)
{
    gsize n;
    const void *text = g_bytes_get_data(xml, &n);
    size_t cookie_length;
    const char *cookie = mig_container_text(as, "cookie", &cookie_length);
    uint64_t length = as->header_length - HEADER_LENGTH;

    if (n > as->room) {
        length = n + 1 + (cookie ? cookie_length + 1 : 0) + ROOM;
    }
    if (length > XML_MAX) {
        mig_error_set_plain(error, MIG_ERROR_LIMIT,
                            "a domain XML of %" G_GSIZE_FORMAT
                            " bytes, wanted at most %u for a libvirt save image",
                            n, XML_MAX);
        return false;
    }
    put_word(header->data, 20, (uint32_t)length);
    put_word(header->data, 32, cookie ? (uint32_t)n + 1 : 0);
    g_byte_array_append(header, text, (guint)n);
    g_byte_array_append(header, (const guint8 *)"", 1);
    if (cookie) {
        g_byte_array_append(header, (const guint8 *)cookie, (guint)cookie_length + 1);
    }
    n = header->len;
    g_byte_array_set_size(header, (guint)(HEADER_LENGTH + length));
    memset(header->data + n, 0, header->len - n);
    return true;
}

/* The header, and the texts, to the byte but for the format of the payload, which is a wrapper of its
 * own, and for the XML if there is another. */
static MigSink *libvirt_wrap(MigSink *sink, const MigWrapping *wrapping, GError **error)
{
    g_autoptr(MigSink) owned = sink;
    const MigContainer *as = wrapping->as;
    GBytes *xml = wrapping->options->xml;
    uint32_t format;

    if (!as || !as->header) {
        mig_error_set_plain(error, MIG_ERROR_UNSUPPORTED,
                            "the header of a libvirt save image was not kept, and so "
                            "it cannot be made again");
        return NULL;
    }
    const uint8_t *kept = g_bytes_get_data(as->header, NULL);
    if (!format_for(wrapping, decode(kept).format, &format, error)) {
        return NULL;
    }
    g_autoptr(GByteArray) made = begin_header(as, format);
    if (xml && !append_texts(made, as, xml, error)) {
        return NULL;
    }
    g_autoptr(GBytes) header = g_byte_array_free_to_bytes(g_steal_pointer(&made));
    g_autoptr(GBytes) rest =
        g_bytes_new_from_bytes(as->header, HEADER_LENGTH,
                               xml ? 0 : g_bytes_get_size(as->header) - HEADER_LENGTH);
    return mig_sink_write_header(sink, header, error) &&
                   mig_sink_write_header(sink, rest, error)
               ? g_steal_pointer(&owned)
               : NULL;
}

const MigContainerType mig_container_libvirt = {
    .name = "libvirt save image",
    .recognise = libvirt_recognise,
    .open = libvirt_open,
    .wrap = libvirt_wrap,
};
