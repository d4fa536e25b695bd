/*
 * row.h: the values of a row that a function returns.
 */
#ifndef WF_COMMON_ROW_H
#define WF_COMMON_ROW_H

#include "postgres.h"

#include "utils/builtins.h"

/* A text, or NULL. */
static inline void
wf_row_put_text(Datum *values, bool *nulls, int column, const char *text)
{
	nulls[column] = text == NULL;
	values[column] = text ? CStringGetTextDatum(text) : (Datum) 0;
}

#endif							/* WF_COMMON_ROW_H */
