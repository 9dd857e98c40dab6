/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          sizes that a test build makes tiny: of windows, chunks and pieces.
 * Must not know: any of them.
 * See also:      the Makefile, VARIANT=tiny.
 *
 * What such a size is changes nothing of what comes out.  In a test build each test crosses
 * the edges of windows, where else only large streams do.
 */
#ifndef MIG_IO_TINY_H
#define MIG_IO_TINY_H

#ifdef MIG_TINY
#define MIG_TINY_OR(tiny, usual) (tiny)
#else
#define MIG_TINY_OR(tiny, usual) (usual)
#endif

#endif
