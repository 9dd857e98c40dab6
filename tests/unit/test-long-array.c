/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          the proof that a long array holds what it was given, wherever it lies.
 * Must not know: what is kept in one.
 * See also:      lib/io/long-array.h.
 */
#include "io/long-array.h"

#include <stdbool.h>
#include <stdint.h>

#include "support.h"

typedef struct Element {
    uint64_t a, b, c;
} Element;

static const struct {
    const char *folder; /* for temporary files */
    guint n;
    bool in_file;
} rows[] = {
    { NULL, 0, false },
    { NULL, 1, false },
    { NULL, 1000, false },
    { NULL, 500000, true },
    { "/nowhere", 500000, false }, /* no file can be made */
};

START_TEST(holds_what_it_was_given)
{
    MigLongArray *array;

    if (rows[_i].folder) {
        g_setenv("TMPDIR", rows[_i].folder, TRUE);
    } else {
        g_unsetenv("TMPDIR");
    }
    array = mig_long_array_new(sizeof(Element));
    for (guint i = 0; i < rows[_i].n; i++) {
        Element *element = mig_long_array_add(array);

        ck_assert(element->a == 0 && element->b == 0 && element->c == 0);
        *element = (Element){ i, ~(uint64_t)i, 7 };
    }
    ck_assert_uint_eq(array->len, rows[_i].n);
    ck_assert_int_eq(array->fd >= 0, rows[_i].in_file);
    for (guint i = 0; i < rows[_i].n; i++) {
        const Element *element = &g_array_index(array, Element, i);

        ck_assert_msg(element->a == i && element->b == ~(uint64_t)i, "element %u", i);
    }
    mig_long_array_free(array);
}
END_TEST

START_TEST(none_is_freed)
{
    mig_long_array_free(NULL);
}
END_TEST

Suite *suite_long_array(void)
{
    Suite *suite = suite_create("long-array");
    TCase *tc = tcase_create("array");

    tcase_add_loop_test(tc, holds_what_it_was_given, 0, G_N_ELEMENTS(rows));
    tcase_add_test(tc, none_is_freed);
    suite_add_tcase(suite, tc);
    return suite;
}
