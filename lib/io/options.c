/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          see io/options.h.
 * Must not know: what the options are.
 * See also:      io/zero.h.
 */
#include "io/options.h"

#include <string.h>

#include "io/error.h"
#include "io/zero.h"

bool mig_options_take(void *known, size_t known_size, const void *given, const char *type,
                      GError **error)
{
    const uint8_t *bytes = given;
    size_t size;

    memset(known, 0, known_size);
    memcpy(known, &known_size, sizeof(known_size));
    if (!given) {
        return true;
    }
    memcpy(&size, given, sizeof(size));
    if (size < sizeof(size)) {
        mig_error_set_plain(error, MIG_ERROR_USAGE,
                            "%s.size is %zu, wanted sizeof(%s): see its _INIT", type,
                            size, type);
        return false;
    }
    if (size > known_size && !mig_is_zero(bytes + known_size, size - known_size)) {
        mig_error_set_plain(
            error, MIG_ERROR_USAGE,
            "%s has an option that this release of libmigstat does not know", type);
        return false;
    }
    memcpy(known, given, MIN(size, known_size));
    memcpy(known, &known_size, sizeof(known_size));
    return true;
}
