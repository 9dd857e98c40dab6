/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          an example of libmigstat: the fields of one device's state.
 * Must not know: how the library is made.
 * See also:      mig_decode(3), mig_field(3).
 *
 * cc fields.c $(pkg-config --cflags --libs migstat) -o fields
 * ./fields timer guest.mig
 */
#include <stdio.h>
#include <string.h>

#include <migstat.h>

/* Called for each field; numbers and flags are printed. */
static void print_field(const MigField *field, void *user)
{
    g_autofree char *path = g_strescape(field->path ? field->path : "", NULL);

    (void)user;
    switch (field->kind) {
    case MIG_FIELD_UINT:
    case MIG_FIELD_BOOL:
        printf("%s = %" G_GUINT64_FORMAT "\n", path, (guint64)field->u);
        break;
    case MIG_FIELD_INT:
        printf("%s = %" G_GINT64_FORMAT "\n", path, (gint64)field->i);
        break;
    case MIG_FIELD_BYTES:
        printf("%s: %" G_GUINT64_FORMAT " bytes\n", path, (guint64)field->length);
        break;
    case MIG_FIELD_MISMATCH:
        printf("%s: %s\n", path, field->note);
        break;
    default: /* groups; and what a later library may know */
        break;
    }
}

static gboolean decode(MigReader *reader, const MigItem *item, GError **error)
{
    const MigDecoder decoder = { .budget = mig_reader_budget(reader), .visit = print_field };
    const MigDeviceBody body = { .name = item->section->name,
                                 .instance_id = item->section->instance_id,
                                 .version_id = item->section->version_id,
                                 .offset = item->offset,
                                 .length = item->length };
    bool matches;

    return mig_device_decode_at(&decoder, mig_reader_input(reader),
                                mig_reader_find_description(reader, NULL), &body, &matches,
                                error);
}

int main(int argc, char **argv)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(MigInput) in = NULL;
    g_autoptr(MigReader) reader = NULL;
    const MigItem *item;
    unsigned found = 0;

    if (argc != 3) {
        fprintf(stderr, "usage: fields DEVICE FILE\n");
        return 2;
    }
    in = mig_input_open(argv[2], NULL, &error);
    /* The description is at the end: a pipe is held, so that it can be looked at first. */
    if (!in || !mig_input_hold(in, &error)) {
        fprintf(stderr, "%s: %s\n", argv[2], error->message);
        return 2;
    }
    reader = mig_reader_new(in);
    while (!error && mig_reader_next(reader, &item, &error) == MIG_STATUS_MORE) {
        if (item->kind == MIG_ITEM_DEVICE_STATE && item->piece == 0 &&
            strcmp(item->section->name, argv[1]) == 0) {
            found++;
            decode(reader, item, &error);
        }
    }
    if (error) {
        fprintf(stderr, "%s: %s\n", argv[2], error->message);
        return 2;
    }
    return found == 0;
}
