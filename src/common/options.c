/*
 * options.c: the "options jsonb" argument of SQL functions, checked by key.
 */
#include "common/compat.h"

#include <math.h>

#include "lib/stringinfo.h"
#include "nodes/pg_list.h"
#include "utils/builtins.h"
#include "utils/fmgrprotos.h"
#include "utils/numeric.h"

#include "common/options.h"

static const WfOption *find_option(const char *name, const WfOption *known, int nknown);
static void store_option(const WfOption *option, JsonbValue *value, void *target);
static int64 whole_number(const WfOption *option, Numeric number);
static List *string_list(const WfOption *option, JsonbValue *value);
pg_noreturn static void report_wrong_type(const WfOption *option, const char *expected, const char *example);

/*
 * Stores the value of each key of options at its place in *target, which the
 * caller has filled with the defaults; a JSON null keeps the default.
 *
 * Raises invalid_parameter_value for an unknown key (the known ones are in the
 * HINT), a value of the wrong type, or options that are no object.
 */
void
wf_common_options_parse(Jsonb *options, const WfOption *known, int nknown, void *target)
{
	JsonbIterator *it;
	JsonbIteratorToken token;
	JsonbValue	value;
	const WfOption *option = NULL;

	if (!JB_ROOT_IS_OBJECT(options))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("options must be a JSON object"),
				 errhint("Write for example '{\"%s\": ...}'.", known[0].name)));

	it = JsonbIteratorInit(&options->root);
	while ((token = JsonbIteratorNext(&it, &value, true)) != WJB_DONE)
	{
		if (token == WJB_KEY)
			option = find_option(pnstrdup(value.val.string.val, value.val.string.len),
								 known, nknown);
		else if (token == WJB_VALUE && option && value.type != jbvNull)
			store_option(option, &value, target);
	}
}

static const WfOption *
find_option(const char *name, const WfOption *known, int nknown)
{
	StringInfoData names;

	for (int i = 0; i < nknown; i++)
	{
		if (strcmp(known[i].name, name) == 0)
			return &known[i];
	}

	initStringInfo(&names);
	for (int i = 0; i < nknown; i++)
		appendStringInfo(&names, "%s%s", i ? ", " : "", known[i].name);
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("unknown option \"%s\"", name),
			 errhint("Known options: %s.", names.data)));
	return NULL;				/* keep compiler quiet */
}

static void
store_option(const WfOption *option, JsonbValue *value, void *target)
{
	char	   *place = (char *) target + option->offset;

	switch (option->type)
	{
		case WF_OPTION_BOOLEAN:
			if (value->type != jbvBool)
				report_wrong_type(option, "true or false", "true");
			*(bool *) place = value->val.boolean;
			break;
		case WF_OPTION_INTEGER:
			if (value->type != jbvNumeric)
				report_wrong_type(option, "a whole number", "10");
			*(int64 *) place = whole_number(option, value->val.numeric);
			break;
		case WF_OPTION_NUMBER:
			if (value->type != jbvNumeric)
				report_wrong_type(option, "a number", "0.5");
			*(double *) place = DatumGetFloat8(DirectFunctionCall1(numeric_float8,
																   NumericGetDatum(value->val.numeric)));
			break;
		case WF_OPTION_TEXT:
			if (value->type != jbvString)
				report_wrong_type(option, "a string", "\"...\"");
			*(char **) place = pnstrdup(value->val.string.val, value->val.string.len);
			break;
		case WF_OPTION_TEXT_LIST:
			*(List **) place = string_list(option, value);
			break;
		case WF_OPTION_JSON:
			*(Jsonb **) place = JsonbValueToJsonb(value);
			break;
	}
}

/* Raises where it has a fraction, or no place in 64 bits. */
static int64
whole_number(const WfOption *option, Numeric number)
{
	double		size = fabs(DatumGetFloat8(DirectFunctionCall1(numeric_float8, NumericGetDatum(number))));
	int64		whole;

	if (size > 1e18)
		report_wrong_type(option, "a whole number of at most 18 digits", "10");
	whole = DatumGetInt64(DirectFunctionCall1(numeric_int8, NumericGetDatum(number)));
	if (!DatumGetBool(DirectFunctionCall2(numeric_eq, NumericGetDatum(number), NumericGetDatum(int64_to_numeric(whole)))))
		report_wrong_type(option, "a whole number", "10");
	return whole;
}

static List *
string_list(const WfOption *option, JsonbValue *value)
{
	List	   *list = NIL;
	JsonbIterator *it;
	JsonbIteratorToken token;
	JsonbValue	element;

	if (value->type == jbvString)
		return list_make1(pnstrdup(value->val.string.val, value->val.string.len));
	if (value->type != jbvBinary)
		report_wrong_type(option, "an array of strings", "[\"...\"]");

	it = JsonbIteratorInit(value->val.binary.data);
	while ((token = JsonbIteratorNext(&it, &element, true)) != WJB_DONE)
	{
		if (token == WJB_BEGIN_OBJECT || (token == WJB_ELEM && element.type != jbvString))
			report_wrong_type(option, "an array of strings", "[\"...\"]");
		if (token == WJB_ELEM)
			list = lappend(list, pnstrdup(element.val.string.val, element.val.string.len));
	}
	return list;
}

static void
report_wrong_type(const WfOption *option, const char *expected, const char *example)
{
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("option \"%s\" must be %s", option->name, expected),
			 errhint("Write for example '{\"%s\": %s}'.", option->name, example)));
}
