/* SPDX-License-Identifier: GPL-2.0-only */
/* The status page as bytes; the build makes them of status.html. */
#ifndef FASTSWAP_SERVER_PAGE_H
#define FASTSWAP_SERVER_PAGE_H

#include <stddef.h>

extern const unsigned char page_html[];
extern const size_t page_html_size;

#endif /* FASTSWAP_SERVER_PAGE_H */
