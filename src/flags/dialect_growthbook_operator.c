/*
 * dialect_growthbook_operator.c: what GrowthBook's conditions compare.  Pure.
 *
 * All take nulls, and what is absent as null.
 */
#include "common/compat.h"

#include <math.h>

#include "lib/stringinfo.h"

#include "flags/dialect_growthbook.h"
#include "flags/operator.h"
#include "flags/set.h"

/* Digits of a version's part are filled up with blanks to this width. */
#define VERSION_PART_WIDTH 5

/*
 * Values, found by type: a saved group may have a hundred thousand.  Folded
 * ones are in lower case if all of ASCII, else patterns.
 */
struct WfGrowthbookSet
{
	bool		fold_case;
	bool		has_null;
	bool		has_true;
	bool		has_false;
	WfStringSet *strings;
	int			nnumbers;
	double	   *numbers;		/* sorted */
	int			npatterns;
	const void **patterns;
};

static void add_member(WfGrowthbookSet *set, const WfValue *value);
static bool has_string(WfRun *run, const WfGrowthbookSet *set, WfString string);
static int	compare_numbers(const void *a, const void *b);
static bool is_ascii(WfString text);
static WfString lower_ascii(WfString text);
static const char *type_name(const WfValue *value);

/* The set of an array's elements; arrays and objects are equal to nothing. */
WfGrowthbookSet *
wf_flags_growthbook_set(const WfValue *array, bool fold_case)
{
	WfGrowthbookSet *set = palloc0(sizeof(WfGrowthbookSet));
	int			length = wf_flags_value_length(array);
	JsonbIterator *it = JsonbIteratorInit(array->u.container);
	JsonbIteratorToken token;
	JsonbValue	json;

	set->fold_case = fold_case;
	set->strings = wf_flags_set_create(length);
	set->numbers = palloc(sizeof(double) * Max(length, 1));
	set->patterns = palloc(sizeof(void *) * Max(fold_case ? length : 0, 1));
	while ((token = JsonbIteratorNext(&it, &json, true)) != WJB_DONE)
	{
		WfValue		value;

		if (token != WJB_ELEM)
			continue;
		wf_flags_value_from_json(&json, &value);
		add_member(set, &value);
	}
	qsort(set->numbers, set->nnumbers, sizeof(double), compare_numbers);
	return set;
}

/* Prepares a text to be compared without regard to case. */
void
wf_flags_growthbook_fold(WfOperand *operand)
{
	if (is_ascii(operand->value.u.string))
		operand->value.u.string = lower_ascii(operand->value.u.string);
	else
		operand->prepared = wf_flags_pattern_literal(operand->value.u.string, WF_LITERAL_WHOLE);
}

/* String(value) is the text. */
bool
wf_flags_growthbook_match_text(WfRun *run, const WfPredicate *predicate,
							   const WfValue *value, const WfOperand *operand)
{
	WfString	text = wf_flags_js_string(value);

	if (operand->prepared)
		return wf_flags_pattern_finds(run, operand->prepared, text);
	if (predicate->fold_case)
		text = lower_ascii(text);
	return wf_flags_strings_equal(text, operand->value.u.string);
}

/* Number(value) is the number, so that null is 0. */
bool
wf_flags_growthbook_match_number(WfRun *run, const WfPredicate *predicate,
								 const WfValue *value, const WfOperand *operand)
{
	return wf_flags_js_number(value) == wf_flags_value_double(&operand->value);
}

/* Boolean(value) is the boolean; null is neither. */
bool
wf_flags_growthbook_match_truth(WfRun *run, const WfPredicate *predicate,
								const WfValue *value, const WfOperand *operand)
{
	return value->type != WF_VALUE_NULL && wf_flags_js_truthy(value) == operand->value.u.boolean;
}

/*
 * Arrays and objects of the same content.  GrowthBook compares their JSON
 * texts, for which the order of keys matters; jsonb does not keep it.
 */
bool
wf_flags_growthbook_match_content(WfRun *run, const WfPredicate *predicate,
								  const WfValue *value, const WfOperand *operand)
{
	return wf_flags_values_same(value, &operand->value);
}

bool
wf_flags_growthbook_match_identical(WfRun *run, const WfPredicate *predicate,
									const WfValue *value, const WfOperand *operand)
{
	return wf_flags_js_identical(value, &operand->value);
}

/* <, <=, >, >= as mode says. */
bool
wf_flags_growthbook_match_ordered(WfRun *run, const WfPredicate *predicate,
								  const WfValue *value, const WfOperand *operand)
{
	switch (predicate->mode)
	{
		case WF_ORDER_LESS:
			return wf_flags_js_less(value, &operand->value, false);
		case WF_ORDER_LESS_EQUAL:
			return wf_flags_js_less(value, &operand->value, true);
		case WF_ORDER_GREATER:
			return wf_flags_js_less(&operand->value, value, false);
		case WF_ORDER_GREATER_EQUAL:
			return wf_flags_js_less(&operand->value, value, true);
		default:
			return false;
	}
}

/* One of the prepared set; of an array one of its elements. */
bool
wf_flags_growthbook_match_member(WfRun *run, const WfPredicate *predicate,
								 const WfValue *value, const WfOperand *operand)
{
	const WfGrowthbookSet *set = operand->prepared;
	double		number;

	switch (value->type)
	{
		case WF_VALUE_NULL:
			return set->has_null;
		case WF_VALUE_BOOLEAN:
			return value->u.boolean ? set->has_true : set->has_false;
		case WF_VALUE_NUMBER:
			number = wf_flags_value_double(value);
			return bsearch(&number, set->numbers, set->nnumbers, sizeof(double), compare_numbers) != NULL;
		case WF_VALUE_STRING:
			return has_string(run, set, value->u.string);
		default:
			return false;
	}
}

