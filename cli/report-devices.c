/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          device state as trees in migstat report.
 * Must not know: how fields are decoded.
 * See also:      dump-devices.h, which it is a view of; fields.h, one value.
 */
#include "fields.h"
#include "report.h"
#include "text.h"

/* Elements of an array that are shown. */
#define ELEMENTS_MAX 32u

/* Groups in one another that are shown as such. */
#define DEPTH_MAX 16u

typedef struct View {
    Report *report;
    CliHtml html;     /* of the device that goes by */
    unsigned depth;   /* groups that are open in html */
    GArray *elements; /* of each of them, how many went by: guint64 */
    unsigned skipped; /* groups that are open, and not shown */
    uint64_t left;    /* fields of this device that are not shown */
    uint64_t devices_left;
    bool full; /* no more devices fit */
} View;

static void *begin(const Dump *dump)
{
    View *v = g_new0(View, 1);

    v->report = (Report *)(uintptr_t)dump;
    v->elements = g_array_new(FALSE, FALSE, sizeof(guint64));
    cli_html_init(&v->report->devices);
    cli_html_allow(&v->report->devices, REPORT_DEVICES_MAX);
    return v;
}

static void open_device(void *view, const DumpDevice *device)
{
    View *v = view;
    g_autofree char *address = mig_address_of_section(device->name, device->instance_id);
    g_autofree char *name = cli_escape(address, strlen(address));
    g_autofree char *length = cli_number(device->length);
    uint32_t channel = device->config ? device->config->channel : 0;
    g_autofree char *at = cli_offset(channel, device->offset);

    cli_html_init(&v->html);
    v->html.limit = REPORT_DEVICE_MAX;
    v->left = v->depth = v->skipped = 0;
    g_array_set_size(v->elements, 0);
    cli_html(&v->html, "<details class=\"device\"");
    if (!channel) {
        cli_html(&v->html, " id=\"d%" PRIx64 "\"", device->offset);
    }
    cli_html(&v->html, "><summary><b>%s</b> version %u, %s bytes at %s%s</summary>", name,
             device->version_id, length, at,
             device->config ? ", configuration space" : "");
    cli_html(&v->html, "<ul>\n");
}

/* Whether one more of the group that is open is to be shown. */
static bool counts_as_shown(View *v, bool element)
{
    guint64 *n = v->elements->len
                     ? &g_array_index(v->elements, guint64, v->elements->len - 1)
                     : NULL;

    return !element || !n || ++*n <= ELEMENTS_MAX;
}

static void write_field(CliHtml *html, const MigField *field)
{
    bool is_group = mig_field_is_group(field);
    g_autofree char *name = cli_escape(field->name, strlen(field->name));
    g_autofree char *type = cli_escape(field->type, strlen(field->type));

    cli_html(html, is_group ? "<li><details><summary>" : "<li>");
    cli_html(html, "<b>%s</b> ", name);
    if (!is_group) {
        g_autofree char *value = cli_field_value(field);

        cli_html(html, "<code>%s</code> ", value);
    }
    if (field->note) {
        g_autofree char *note = cli_escape(field->note, strlen(field->note));

        cli_html(html, "<em>%s</em> ", note);
    }
    cli_html(html, "<small>%s at 0x%" PRIx64 "</small>", type, field->offset);
    cli_html(html, is_group ? "</summary><ul>\n" : "</li>\n");
}

static void field(void *view, const MigField *field, bool element)
{
    View *v = view;
    bool is_group = mig_field_is_group(field);
    gsize start = v->html.text->len;
    guint64 none = 0;

    if (v->skipped || !counts_as_shown(v, element) || v->depth >= DEPTH_MAX) {
        v->left++;
        v->skipped += is_group;
        return;
    }
    write_field(&v->html, field);
    if (!cli_html_keep(&v->html, start)) {
        v->left++;
        v->skipped += is_group;
    } else if (is_group) {
        v->depth++;
        g_array_append_val(v->elements, none);
    }
}

static void end_group(void *view)
{
    View *v = view;

    if (v->skipped) {
        v->skipped--;
        return;
    }
    if (v->depth) {
        cli_html(&v->html, "</ul></details></li>\n");
        v->depth--;
        g_array_set_size(v->elements, v->elements->len - 1);
    }
}

/* Nobody asks for single fields here. */
static void match(void *view, const DumpDevice *device, const MigField *one)
{
    (void)device;
    field(view, one, false);
}

static void write_left(View *v, const DumpDevice *device)
{
    g_autofree char *address = mig_address_of_section(device->name, device->instance_id);
    g_autofree char *quoted = cli_shell_name(address);
    g_autofree char *words = g_strconcat("dump --all --devices=", quoted, NULL);
    g_autofree char *command = report_command(v->report, words);

    report_left_out(&v->html, v->left, "fields are", command);
}

static void close_device(void *view, const DumpDevice *device, bool matches)
{
    View *v = view;
    CliHtml *all = &v->report->devices;
    gsize start = all->text->len;

    cli_html(&v->html, "</ul>\n");
    write_left(v, device);
    if (!matches && !device->config) {
        cli_html(&v->html, "<p class=\"left\">The description does not match these "
                           "bytes.</p>\n");
    }
    cli_html(&v->html, "</details>\n");
    cli_html_append(all, &v->html);
    cli_html_clear(&v->html);
    if (cli_html_keep(all, start) && !(device->config && device->config->channel)) {
        g_hash_table_add(v->report->unfolded,
                         g_memdup2(&device->offset, sizeof device->offset));
    }
}

static void end(void *view, const Dump *dump)
{
    View *v = view;

    (void)dump;
    g_array_unref(v->elements);
    g_free(v);
}

const DumpDevicesView report_devices_view = { .begin = begin,
                                              .open = open_device,
                                              .field = field,
                                              .end_group = end_group,
                                              .match = match,
                                              .close = close_device,
                                              .end = end };

void report_devices(CliHtml *html, const Report *report)
{
    g_autofree char *command = report_command(report, "dump --devices");

    if (report->devices.text && report->devices.text->len) {
        cli_html(html, "<div class=\"filter\" data-for=\"devices-tree\"></div>\n"
                       "<div id=\"devices-tree\">\n");
        cli_html_append(html, &report->devices);
        cli_html(html, "</div>\n");
        report_left_out(html, report->devices.left, "devices are", command);
    }
}
