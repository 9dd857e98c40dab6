/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Owns: what holds of conversions of any bytes.
 *   - Each ends: with a result, or with an error that has a text.
 *   - The result of what could be read without doubt can be read to its end.
 *   - Without filters a stream that can be read is the same to the byte.
 *   - What is in a dialect already is not changed by converting to it.
 *   - A brief first pass changes nothing but whether there is a result.
 * Must not know: what any filter does.
 * Neighbours: fuzz.h; lib/filter/chain.h.
 */
#include "fuzz/fuzz.h"

#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "migstat.h"

static GBytes *contents_of(int fd)
{
    struct stat st;
    uint8_t *bytes;

    FUZZ_ASSERT(fstat(fd, &st) == 0);
    bytes = g_malloc((gsize)st.st_size + 1);
    FUZZ_ASSERT(pread(fd, bytes, (size_t)st.st_size, 0) == st.st_size);
    return g_bytes_new_take(bytes, (gsize)st.st_size);
}

/* NULL where it is refused. */
static GBytes *convert_as(GBytes *bytes, const char *filters, bool brief)
{
    const MigChainOptions chain_options = { .brief = brief };
    static const MigInputOptions input_options = { .max_expand = FUZZ_EXPAND_MAX };
    g_autoptr(MigInput) in = mig_input_new_bytes(bytes, "input", &input_options, NULL);
    g_autoptr(MigChain) chain = mig_chain_new();
    g_auto(GStrv) texts = g_strsplit(filters, " ", -1);
    g_autoptr(GError) error = NULL;
    int fd = memfd_create("output", MFD_CLOEXEC);
    g_autoptr(MigOutput) out = mig_output_new_fd(fd, "output", NULL, NULL);
    GBytes *result = NULL;

    for (char **text = texts; *text; text++) {
        FUZZ_ASSERT(mig_chain_add(chain, *text, NULL), "%s", *text);
    }
    if (in) {
        if (mig_chain_run(chain, in, NULL, out, &chain_options, &error) &&
            mig_output_commit(out, &error)) {
            result = contents_of(fd);
        }
        FUZZ_ASSERT(!result == (error && *error->message), "%s", filters);
    }
    close(fd);
    return result;
}

static GBytes *convert(GBytes *bytes, const char *filters)
{
    return convert_as(bytes, filters, false);
}

static bool is_complete(GBytes *bytes)
{
    size_t n;
    const uint8_t *data = g_bytes_get_data(bytes, &n);

    return fuzz_read(data, n, NULL, NULL);
}

static void note_doubt(const MigItem *item, void *user)
{
    *(bool *)user |= item->inferred || item->description_differs || item->defect;
}

/* Complete, and no end in it was guessed: to guess is to look at what follows, which a
 * conversion may change. */
static bool is_certain(GBytes *bytes)
{
    size_t n;
    const uint8_t *data = g_bytes_get_data(bytes, &n);
    bool doubt = false;

    return fuzz_read(data, n, note_doubt, &doubt) && !doubt;
}

static bool is_wrapped(GBytes *bytes)
{
    g_autoptr(MigInput) in = mig_input_new_bytes(bytes, "input", NULL, NULL);
    size_t wrappers = 1;

    if (in) {
        mig_input_containers(in, &wrappers);
    }
    return wrappers > 0;
}

void fuzz_convert(const uint8_t *data, size_t n)
{
    static const char *const names[] = { "subflag", "config-first", "config-last" };
    g_autoptr(GBytes) bytes = g_bytes_new_static(data, n);
    g_autoptr(GBytes) same = convert(bytes, "null");
    bool complete = is_complete(bytes), certain = is_certain(bytes);

    FUZZ_ASSERT(!same == !complete);
    FUZZ_ASSERT(!same || is_wrapped(bytes) || g_bytes_equal(bytes, same));
    for (size_t i = 0; i < G_N_ELEMENTS(names); i++) {
        g_autoptr(GBytes) once = convert(bytes, mig_chain_named(names[i]));
        g_autoptr(GBytes) brief = convert_as(bytes, mig_chain_named(names[i]), true);
        g_autoptr(GBytes) twice = once ? convert(once, mig_chain_named(names[i])) : NULL;

        FUZZ_ASSERT(!once || complete, "%s", names[i]);
        FUZZ_ASSERT(!brief || (once && g_bytes_equal(brief, once)), "%s", names[i]);
        if (once && certain) {
            FUZZ_ASSERT(is_complete(once), "%s", names[i]);
            FUZZ_ASSERT(twice, "%s: its result is refused", names[i]);
            FUZZ_ASSERT(g_bytes_equal(once, twice), "%s: changes its result", names[i]);
        }
    }
}

void fuzz_filters(const uint8_t *data, size_t n)
{
    static const char *const chains[] = {
        "vfio-layout:to=subflag:config-needed=yes:every-iteration=yes",
        "ram-decompress ram-zero",
        "drop-section:name=timer footers:add=yes",
        "keep-section:name=*ram*",
        "rename-section:from=0000:00:01.0/vfio:to=0000:00:1f.7/vfio",
        "machine:name=pc-q35-9.1",
        "description:drop=yes",
        "footers:drop=yes",
        "ram-block:name=pc.ram:length=8192",
        "set-field:path=apic:id:set=3",
        "set-field:path=*/vfio:*INTA:value=1",
        "drop-subsection:path=cpu:cpu/fpu",
        "drop-command:name=SWITCHOVER_START:name=PING",
        "vfio-init-data:drop=yes",
    };
    g_autoptr(GBytes) bytes = g_bytes_new_static(data, n);
    bool certain = is_certain(bytes);

    for (size_t i = 0; i < G_N_ELEMENTS(chains); i++) {
        g_autoptr(GBytes) result = convert(bytes, chains[i]);

        /* Without footers or description the end of a section cannot be known. */
        FUZZ_ASSERT(!result || !certain || is_complete(result) ||
                        strstr(chains[i], "drop=yes"),
                    "%s", chains[i]);
    }
}
