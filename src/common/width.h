/*
 * width.h: how wide a text is in a font of fixed width.
 */
#ifndef WF_COMMON_WIDTH_H
#define WF_COMMON_WIDTH_H

#include "postgres.h"

/* Tabs are the only control characters that a line of text needs. */
static inline bool
wf_common_is_control(unsigned char c)
{
	return (c < ' ' && c != '\t') || c == 0x7f;
}

extern int	wf_common_width(const char *text);
extern const char *wf_common_clip(const char *text, int width);

#endif							/* WF_COMMON_WIDTH_H */
