/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          see convert-image.h.
 * Must not know: how a stream is converted.
 * See also:      domain-xml.c.
 */
#include "convert-image.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "domain-xml.h"
#include "text.h"

/* More than any guest has. */
#define XML_MAX ((gsize)16 << 20)

/* Items of a stream up to its configuration. */
#define CONFIGURATION_BEFORE 3

/* At most XML_MAX bytes, and one more where there is more. */
static GByteArray *read_some(int fd)
{
    GByteArray *bytes = g_byte_array_new();
    guint8 piece[4096];
    ssize_t n;

    while (bytes->len <= XML_MAX && (n = read(fd, piece, sizeof(piece))) != 0) {
        if (n < 0 && errno != EINTR) {
            g_byte_array_unref(bytes);
            return NULL;
        }
        g_byte_array_append(bytes, piece, n > 0 ? (guint)n : 0);
    }
    return bytes;
}

bool convert_image_read(ConvertImage *image, GError **error)
{
    g_autoptr(GByteArray) bytes = NULL;
    int fd;

    if (!image->xml_file) {
        return true;
    }
    fd = open(image->xml_file, O_RDONLY | O_CLOEXEC);
    bytes = fd >= 0 ? read_some(fd) : NULL;
    if (!bytes) {
        g_set_error(error, MIG_ERROR, MIG_ERROR_IO, "%s", g_strerror(errno));
    }
    if (fd >= 0) {
        close(fd);
    }
    if (bytes && bytes->len > XML_MAX) {
        g_set_error(error, MIG_ERROR, MIG_ERROR_LIMIT,
                    "it is longer than %" G_GSIZE_FORMAT " bytes", XML_MAX);
        return false;
    }
    if (!bytes || !cli_domain_check((const char *)bytes->data, bytes->len, error)) {
        return false;
    }
    image->given = g_byte_array_free_to_bytes(g_steal_pointer(&bytes));
    return true;
}

/* The value of option @key in a filter's @text if it is @name with that option first. */
static const char *option_of(const char *text, const char *name, const char *key)
{
    g_autofree char *start = g_strdup_printf("%s:%s=", name, key);
    size_t n = strlen(start);

    return strncmp(text, start, n) == 0 ? text + n : NULL;
}

static bool is_filter(const char *text, const char *name)
{
    size_t n = strlen(name);

    return strncmp(text, name, n) == 0 && (text[n] == '\0' || text[n] == ':');
}

/* The machine type that @chain names, or NULL; *ram: what it makes of RAM. */
static const char *watch_chain(const MigChain *chain, MigOutputRam *ram)
{
    const char *text, *summary, *machine = NULL;

    for (size_t i = 0; mig_chain_describe(chain, i, &text, &summary); i++) {
        const char *name = option_of(text, "machine", "name");
        const char *to = option_of(text, "mapped-ram", "to");

        machine = name ? name : machine;
        if (is_filter(text, "mapped-ram")) {
            *ram = g_strcmp0(to, "plain") == 0 ? MIG_OUTPUT_RAM_PLAIN
                                               : MIG_OUTPUT_RAM_MAPPED;
        }
    }
    return machine;
}

/* The save image of @in that the result will be in too; NULL: there is none. */
static const MigContainer *find_image(MigInput *in, const MigOutputOptions *out)
{
    const MigContainer *container = NULL;

    for (size_t i = out->like_from; out->like && (container = mig_input_container(in, i));
         i++) {
        if (strcmp(mig_container_name(container), "libvirt save image") == 0) {
            return container;
        }
    }
    return NULL;
}

static bool set_machine(ConvertImage *image, const MigContainer *container,
                        const char *machine, GError **error)
{
    gsize n = 0;
    const char *xml = image->xml ? g_bytes_get_data(image->xml, &n)
                                 : mig_container_text(container, "xml", &n);
    g_autofree char *was = NULL;
    GBytes *changed = xml ? cli_domain_with_machine(xml, n, machine, &was, error) : NULL;

    if (!changed) {
        g_prefix_error(error,
                       "the domain XML of the save image cannot name machine %s, "
                       "which the stream will name: ",
                       machine);
        return !xml;
    }
    if (was && strcmp(was, machine) != 0) {
        g_ptr_array_add(
            image->notes,
            g_strdup_printf("domain XML: machine %s \342\206\222 %s", was, machine));
    }
    g_clear_pointer(&image->xml, g_bytes_unref);
    image->xml = changed;
    return true;
}

