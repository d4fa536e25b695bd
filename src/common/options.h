/*
 * options.h: the "options jsonb" argument of SQL functions, checked by key.
 */
#ifndef WF_COMMON_OPTIONS_H
#define WF_COMMON_OPTIONS_H

#include "postgres.h"
#include "utils/jsonb.h"

typedef enum WfOptionType
{
	WF_OPTION_BOOLEAN,			/* bool */
	WF_OPTION_INTEGER,			/* int64 */
	WF_OPTION_NUMBER,			/* double */
	WF_OPTION_TEXT,				/* char *, palloc'd */
	WF_OPTION_TEXT_LIST,		/* List of char *; a single string is a list
								 * of one */
	WF_OPTION_JSON				/* Jsonb *, palloc'd */
} WfOptionType;

/* One known key, and where in the caller's struct its value goes. */
typedef struct WfOption
{
	const char *name;
	WfOptionType type;
	size_t		offset;
} WfOption;

extern void wf_common_options_parse(Jsonb *options, const WfOption *known,
									int nknown, void *target);

#endif							/* WF_COMMON_OPTIONS_H */
