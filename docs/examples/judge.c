/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          an example of libmigstat: whether a release of QEMU loads a stream, and if not, why.
 * Must not know: how the library is made.
 * See also:      mig_check(3), mig_release(3).
 *
 * cc judge.c $(pkg-config --cflags --libs migstat) -o judge
 * ./judge 10.0 guest.mig
 */
#include <stdio.h>

#include <migstat.h>

/* Reads the stream to its end; what is wrong with it is a finding and no error. */
static MigCheck *judged(MigReader *reader, MigRelease release, GError **error)
{
    const MigCheckOptions options = { MIG_CHECK_OPTIONS_INIT,
                                      .releases = mig_releases_one(release) };
    MigCheck *check = mig_check_new(reader, &options);
    const MigItem *item;

    while (mig_reader_next(reader, &item, error) == MIG_STATUS_MORE) {
        if (!mig_check_watch(check, item, error)) {
            mig_check_free(check);
            return NULL;
        }
    }
    if (!mig_check_finish(check, *error)) { /* the file could not be read */
        mig_check_free(check);
        return NULL;
    }
    g_clear_error(error);
    return check;
}

int main(int argc, char **argv)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(MigInput) in = NULL;
    g_autoptr(MigReader) reader = NULL;
    g_autoptr(MigCheck) check = NULL;
    const MigFinding *finding;
    MigRelease release;

    if (argc != 3 || !mig_release_parse(argv[1], &release)) {
        fprintf(stderr, "usage: judge RELEASE FILE\n");
        return 2;
    }
    in = mig_input_open(argv[2], NULL, &error);
    reader = in ? mig_reader_new(in) : NULL;
    check = reader ? judged(reader, release, &error) : NULL;
    if (!check) {
        fprintf(stderr, "%s: %s\n", argv[2], error->message);
        return 2;
    }
    finding = mig_check_first_refusal(check, release);
    if (!finding) {
        printf("QEMU %s: no reason to refuse it\n", argv[1]);
        return 0;
    }
    /* A message may quote the stream, which may hold what a terminal obeys. */
    g_autofree char *message = g_strescape(finding->message, NULL);

    printf("QEMU %s refuses it at 0x%" G_GINT64_MODIFIER "x: %s: %s\n", argv[1],
           (guint64)finding->offset, mig_rule_id(finding->rule), message);
    if (finding->remedy.filter) {
        printf("migstat convert --filter=%s mends it\n", finding->remedy.filter);
    }
    return 1;
}
