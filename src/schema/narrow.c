/*
 * narrow.c: whether a column's new type may hold less than the old one.
 *
 * Told by the names of the types alone, so only the server's own types count.
 * That a value makes the conversion fail, rounds or is cut is all the same
 * here: it is not kept.
 */
#include "common/compat.h"

#include "schema/ddl.h"

/* Digits that a type without a precision of its own is taken to have. */
#define ANY_DIGITS 1000000

typedef enum TypeGroup
{
	GROUP_NONE,
	GROUP_TEXT,
	GROUP_INTEGER,
	GROUP_NUMERIC,
	GROUP_FLOAT,
	GROUP_BOOLEAN,
	GROUP_DATE,
	GROUP_TIME,
	GROUP_TIMESTAMP,
	GROUP_TIMESTAMPTZ
} TypeGroup;

typedef struct TypeSize
{
	TypeGroup	group;
	int			whole;			/* digits before the point, or characters */
	int			fraction;		/* digits behind it; of a float, exact ones in
								 * all */
} TypeSize;

static const struct
{
	const char *name;
	TypeSize	size;
}			sizes[] = {
	{"text", {GROUP_TEXT, ANY_DIGITS, 0}},
	{"character varying", {GROUP_TEXT, ANY_DIGITS, 0}},
	{"character", {GROUP_TEXT, 1, 0}},
	{"name", {GROUP_TEXT, NAMEDATALEN - 1, 0}},
	{"smallint", {GROUP_INTEGER, 5, 0}},
	{"integer", {GROUP_INTEGER, 10, 0}},
	{"bigint", {GROUP_INTEGER, 19, 0}},
	{"numeric", {GROUP_NUMERIC, ANY_DIGITS, ANY_DIGITS}},
	{"real", {GROUP_FLOAT, 38, 7}},
	{"double precision", {GROUP_FLOAT, 308, 15}},
	{"boolean", {GROUP_BOOLEAN, 1, 0}},
	{"date", {GROUP_DATE, 0, 0}},
	{"time without time zone", {GROUP_TIME, 0, 6}},
	{"time with time zone", {GROUP_TIME, 0, 6}},
	{"timestamp without time zone", {GROUP_TIMESTAMP, 0, 6}},
	{"timestamp with time zone", {GROUP_TIMESTAMPTZ, 0, 6}},
};

static TypeSize size_of(const char *type);
static void apply_modifier(TypeSize *size, const char *modifier);
static bool narrows_number(TypeSize from, TypeSize to);
static bool narrows_time(TypeSize from, TypeSize to);

/* May a value of type "from" not be kept in type "to"?  False where nothing is known. */
bool
wf_schema_type_narrows(const char *from, const char *to)
{
	TypeSize	a = size_of(from);
	TypeSize	b = size_of(to);

	if (b.group == GROUP_NONE || (a.group == GROUP_NONE && b.group != GROUP_TEXT))
		return false;
	if (b.group == GROUP_TEXT)
		return b.whole < (a.group == GROUP_TEXT ? a.whole : ANY_DIGITS);
	if (a.group == GROUP_TEXT)
		return false;
	if (a.group >= GROUP_DATE || b.group >= GROUP_DATE)
		return a.group >= GROUP_DATE && b.group >= GROUP_DATE && narrows_time(a, b);
	return narrows_number(a, b);
}

/* "numeric(10,2)[]": an array is as large as its elements. */
static TypeSize
size_of(const char *type)
{
	TypeSize	none = {GROUP_NONE, 0, 0};
	const char *collate = strstr(type, " COLLATE ");
	char	   *name = collate ? pnstrdup(type, collate - type) : pstrdup(type);
	char	   *open = strchr(name, '(');
	char	   *close = open ? strchr(open, ')') : NULL;
	char	   *modifier = NULL;
	char	   *array = strchr(name, '[');

	if (array)
		*array = '\0';
	if (close)
	{
		modifier = pnstrdup(open + 1, close - open - 1);
		memmove(open, close + 1, strlen(close + 1) + 1);
	}
	for (int i = 0; i < lengthof(sizes); i++)
	{
		if (strcmp(sizes[i].name, name) == 0)
		{
			TypeSize	size = sizes[i].size;

			if (modifier)
				apply_modifier(&size, modifier);
			return size;
		}
	}
	return none;
}

static void
apply_modifier(TypeSize *size, const char *modifier)
{
	const char *comma = strchr(modifier, ',');

	switch (size->group)
	{
		case GROUP_TEXT:
			size->whole = atoi(modifier);
			break;
		case GROUP_NUMERIC:
			size->fraction = comma ? atoi(comma + 1) : 0;
			size->whole = atoi(modifier) - size->fraction;
			break;
		default:
			size->fraction = atoi(modifier);
			break;
	}
}

static bool
narrows_number(TypeSize from, TypeSize to)
{
	if (from.group == GROUP_BOOLEAN || to.group == GROUP_BOOLEAN)
		return from.group != GROUP_BOOLEAN;
	if (to.group == GROUP_FLOAT)
		return from.group == GROUP_FLOAT ? to.fraction < from.fraction
			: from.whole + from.fraction > to.fraction;
	/* A float becomes a number of its exact digits. */
	if (from.group == GROUP_FLOAT)
		return true;
	return to.whole < from.whole || to.fraction < from.fraction;
}

static bool
narrows_time(TypeSize from, TypeSize to)
{
	if (from.group == GROUP_DATE)
		return to.group == GROUP_TIME;
	if (to.group == GROUP_DATE || (to.group == GROUP_TIME && from.group != GROUP_TIME))
		return true;
	/* Two moments of the night when clocks go back become one. */
	return (from.group == GROUP_TIMESTAMPTZ && to.group == GROUP_TIMESTAMP) || to.fraction < from.fraction;
}
