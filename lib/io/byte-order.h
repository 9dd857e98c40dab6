/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          integers of either byte order, at any address.
 * Must not know: which structure they are part of.
 * See also:      stream/wire.h; the containers of this folder.
 */
#ifndef MIG_IO_BYTE_ORDER_H
#define MIG_IO_BYTE_ORDER_H

#include <glib.h>
#include <stdint.h>

G_BEGIN_DECLS

static inline uint16_t mig_be16(const uint8_t *p)
{
    return (uint16_t)(p[0] << 8 | p[1]);
}

static inline uint32_t mig_be32(const uint8_t *p)
{
    return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

static inline uint64_t mig_be64(const uint8_t *p)
{
    return (uint64_t)mig_be32(p) << 32 | mig_be32(p + 4);
}

static inline uint16_t mig_le16(const uint8_t *p)
{
    return (uint16_t)(p[1] << 8 | p[0]);
}

static inline uint32_t mig_le32(const uint8_t *p)
{
    return (uint32_t)p[3] << 24 | (uint32_t)p[2] << 16 | (uint32_t)p[1] << 8 | p[0];
}

static inline uint64_t mig_le64(const uint8_t *p)
{
    return (uint64_t)mig_le32(p + 4) << 32 | mig_le32(p);
}

static inline void mig_put_be16(uint8_t *p, uint16_t v)
{
    p[0] = (uint8_t)(v >> 8);
    p[1] = (uint8_t)v;
}

static inline void mig_put_be32(uint8_t *p, uint32_t v)
{
    mig_put_be16(p, (uint16_t)(v >> 16));
    mig_put_be16(p + 2, (uint16_t)v);
}

static inline void mig_put_be64(uint8_t *p, uint64_t v)
{
    mig_put_be32(p, (uint32_t)(v >> 32));
    mig_put_be32(p + 4, (uint32_t)v);
}

static inline void mig_put_le32(uint8_t *p, uint32_t v)
{
    mig_put_be32(p, GUINT32_SWAP_LE_BE(v));
}

G_END_DECLS

#endif
