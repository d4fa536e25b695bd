/*
 * catalog_types.c: casts and functions, as the live catalog has them.
 */
#include "common/compat.h"

#include "access/htup_details.h"
#include "catalog/namespace.h"
#include "catalog/pg_enum.h"
#include "catalog/pg_proc.h"
#include "catalog/pg_type.h"
#include "mb/pg_wchar.h"
#include "nodes/value.h"
#include "parser/parse_coerce.h"
#include "pgtime.h"
#include "utils/datetime.h"
#include "utils/builtins.h"
#include "utils/catcache.h"
#include "utils/lsyscache.h"
#include "utils/syscache.h"
#include "utils/typcache.h"

#include "ddl/catalog_parts.h"

/* The scale's bits in the modifier of numeric. */
#define NUMERIC_SCALE_MASK 0x7ff

static bool resolve_type_name(const TypeName *name, Oid *type, int32 *typmod);
static bool length_shrinks(Oid type, int32 from, int32 to);
static bool loses_values(Oid from, int32 from_typmod, Oid to, int32 to_typmod);
static bool is_relabel(WfCatalog *catalog, Oid from, int32 from_typmod, Oid to, int32 to_typmod);
static bool is_utc(WfCatalog *catalog);
static int	least_field(int32 typmod);
static int	longest_text(Oid type);
static int	longest_label(Oid type);
static int	whole_digits(Oid type);

static inline int
precision_of(int32 typmod)
{
	return ((typmod - VARHDRSZ) >> 16) & 0xffff;
}

/* Eleven bits with a sign. */
static inline int
scale_of(int32 typmod)
{
	return (((typmod - VARHDRSZ) & NUMERIC_SCALE_MASK) ^ 1024) - 1024;
}

/*
 * What ALTER COLUMN TYPE without USING would do to the rows.  Asks the cast
 * catalog and knows the length coercions whose planner support functions make
 * a widening free; never evaluates an expression.
 */
WfTypeChange
wf_ddl_live_type_change(WfCatalog *catalog, WfColumn *column, const TypeName *name)
{
	Oid			type;
	int32		typmod;
	Oid			function;

	if (!OidIsValid(column->type) || !resolve_type_name(name, &type, &typmod))
		return WF_TYPE_CHANGE_UNKNOWN;
	if (type == column->type && typmod == column->typmod)
		return WF_TYPE_CHANGE_NONE;
	if (type != column->type &&
		find_coercion_pathway(type, column->type, COERCION_ASSIGNMENT, &function) == COERCION_PATH_NONE &&
		getBaseType(type) != getBaseType(column->type))
		return WF_TYPE_CHANGE_FAILS;
	if (is_relabel(catalog, column->type, column->typmod, type, typmod))
		return WF_TYPE_CHANGE_NONE;
	return loses_values(column->type, column->typmod, type, typmod) ?
		WF_TYPE_CHANGE_NARROWS : WF_TYPE_CHANGE_REWRITES;
}

/*
 * Type and modifier of a raw type name; false where it does not resolve, or
 * where the modifier's meaning is the type's own secret.  The type's typmodin
 * function is not asked: it raises for a bad modifier.
 */
static bool
resolve_type_name(const TypeName *name, Oid *type, int32 *typmod)
{
	int32		args[2] = {0, 0};
	int			nargs = list_length(name->typmods);

	if (name->names == NIL || name->pct_type || nargs > 2)
		return false;
	*type = wf_ddl_live_type_oid(name->names);
	if (!OidIsValid(*type))
		return false;
	for (int i = 0; i < nargs; i++)
	{
		Node	   *arg = list_nth(name->typmods, i);

		if (!IsA(arg, A_Const) || nodeTag(&((A_Const *) arg)->val) != T_Integer)
			return false;
		args[i] = intVal(&((A_Const *) arg)->val);
	}
	*typmod = -1;
	if (nargs > 0)
	{
		switch (*type)
		{
			case VARCHAROID:
			case BPCHAROID:
				*typmod = args[0] + VARHDRSZ;
				break;
			case NUMERICOID:
				*typmod = ((args[0] << 16) | (args[1] & NUMERIC_SCALE_MASK)) + VARHDRSZ;
				break;
			case INTERVALOID:
				*typmod = INTERVAL_TYPMOD(nargs > 1 ? args[1] : INTERVAL_FULL_PRECISION, args[0]);
				break;
			case BITOID:
			case VARBITOID:
			case TIMEOID:
			case TIMETZOID:
			case TIMESTAMPOID:
			case TIMESTAMPTZOID:
				*typmod = args[0];
				break;
			default:
				return false;
		}
	}
	if (name->arrayBounds != NIL)
		*type = get_array_type(*type);
	return OidIsValid(*type);
}

bool
wf_ddl_live_column_of(WfCatalog *catalog, const TypeName *type, WfColumn *column)
{
	if (!resolve_type_name(type, &column->type, &column->typmod))
		return false;
	column->collation = get_typcollation(column->type);
	return true;
}