/* Tells what becomes of the XML. */
static void note_xml(const ConvertImage *image, const MigContainer *container)
{
    gsize n = g_bytes_get_size(image->xml);
    g_autofree char *size = cli_number(n);

    if (image->given) {
        g_ptr_array_add(image->notes,
                        g_strdup_printf("domain XML: replaced, %s bytes", size));
    }
    if (n > mig_container_room(container)) {
        g_autofree char *room = cli_number(mig_container_room(container));

        g_ptr_array_add(
            image->notes,
            g_strdup_printf("the XML area had room for %s bytes: it is longer "
                            "now, and the stream begins later in the file",
                            room));
    }
}

/* Tells where the format of the image says something else of RAM than it did. */
static void note_format(const ConvertImage *image, const MigContainer *container,
                        MigOutputRam ram)
{
    const MigProperty *sparse = mig_container_property_named(container, "sparse");
    bool was_sparse = sparse && sparse->value;

    if (ram == MIG_OUTPUT_RAM_MAPPED && !was_sparse) {
        g_ptr_array_add(image->notes, g_strdup("the save image is marked as sparse"));
    } else if (ram == MIG_OUTPUT_RAM_PLAIN && was_sparse) {
        g_ptr_array_add(image->notes,
                        g_strdup("the save image is no longer marked as sparse"));
    }
}

/* The file is read at its beginning, once: later it is elsewhere. */
static void look_ahead(ConvertImage *image, MigInput *in)
{
    const MigConfiguration *conf = NULL;
    const MigItem *item;
    uint64_t start;

    if (image->looked || !mig_input_seekable(in)) {
        return;
    }
    g_autoptr(MigReader) reader = mig_reader_new(in);
    image->looked = true;
    start = mig_input_tell(in);
    for (int i = 0; i < CONFIGURATION_BEFORE && !conf &&
                    mig_reader_next(reader, &item, NULL) == MIG_STATUS_MORE;
         i++) {
        conf = mig_reader_configuration(reader);
    }
    mig_input_rewind(in, start);
    image->machine = conf ? g_strndup(conf->machine, conf->machine_length) : NULL;
    image->is_mapped = conf && conf->mapped_ram;
}

/* The machine type that --set-xml names starts another QEMU than the stream wants. */
static void note_machine(const ConvertImage *image)
{
    g_autofree char *named = NULL;
    gsize n;
    const char *xml = g_bytes_get_data(image->given, &n);
    GBytes *changed = cli_domain_with_machine(xml, n, image->machine, &named, NULL);

    g_clear_pointer(&changed, g_bytes_unref); /* The name alone is wanted. */
    if (named && strcmp(named, image->machine) != 0) {
        g_ptr_array_add(
            image->notes,
            g_strdup_printf("domain XML: machine %s, and the stream was saved on %s, "
                            "and loads into that only",
                            named, image->machine));
    }
}

bool convert_image_plan(ConvertImage *image, const MigChain *chain, MigInput *in,
                        MigOutputOptions *out, GError **error)
{
    const char *machine = watch_chain(chain, &out->ram);
    const MigContainer *container = find_image(in, out);

    g_ptr_array_set_size(image->notes, 0);
    if (!container) {
        if (!image->given && !image->wants_format) {
            return true;
        }
        g_set_error(error, MIG_ERROR, MIG_ERROR_USAGE,
                    "%s is for a libvirt save image, and the result is none%s",
                    image->given ? "--set-xml" : "--compress=sparse",
                    image->given ? "" : "; --filter=mapped-ram lays out a bare stream");
        return false;
    }
    look_ahead(image, in);
    if (out->compression && out->ram == MIG_OUTPUT_RAM_AS_INPUT && image->is_mapped) {
        out->ram = MIG_OUTPUT_RAM_MAPPED; /* whatever the image said */
    }
    note_format(image, container, out->ram);
    g_clear_pointer(&image->xml, g_bytes_unref);
    image->xml = image->given ? g_bytes_ref(image->given) : NULL;
    if (machine && !set_machine(image, container, machine, error)) {
        return false;
    }
    if (image->given && image->machine && !machine) {
        note_machine(image);
    }
    if (image->xml) {
        note_xml(image, container);
    }
    out->xml = image->xml;
    return true;
}

void convert_image_clear(ConvertImage *image)
{
    g_clear_pointer(&image->given, g_bytes_unref);
    g_clear_pointer(&image->xml, g_bytes_unref);
    g_clear_pointer(&image->notes, g_ptr_array_unref);
    g_free(image->machine);
}