/* Of the type with the given name. */
bool
wf_flags_growthbook_match_type(WfRun *run, const WfPredicate *predicate,
							   const WfValue *value, const WfOperand *operand)
{
	return operand->value.type == WF_VALUE_STRING &&
		wf_flags_strings_equal(wf_flags_string(type_name(value)), operand->value.u.string);
}

/* A pattern is looked for in String(value); a wrong one is found nowhere. */
bool
wf_flags_growthbook_match_pattern(WfRun *run, const WfPredicate *predicate,
								  const WfValue *value, const WfOperand *operand)
{
	return operand->prepared &&
		wf_flags_pattern_finds(run, operand->prepared, wf_flags_js_string(value));
}

/* Versions in their padded form; the operand's value is in it already. */
bool
wf_flags_growthbook_match_version(WfRun *run, const WfPredicate *predicate,
								  const WfValue *value, const WfOperand *operand)
{
	WfValue		version;

	wf_flags_value_set_string(&version, wf_flags_growthbook_version(value));
	if (predicate->mode == WF_ORDER_EQUAL)
		return wf_flags_strings_equal(version.u.string, operand->value.u.string);
	return wf_flags_growthbook_match_ordered(run, predicate, &version, operand);
}

/*
 * A version in a form that is ordered as text.  "v" in front and what follows
 * "+" are dropped, the parts are separated by "-", numbers filled up.  Without
 * pre-release "~" is added, which comes after all letters: 1.0.0 is later than
 * 1.0.0-beta.
 */
WfString
wf_flags_growthbook_version(const WfValue *value)
{
	WfString	version = {"", 0};
	const char *build;
	StringInfoData text;
	int			nparts = 1;

	if (value->type == WF_VALUE_STRING || value->type == WF_VALUE_NUMBER)
		version = wf_flags_js_string(value);
	if (version.len == 0)
		version = wf_flags_string("0");
	if (version.data[0] == 'v')
	{
		version.data++;
		version.len--;
	}
	build = memchr(version.data, '+', version.len);
	if (build)
		version.len = build - version.data;

	initStringInfo(&text);
	for (;;)
	{
		int			len = 0;
		int			ndigits = 0;

		while (len < version.len && version.data[len] != '-' && version.data[len] != '.')
		{
			ndigits += version.data[len] >= '0' && version.data[len] <= '9';
			len++;
		}
		if (len > 0 && ndigits == len)
			appendStringInfoSpaces(&text, Max(VERSION_PART_WIDTH - len, 0));
		appendBinaryStringInfo(&text, version.data, len);
		if (len == version.len)
			break;
		appendStringInfoChar(&text, '-');
		version.data += len + 1;
		version.len -= len + 1;
		nparts++;
	}
	if (nparts == 3)
		appendStringInfoString(&text, "-~");
	version.data = text.data;
	version.len = text.len;
	return version;
}

static void
add_member(WfGrowthbookSet *set, const WfValue *value)
{
	const void *pattern;

	switch (value->type)
	{
		case WF_VALUE_NULL:
			set->has_null = true;
			break;
		case WF_VALUE_BOOLEAN:
			*(value->u.boolean ? &set->has_true : &set->has_false) = true;
			break;
		case WF_VALUE_NUMBER:
			set->numbers[set->nnumbers++] = wf_flags_value_double(value);
			break;
		case WF_VALUE_STRING:
			if (!set->fold_case)
				wf_flags_set_add(set->strings, value->u.string);
			else if (is_ascii(value->u.string))
				wf_flags_set_add(set->strings, lower_ascii(value->u.string));
			else if ((pattern = wf_flags_pattern_literal(value->u.string, WF_LITERAL_WHOLE)) != NULL)
				set->patterns[set->npatterns++] = pattern;
			break;
		default:
			break;
	}
}

static bool
has_string(WfRun *run, const WfGrowthbookSet *set, WfString string)
{
	if (wf_flags_set_has(set->strings, set->fold_case ? lower_ascii(string) : string))
		return true;
	for (int i = 0; i < set->npatterns; i++)
	{
		if (!wf_flags_run_step(run))
			return false;
		if (wf_flags_pattern_finds(run, set->patterns[i], string))
			return true;
	}
	return false;
}

static int
compare_numbers(const void *a, const void *b)
{
	double		x = *(const double *) a;
	double		y = *(const double *) b;

	return x < y ? -1 : x > y ? 1 : 0;
}

static bool
is_ascii(WfString text)
{
	for (int i = 0; i < text.len; i++)
	{
		if (IS_HIGHBIT_SET(text.data[i]))
			return false;
	}
	return true;
}

/* The letters of ASCII in lower case, all else as it is. */
static WfString
lower_ascii(WfString text)
{
	char	   *lower = pnstrdup(text.data, text.len);

	for (int i = 0; i < text.len; i++)
	{
		if (lower[i] >= 'A' && lower[i] <= 'Z')
			lower[i] += 'a' - 'A';
	}
	text.data = lower;
	return text;
}

static const char *
type_name(const WfValue *value)
{
	switch (value->type)
	{
		case WF_VALUE_BOOLEAN:
			return "boolean";
		case WF_VALUE_NUMBER:
			return "number";
		case WF_VALUE_STRING:
			return "string";
		case WF_VALUE_ARRAY:
			return "array";
		case WF_VALUE_OBJECT:
			return "object";
		default:
			return "null";
	}
}