/* Is every value of the old type one of the new, bit by bit? */
static bool
is_relabel(WfCatalog *catalog, Oid from, int32 from_typmod, Oid to, int32 to_typmod)
{
	/*
	 * A domain may bring a length of its own; the server does not trust the
	 * old.
	 */
	Oid			from_base = getBaseType(from);
	Oid			to_base = getBaseTypeAndTypmod(to, &to_typmod);
	Oid			function;

	if (get_typtype(to) == TYPTYPE_DOMAIN && to != from && DomainHasConstraints(to))
		return false;
	if (from_base != to_base)
	{
		/* A time of day does not move in a zone that is UTC all the year. */
		if ((from_base == TIMESTAMPOID && to_base == TIMESTAMPTZOID) ||
			(from_base == TIMESTAMPTZOID && to_base == TIMESTAMPOID))
			return catalog->server_version >= 12 && is_utc(catalog) &&
				!length_shrinks(to_base, from_typmod, to_typmod);
		/* With a modifier, as text to varchar(n), every value is checked. */
		return to_typmod < 0 &&
			find_coercion_pathway(to_base, from_base, COERCION_ASSIGNMENT, &function) == COERCION_PATH_RELABELTYPE;
	}
	if (from_typmod == to_typmod)
		return true;
	return !length_shrinks(to_base, from_typmod, to_typmod);
}

/* Is the time zone UTC, all the year?  What the server asks before it rewrites. */
static bool
is_utc(WfCatalog *catalog)
{
	pg_tz	   *zone = catalog->time_zone ? pg_tzset(catalog->time_zone) : NULL;
	long int	offset;

	return pg_get_timezone_offset(zone ? zone : session_timezone, &offset) && offset == 0;
}

/* Of an interval, the smallest unit that is kept: 0 for seconds, 5 for years. */
static int
least_field(int32 typmod)
{
	static const int masks[] = {INTERVAL_MASK(SECOND), INTERVAL_MASK(MINUTE), INTERVAL_MASK(HOUR),
	INTERVAL_MASK(DAY), INTERVAL_MASK(MONTH), INTERVAL_MASK(YEAR)};

	for (int i = 0; typmod >= 0 && i < lengthof(masks); i++)
	{
		if (INTERVAL_RANGE(typmod) & masks[i])
			return i;
	}
	return 0;
}

/*
 * Does the modifier take away more than it gives?  True as well where the type
 * has no support function that would spare the rewrite.
 */
static bool
length_shrinks(Oid type, int32 from, int32 to)
{
	switch (type)
	{
		case VARCHAROID:
		case VARBITOID:
			return to >= 0 && (from < 0 || from > to);
		case TIMESTAMPOID:
		case TIMESTAMPTZOID:
		case TIMEOID:
		case TIMETZOID:
			return to >= 0 && to < MAX_TIMESTAMP_PRECISION && (from < 0 || from > to);
		case NUMERICOID:
			if (to < 0)
				return false;
			if (from < 0)
				return true;
			/* Same scale and no less precision. */
			return scale_of(from) != scale_of(to) ||
				precision_of(from) > precision_of(to);
		case INTERVALOID:
			return to >= 0 &&
				(least_field(to) > least_field(from) ||
				 (least_field(from) == 0 && INTERVAL_PRECISION(to) < MAX_INTERVAL_PRECISION &&
				  (from < 0 || INTERVAL_PRECISION(from) > INTERVAL_PRECISION(to))));
		default:
			return to >= 0 || from < 0;
	}
}

