/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          see conversion.h.
 * Must not know: what any filter does.
 * See also:      lib/filter/chain.h.
 */
#include "conversion.h"

#include <check.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "mkmig.h"
#include "support.h"

void conversion_free(Conversion *conversion)
{
    g_clear_pointer(&conversion->bytes, g_bytes_unref);
    g_clear_error(&conversion->error);
    g_free(conversion->report);
    g_free(conversion);
}

static GBytes *contents_of(int fd)
{
    struct stat st;
    ck_assert_int_eq(fstat(fd, &st), 0);
    uint8_t *bytes = g_malloc(st.st_size + 1);
    ck_assert_int_eq(pread(fd, bytes, st.st_size, 0), st.st_size);
    return g_bytes_new_take(bytes, st.st_size);
}

static char *report_of(const MigChain *chain)
{
    size_t n;
    const MigChange *changes = mig_chain_changes(chain, &n);
    GString *text = g_string_new(NULL);

    for (size_t i = 0; i < n; i++) {
        g_string_append_printf(text, "%s%s%s\n",
                               changes[i].section ? changes[i].section : "",
                               changes[i].section ? ": " : "", changes[i].text);
    }
    return g_string_free(text, FALSE);
}

static void count(void *data, uint64_t position)
{
    (void)position;
    (*(unsigned *)data)++;
}

/* Where a chain writes to. */
typedef struct {
    int fd;
    MigOutput *out;
    bool again; /* it was begun anew */
} Memory;

static MigOutput *begin(Memory *memory)
{
    memory->out = mig_output_new_fd(memory->fd, "memory", NULL, NULL);
    ck_assert_ptr_nonnull(memory->out);
    return memory->out;
}

static MigOutput *begin_again(void *data, GError **error)
{
    Memory *memory = data;

    ck_assert_ptr_null(*error);
    ck_assert_msg(!memory->again, "a chain ran three times");
    memory->again = true;
    mig_output_free(memory->out);
    ck_assert_int_eq(ftruncate(memory->fd, 0), 0);
    ck_assert_int_eq(lseek(memory->fd, 0, SEEK_SET), 0);
    return begin(memory);
}

/* @donor: the stream that filters may take from, or NULL.  @brief: whether a first pass may be. */
static Conversion *run_chain(MigInput *in, GBytes *donor, const char *text, bool lossy,
                             bool brief)
{
    g_autoptr(MigInput) other =
        donor ? mig_input_new_bytes(donor, "other", NULL, NULL) : NULL;
    Conversion *conversion = g_new0(Conversion, 1);
    Memory memory = { .fd = memfd_create("converted", MFD_CLOEXEC) };
    const MigChainOptions options = { MIG_CHAIN_OPTIONS_INIT,
                                      .lossy = lossy,
                                      .donor = other,
                                      .begin_again = brief ? begin_again : NULL,
                                      .begin_again_data = &memory,
                                      .progress = count,
                                      .progress_data = &conversion->n_read };
    g_autoptr(MigChain) chain = mig_chain_new();
    g_auto(GStrv) filters = g_strsplit(text, " ", -1);
    bool ok = true;

    ck_assert_int_ge(memory.fd, 0);
    begin(&memory);

    for (char **filter = filters; *filter && ok; filter++) {
        ok = !**filter || mig_chain_add(chain, *filter, &conversion->error);
    }
    if (ok && mig_chain_run(chain, in, NULL, memory.out, &options, &conversion->error) &&
        mig_output_commit(memory.out, &conversion->error)) {
        conversion->bytes = contents_of(memory.fd);
    }
    ck_assert_msg((conversion->bytes != NULL) != (conversion->error != NULL),
                  "%s: neither done nor failed", text);
    conversion->report = report_of(chain);
    conversion->brief = memory.again ? TOO_BRIEF : NOT_BRIEF;
    mig_output_free(memory.out);
    close(memory.fd);
    return conversion;
}

Conversion *convert_input(MigInput *in, const char *text, bool lossy)
{
    return run_chain(in, NULL, text, lossy, false);
}

static Conversion *convert_bytes(GBytes *stream, GBytes *donor, const char *chain,
                                 bool lossy, bool brief)
{
    g_autoptr(MigInput) in = mig_input_new_bytes(stream, "stream", NULL, NULL);
    ck_assert_ptr_nonnull(in);
    return run_chain(in, donor, chain, lossy, brief);
}

/* Whether it is looked at briefly or as a whole beforehand makes no difference. */
static void assert_same(const Conversion *brief, const Conversion *whole,
                        const char *chain)
{
    ck_assert_msg(!brief->error == !whole->error, "%s: %s", chain,
                  (brief->error ? brief->error : whole->error)->message);
    ck_assert_str_eq(brief->report, whole->report);
    if (brief->error) {
        ck_assert_str_eq(brief->error->message, whole->error->message);
    } else {
        assert_same_bytes(brief->bytes, whole->bytes, chain);
    }
}

Conversion *convert(GBytes *stream, const char *chain, bool lossy)
{
    return convert_from(stream, NULL, chain, lossy);
}

Conversion *convert_from(GBytes *stream, GBytes *donor, const char *chain, bool lossy)
{
    Conversion *whole = convert_bytes(stream, donor, chain, lossy, false);
    g_autoptr(Conversion) brief = convert_bytes(stream, donor, chain, lossy, true);

    assert_same(brief, whole, chain);
    whole->brief = brief->brief == TOO_BRIEF       ? TOO_BRIEF
                   : brief->n_read < whole->n_read ? BRIEF
                                                   : NOT_BRIEF;
    return whole;
}

Conversion *convert_pipe(GBytes *stream, const char *chain, bool lossy)
{
    g_autoptr(Piped) piped = piped_new(stream, SIZE_MAX);
    g_autoptr(MigInput) in = mig_input_new_fd(piped->fd, "pipe", NULL, NULL);

    ck_assert_ptr_nonnull(in);
    return convert_input(in, chain, lossy);
}

GBytes *converted(GBytes *stream, const char *chain)
{
    g_autoptr(Conversion) file = convert(stream, chain, false);
    g_autoptr(Conversion) pipe_end = convert_pipe(stream, chain, false);

    ck_assert_msg(file->bytes != NULL, "%s: %s", chain,
                  file->error ? file->error->message : "");
    ck_assert_msg(pipe_end->bytes != NULL, "%s, from a pipe: %s", chain,
                  pipe_end->error ? pipe_end->error->message : "");
    assert_same_bytes(pipe_end->bytes, file->bytes, "from a pipe");
    return g_bytes_ref(file->bytes);
}

GBytes *assembled(const char *text)
{
    g_autoptr(GError) error = NULL;
    GBytes *bytes = mkmig_assemble(text, "text", &error);

    ck_assert_msg(bytes != NULL, "%s\n%s", error ? error->message : "", text);
    return bytes;
}

void assert_same_bytes(GBytes *actual, GBytes *expected, const char *what)
{
    size_t n, m, i = 0;
    const uint8_t *a = g_bytes_get_data(actual, &n), *b = g_bytes_get_data(expected, &m);

    while (i < n && i < m && a[i] == b[i]) {
        i++;
    }
    ck_assert_msg(i == n && i == m,
                  "%s: %zu bytes and %zu wanted, different from 0x%zx on", what, n, m, i);
}
