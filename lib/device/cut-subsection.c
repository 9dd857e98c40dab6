/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          taking a subsection out of a device: which bytes go, and the description
 *                then.
 * Must not know: what the subsection holds.
 * See also:      device/decode.h; device/walk.h, which finds it.
 */
#include "device/decode.h"
#include "device/walk.h"
#include "stream/splice.h"
#include "device/cut-subsection.h"

static bool is_space(char c)
{
    return c == ' ' || c == '\n' || c == '\t' || c == '\r';
}

/* Cuts from @from to @to, one member of a list, with the comma that belongs to it. */
static void cut_member(GArray *cuts, const char *json, size_t from, size_t to, bool first)
{
    size_t at = from;

    while (at > 0 && is_space(json[at - 1])) {
        at--;
    }
    if (at > 0 && json[at - 1] == ',' && !first) {
        mig_splice(cuts, at - 1, to - (at - 1), g_strdup(""));
        return;
    }
    while (is_space(json[to])) {
        to++;
    }
    if (json[to] == ',') {
        for (to++; is_space(json[to]); to++) {
        }
    }
    mig_splice(cuts, from, to - from, g_strdup(""));
}

/* The JSON without the subsection, and with the lengths of what is around it. */
static char *cut_json(const char *json, size_t length, const Sought *sought)
{
    g_autoptr(GArray) cuts = mig_splices_new();
    GString *text = g_string_new(NULL);
    const Vmstate *parent = sought->parent, *found = sought->found;
    guint next = 0;

    if (parent->subsections->next) {
        cut_member(cuts, json, found->text, found->text_end,
                   parent->subsections == found);
    } else {
        cut_member(cuts, json, parent->list, parent->list_end, false);
    }
    for (guint i = 0; i < sought->around_found->len; i++) {
        const Field *f = g_ptr_array_index(sought->around_found, i);

        mig_splice(cuts, f->size_text, f->size_text_end - f->size_text,
                   g_strdup_printf("%" PRIu64, f->size - sought->length));
    }
    mig_splices_sort(cuts);
    mig_splices_append(text, json, 0, length, cuts, &next);
    return g_string_free(text, FALSE);
}

static void ignore(const MigField *field, void *user)
{
    (void)field;
    (void)user;
}

char *mig_device_cut_subsection(MigBudget *budget, const MigDeviceState *device,
                                const char *path, uint64_t *from, uint64_t *cut_length,
                                const char **problem)
{
    const MigDecoder decoder = { .budget = budget, .visit = ignore };
    g_autoptr(GPtrArray) around = g_ptr_array_new();
    g_autofree char *closed = g_strndup(device->json, device->json_length);
    MigDeviceState closed_device = *device;
    g_auto(MigEmit) e = { 0 };
    g_auto(Schema) schema = { 0 };
    Sought sought = { .path = path, .around = around };
    g_autoptr(GPtrArray) around_found = NULL;
    char *result = NULL;

    closed_device.json = closed;
    mig_emit_init(&e, &decoder, device->bytes, device->length, 0);
    *problem = "its description does not match it";
    if (!mig_walk(&closed_device, &e, &schema, &sought)) {
        g_clear_pointer(&sought.around_found, g_ptr_array_unref);
        return NULL;
    }
    around_found = sought.around_found;
    *problem = NULL;
    if (!sought.found) {
        return NULL;
    }
    for (guint i = 0; i < around_found->len; i++) {
        const Field *f = g_ptr_array_index(around_found, i);

        if (f->count > 1) {
            *problem = "it is in an array that is described by its first element";
            return NULL;
        }
    }
    *from = sought.from;
    *cut_length = sought.length;
    result = cut_json(closed, device->json_length, &sought);
    return result;
}