/* May a value not fit into the new type, or come out shorter? */
static bool
loses_values(Oid from, int32 from_typmod, Oid to, int32 to_typmod)
{
	static const struct
	{
		Oid			from;
		Oid			to;
	}			narrowing[] = {
		{INT8OID, INT4OID}, {INT8OID, INT2OID}, {INT4OID, INT2OID},
		{FLOAT8OID, FLOAT4OID}, {FLOAT8OID, INT8OID}, {FLOAT8OID, INT4OID}, {FLOAT8OID, INT2OID},
		{FLOAT4OID, INT8OID}, {FLOAT4OID, INT4OID}, {FLOAT4OID, INT2OID},
		{NUMERICOID, INT8OID}, {NUMERICOID, INT4OID}, {NUMERICOID, INT2OID},
		{NUMERICOID, FLOAT8OID}, {NUMERICOID, FLOAT4OID},
		{INT8OID, FLOAT8OID}, {INT8OID, FLOAT4OID}, {INT4OID, FLOAT4OID}, {INT8OID, MONEYOID},
		{INT8OID, OIDOID},
		{TIMESTAMPOID, DATEOID}, {TIMESTAMPTZOID, DATEOID},
		{TIMESTAMPOID, TIMEOID}, {TIMESTAMPTZOID, TIMEOID}, {TIMESTAMPTZOID, TIMETZOID},
		{INTERVALOID, TIMEOID}, {TIMETZOID, TIMEOID},
		{INETOID, CIDROID}, {MACADDR8OID, MACADDROID}, {VARBITOID, BITOID},
		{TEXTOID, NAMEOID}, {VARCHAROID, NAMEOID}, {BPCHAROID, NAMEOID},
		{TEXTOID, CHAROID}, {VARCHAROID, CHAROID}, {BPCHAROID, CHAROID},
	};

	from = getBaseTypeAndTypmod(from, &from_typmod);
	to = getBaseTypeAndTypmod(to, &to_typmod);
	/* Arrays have the modifier of their elements. */
	if (OidIsValid(get_element_type(from)) && OidIsValid(get_element_type(to)))
	{
		from = get_element_type(from);
		to = get_element_type(to);
	}
	for (int i = 0; i < lengthof(narrowing); i++)
	{
		if (narrowing[i].from == from && narrowing[i].to == to)
			return true;
	}
	if (to_typmod < 0)
		return false;
	if (from == NUMERICOID && to == NUMERICOID)
		return from_typmod < 0 ||
			scale_of(to_typmod) < scale_of(from_typmod) ||
			precision_of(to_typmod) - scale_of(to_typmod) <
			precision_of(from_typmod) - scale_of(from_typmod);
	if (to == NUMERICOID)
		return scale_of(to_typmod) < 0 || whole_digits(from) > precision_of(to_typmod) - scale_of(to_typmod);
	/* Of times; arrays keep their elements' precision where they may. */
	if (to == TIMESTAMPOID || to == TIMESTAMPTZOID)
		return length_shrinks(to, from == TIMESTAMPOID || from == TIMESTAMPTZOID ? from_typmod : to_typmod, to_typmod);
	if (TypeCategory(to) == TYPCATEGORY_STRING && longest_text(from) > 0)
		return to_typmod - VARHDRSZ < longest_text(from);
	if (TypeCategory(to) == TYPCATEGORY_STRING)
		return TypeCategory(from) != TYPCATEGORY_STRING || from_typmod < 0 || from_typmod > to_typmod;
	if (to == BITOID || to == VARBITOID)
		return from_typmod < 0 || from_typmod > to_typmod || to == BITOID;
	return from == to && length_shrinks(to, from_typmod, to_typmod);
}

/* The characters of the longest text of a value; 0: not known. */
static int
longest_text(Oid type)
{
	static const struct
	{
		Oid			type;
		int			characters;
	}			widths[] = {
		{BOOLOID, 5}, {INT2OID, 6}, {INT4OID, 11}, {INT8OID, 20}, {UUIDOID, 36}, {CHAROID, 4},
	};

	for (int i = 0; i < lengthof(widths); i++)
	{
		if (widths[i].type == type)
			return widths[i].characters;
	}
	return get_typtype(type) == TYPTYPE_ENUM ? longest_label(type) : 0;
}

static int
longest_label(Oid type)
{
	CatCList   *labels = SearchSysCacheList1(ENUMTYPOIDNAME, ObjectIdGetDatum(type));
	int			longest = 0;

	for (int i = 0; i < labels->n_members; i++)
	{
		Form_pg_enum form = (Form_pg_enum) GETSTRUCT(&labels->members[i]->tuple);

		longest = Max(longest, pg_mbstrlen(NameStr(form->enumlabel)));
	}
	ReleaseSysCacheList(labels);
	return longest;
}

/* The digits before the point that values of a number's type may have. */
static int
whole_digits(Oid type)
{
	return type == INT2OID ? 5 : type == INT4OID || type == OIDOID ? 10 : type == INT8OID ? 19 : INT_MAX;
}

bool
wf_ddl_is_integer(const WfColumn *column)
{
	return column->type == INT2OID || column->type == INT4OID || column->type == INT8OID;
}

/* The worst volatility of the functions that may be meant. */
char
wf_ddl_live_volatility(WfCatalog *catalog, List *name, int nargs, const List *except)
{
	char	   *schema = list_length(name) > 1 ? strVal(list_nth(name, list_length(name) - 2)) : NULL;
	Oid			namespace = schema ? get_namespace_oid(schema, true) : InvalidOid;
	CatCList   *candidates = SearchSysCacheList1(PROCNAMEARGSNSP,
												 CStringGetDatum(strVal(llast(name))));
	char		worst = 0;

	for (int i = 0; i < candidates->n_members; i++)
	{
		Form_pg_proc form = (Form_pg_proc) GETSTRUCT(&candidates->members[i]->tuple);

		if (schema ? form->pronamespace != namespace : !FunctionIsVisible(form->oid))
			continue;
		if (list_member_oid(except, form->oid))
			continue;
		if (nargs >= 0 && !OidIsValid(form->provariadic) &&
			(nargs > form->pronargs || nargs < form->pronargs - form->pronargdefaults))
			continue;
		if (form->provolatile == PROVOLATILE_VOLATILE || worst == 0 ||
			(form->provolatile == PROVOLATILE_STABLE && worst == PROVOLATILE_IMMUTABLE))
			worst = form->provolatile;
	}
	ReleaseSysCacheList(candidates);
	return worst;
}
