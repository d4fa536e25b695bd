/*
 * raw_parse.c: the floor of a check, the grammar of the server run over a text.
 */
#include "postgres.h"

#include "fmgr.h"
#include "nodes/pg_list.h"
#include "parser/parser.h"
#include "utils/builtins.h"

PG_MODULE_MAGIC;

PG_FUNCTION_INFO_V1(raw_parse);

/* raw_parse(sql text) -> int, the number of its statements */
Datum
raw_parse(PG_FUNCTION_ARGS)
{
	PG_RETURN_INT32(list_length(raw_parser(text_to_cstring(PG_GETARG_TEXT_PP(0)), RAW_PARSE_DEFAULT)));
}
