/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          that the program and the library are linked so that a mistake is harder
 *                to use.
 * Must not know: what they do.
 * See also:      the Makefile, which chooses the flags; make check passes them on where
 *                they are its own, in HARDENING.
 */
#include "support.h"

#include <elf.h>
#include <link.h>
#include <stdbool.h>
#include <string.h>

typedef struct {
    char *path;
    GBytes *bytes;
    const char *data;
    gsize length;
    const ElfW(Ehdr) * header;
} Binary;

/* A range of the file, which the tests do not trust either. */
static const void *part(const Binary *binary, gsize offset, gsize n)
{
    ck_assert_msg(offset <= binary->length && n <= binary->length - offset, "%s is cut",
                  binary->path);
    return binary->data + offset;
}

static void open_binary(Binary *binary, const char *name)
{
    g_autoptr(GError) error = NULL;
    char *data;

    binary->path = g_build_filename(g_getenv("BUILDDIR"), name, NULL);
    ck_assert_msg(g_file_get_contents(binary->path, &data, &binary->length, &error), "%s",
                  error->message);
    binary->data = data;
    binary->bytes = g_bytes_new_take(data, binary->length);
    binary->header = part(binary, 0, sizeof *binary->header);
    ck_assert_mem_eq(binary->header->e_ident, ELFMAG, SELFMAG);
}

static void close_binary(Binary *binary)
{
    g_bytes_unref(binary->bytes);
    g_free(binary->path);
}

static const ElfW(Phdr) * segment(const Binary *binary, ElfW(Word) type)
{
    const ElfW(Phdr) *segments = part(binary, binary->header->e_phoff,
                                      (gsize)binary->header->e_phnum * sizeof *segments);

    for (unsigned i = 0; i < binary->header->e_phnum; i++) {
        if (segments[i].p_type == type) {
            return &segments[i];
        }
    }
    return NULL;
}

/* The value of an entry of the dynamic section, 0 where there is none; *found. */
static ElfW(Xword) dynamic(const Binary *binary, ElfW(Sxword) tag, bool *found)
{
    const ElfW(Phdr) *place = segment(binary, PT_DYNAMIC);
    const ElfW(Dyn) * entries;

    ck_assert_ptr_nonnull(place);
    entries = part(binary, place->p_offset, place->p_filesz);
    for (gsize i = 0; i < place->p_filesz / sizeof *entries; i++) {
        if (entries[i].d_tag == tag) {
            *found = true;
            return entries[i].d_un.d_val;
        }
    }
    *found = false;
    return 0;
}

static bool holds(const Binary *binary, const char *text)
{
    return memmem(binary->data, binary->length, text, strlen(text)) != NULL;
}

static const char *const names[] = { "migstat", "libmigstat.so." MIG_VERSION };

static bool is_release(void)
{
    const char *variant = g_getenv("VARIANT");

    return !variant || strcmp(variant, "release") == 0;
}

START_TEST(is_linked_safely)
{
    Binary binary;
    bool found;

    if (!is_release()) {
        return;
    }
    open_binary(&binary, names[_i]);
    /* anywhere in memory, without changes to the program */
    ck_assert_int_eq(binary.header->e_type, ET_DYN);
    dynamic(&binary, DT_TEXTREL, &found);
    ck_assert(!found);
    /* addresses of functions are looked up at the start, and cannot be changed then */
    ck_assert(dynamic(&binary, DT_FLAGS, &found) & DF_BIND_NOW ||
              dynamic(&binary, DT_FLAGS_1, &found) & DF_1_NOW);
    ck_assert_ptr_nonnull(segment(&binary, PT_GNU_RELRO));
    /* no stack that is a program, no libraries from odd places */
    ck_assert_ptr_nonnull(segment(&binary, PT_GNU_STACK));
    ck_assert(!(segment(&binary, PT_GNU_STACK)->p_flags & PF_X));
    dynamic(&binary, DT_RPATH, &found);
    ck_assert(!found);
    /* but for the program where it is built; the suite install has what is installed */
    dynamic(&binary, DT_RUNPATH, &found);
    ck_assert_int_eq(found, strcmp(names[_i], "migstat") == 0);
    ck_assert(!found || holds(&binary, "$ORIGIN"));
    close_binary(&binary);
}
END_TEST

/* The compiler's flags leave traces: calls, and what gcc writes beside the line numbers. */
START_TEST(is_compiled_safely)
{
    const char *flags = g_getenv("HARDENING");
    g_auto(GStrv) words = g_strsplit(flags ? flags : "", " ", -1);
    Binary binary;

    if (!is_release() || !flags || !*flags) {
        return;
    }
    open_binary(&binary, names[_i]);
    ck_assert(holds(&binary, "__stack_chk_fail"));
#ifdef __GLIBC__
    ck_assert(holds(&binary, "printf_chk"));
#endif
    for (char **word = words; holds(&binary, "GNU C11") && *word; word++) {
        if (g_str_has_prefix(*word, "-f") || g_str_has_prefix(*word, "-m")) {
            ck_assert_msg(holds(&binary, *word), "%s: no %s", binary.path, *word);
        }
    }
    close_binary(&binary);
}
END_TEST

/* What gcc 12 and later know, whichever way the Makefile asked. */
START_TEST(has_what_gcc_knows)
{
    static const char *const wanted[] = { "-fstack-clash-protection",
                                          "-ftrivial-auto-var-init=zero",
                                          "-fstack-protector-strong" };
    const char *flags = g_getenv("HARDENING");

    if (__GNUC__ < 12 || !is_release() || !flags || !*flags) {
        return;
    }
    for (size_t i = 0; i < G_N_ELEMENTS(wanted); i++) {
        ck_assert_msg(strstr(flags, wanted[i]), "no %s in %s", wanted[i], flags);
    }
#ifdef __x86_64__
    ck_assert_ptr_nonnull(strstr(flags, "-fcf-protection"));
#endif
}
END_TEST

Suite *suite_hardening(void)
{
    Suite *suite = suite_create("hardening");
    TCase *tests = tcase_create("hardening");

    tcase_add_loop_test(tests, is_linked_safely, 0, G_N_ELEMENTS(names));
    tcase_add_loop_test(tests, is_compiled_safely, 0, G_N_ELEMENTS(names));
    tcase_add_test(tests, has_what_gcc_knows);
    suite_add_tcase(suite, tests);
    return suite;
}
