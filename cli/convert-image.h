/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          what the header of a libvirt save image says of the stream that convert puts
 *                into it.
 * Must not know: the layout of the header; any one change of the stream but two.
 * See also:      cmd-convert.c; domain-xml.h; lib/io/output.h, which writes it.
 */
#ifndef CLI_CONVERT_IMAGE_H
#define CLI_CONVERT_IMAGE_H

#include "migstat.h"

typedef struct ConvertImage {
    const char *xml_file; /* --set-xml; NULL: not given */
    GBytes *given;        /* what it holds */
    GBytes *xml;          /* what the result gets; NULL: what the input has */
    bool wants_format;    /* --compress=sparse: there must be an image */
    GPtrArray *notes;     /* what was done to it, in words */
    /* What a stream that can be read twice says of itself. */
    bool looked, is_mapped;
    char *machine; /* NULL: not known */
} ConvertImage;

/* Reads --set-xml, if it was given; before the right to open files is given up. */
bool convert_image_read(ConvertImage *image, GError **error);

/*
 * Sets in @out what the image around the result says: how RAM is laid out and which machine type the
 * XML names, after what @chain does, and the XML.  @in: what is read.
 */
bool convert_image_plan(ConvertImage *image, const MigChain *chain, MigInput *in,
                        MigOutputOptions *out, GError **error);

void convert_image_clear(ConvertImage *image);

#endif
