/*
 * noop.c: the floor of the executor, a function that reads its arguments and
 * returns.
 */
#include "postgres.h"

#include "fmgr.h"

PG_MODULE_MAGIC;

PG_FUNCTION_INFO_V1(noop);

/* noop(flag text, key text) -> boolean */
Datum
noop(PG_FUNCTION_ARGS)
{
	text	   *flag = PG_GETARG_TEXT_PP(0);
	text	   *key = PG_GETARG_TEXT_PP(1);

	PG_RETURN_BOOL(VARSIZE_ANY_EXHDR(flag) > VARSIZE_ANY_EXHDR(key));
}
