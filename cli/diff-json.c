/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          migstat diff as JSON; the keys are described in migstat-json(5).
 * Must not know: what is compared.
 * See also:      cmd-diff.c, which calls it; diff-value.c, the values.
 */
#include "diff.h"
#include "format.h"

typedef struct View {
    CliJson json;
    const DiffRun *run;
} View;

static void *begin(const DiffRun *run)
{
    View *v = g_new(View, 1);

    v->run = run;
    cli_json_init(&v->json, stdout);
    cli_json_object(&v->json, NULL);
    cli_json_string(&v->json, "a", run->file[0]);
    cli_json_string(&v->json, "b", run->file[1]);
    cli_json_array(&v->json, "differences");
    return v;
}

/* A difference, all but its values; the object stays open. */
static void put_place(CliJson *json, const MigDifference *d)
{
    const MigField *field = d->value[MIG_DIFF_A].present ? d->value[MIG_DIFF_A].field
                                                         : d->value[MIG_DIFF_B].field;
    g_autofree char *path = diff_path(d);

    cli_json_object(json, NULL);
    cli_json_string(json, "what", mig_difference_kind_name(d->kind));
    if (d->section) {
        cli_json_string_len(json, "section", d->section->name, d->section->name_length);
        cli_json_uint(json, "instance_id", d->section->instance_id);
    }
    if (path) {
        cli_json_string(json, "path", path);
    }
    if (field) {
        cli_json_string(json, "type", field->type);
    }
    cli_json_string(json, "in",
                    !d->value[MIG_DIFF_B].present   ? "a"
                    : !d->value[MIG_DIFF_A].present ? "b"
                                                    : "both");
}

static void put_pages(CliJson *json, const MigDifference *d)
{
    cli_json_string_len(json, "block", d->block->name, d->block->name_length);
    cli_json_uint(json, "address", d->address);
    cli_json_wide(json, "address", d->address, 1);
    cli_json_uint(json, "length", d->length);
    cli_json_uint(json, "pages", diff_pages(d->length, d->page_size));
}

static void difference(void *view, const MigDifference *d)
{
    CliJson *json = &((View *)view)->json;

    put_place(json, d);
    if (d->kind == MIG_DIFFERENCE_RAM_PAGES) {
        put_pages(json, d);
    } else {
        diff_value_json(json, "a", d, MIG_DIFF_A);
        diff_value_json(json, "b", d, MIG_DIFF_B);
    }
    cli_json_end_object(json);
}

/* Memory of one side that was to be compared and is not in the stream; whether there is none. */
static bool put_missing(View *v, MigDiffSide side)
{
    const MigDiff *diff = v->run->diff;
    const MigRamImage *image = diff ? mig_diff_ram_image(diff, side) : NULL;
    CliJson *json = &v->json;
    size_t n = 0;
    const MigRamBlock *const *blocks =
        image && !v->run->error[side]
            ? mig_reader_ram_blocks(mig_diff_reader(diff, side), &n)
            : NULL;
    bool all = true;

    for (size_t i = 0; i < n; i++) {
        uint64_t first, length = mig_ram_image_missing(image, blocks[i], &first);

        if (length) {
            cli_json_object(json, NULL);
            cli_json_string(json, "from", side == MIG_DIFF_A ? "a" : "b");
            cli_json_string(json, "block", blocks[i]->name);
            cli_json_uint(json, "address", first);
            cli_json_wide(json, "address", first, 1);
            cli_json_uint(json, "length", MIN(length, blocks[i]->used_length));
            cli_json_end_object(json);
            all = false;
        }
    }
    return all;
}

static void end(void *view)
{
    View *v = view;
    CliJson *json = &v->json;
    bool all;

    cli_json_end_array(json);
    cli_json_array(json, "missing");
    all = put_missing(v, MIG_DIFF_A);
    all &= put_missing(v, MIG_DIFF_B);
    cli_json_end_array(json);
    if (v->run->trouble || (!all && v->run->found == 0)) {
        cli_json_null(json, "same");
    } else {
        cli_json_bool(json, "same", v->run->found == 0);
    }
    cli_json_error(json, "error_a", v->run->error[0]);
    cli_json_error(json, "error_b", v->run->error[1]);
    cli_json_end_object(json);
    cli_json_finish(json);
    g_free(v);
}

const DiffView diff_json = { .begin = begin, .difference = difference, .end = end };
