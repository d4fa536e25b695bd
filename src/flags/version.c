/*
 * version.c: versions, ordered as Semantic Versioning 2.0.0 says.  Pure.
 *
 * Numbers may be of any length: they are compared as digits, the longer one
 * being greater.  Build metadata plays no part.
 */
#include "common/compat.h"

#include "flags/operator.h"

/* Major, minor and patch. */
#define NPARTS 3

typedef struct Version
{
	WfString	parts[NPARTS];	/* digits without leading zeros */
	WfString	prerelease;		/* identifiers with dots; empty for a release */
} Version;

static bool parse(WfString text, WfVersionFlavour flavour, Version *version);
static bool take_number(WfString *rest, WfString *number);
static bool take_identifiers(WfString *rest, bool numbers_strict, WfString *identifiers);
static bool identifier_is_valid(WfString identifier, bool numbers_strict);
static int	compare(const Version *a, const Version *b);
static int	compare_prereleases(WfString a, WfString b);
static WfString take_identifier(WfString *rest);
static int	compare_identifiers(WfString a, WfString b);
static int	compare_digits(WfString a, WfString b);
static bool is_number(WfString text);
static bool matches(const WfPredicate *predicate, const WfValue *value, const WfOperand *operand,
					WfVersionFlavour flavour);

/* A version in the current memory context, pointing into the text; NULL for none. */
const void *
wf_flags_version_parse(WfString text, WfVersionFlavour flavour)
{
	Version    *version = palloc(sizeof(Version));

	if (parse(text, flavour, version))
		return version;
	pfree(version);
	return NULL;
}

/* Less than, equal to or greater than 0, as a comes before b, with or after it. */
int
wf_flags_version_compare(const void *a, const void *b)
{
	return compare(a, b);
}

/* The digits of part 0 (major), 1 (minor) or 2 (patch); returns how many. */
int
wf_flags_version_part(const void *version, int part, WfString *digits)
{
	*digits = ((const Version *) version)->parts[part];
	return digits->len;
}

/* A string that is a version, beside a prepared one, as mode says. */
bool
wf_flags_match_version_strict(WfRun *run, const WfPredicate *predicate,
							  const WfValue *value, const WfOperand *operand)
{
	return matches(predicate, value, operand, WF_VERSION_STRICT);
}

/* The same, where minor and patch may be left out. */
bool
wf_flags_match_version_short(WfRun *run, const WfPredicate *predicate,
							 const WfValue *value, const WfOperand *operand)
{
	return matches(predicate, value, operand, WF_VERSION_SHORT);
}

static bool
parse(WfString text, WfVersionFlavour flavour, Version *version)
{
	WfString	rest = text;
	WfString	build;

	if (flavour == WF_VERSION_PREFIXED && rest.len > 0 && (rest.data[0] == 'v' || rest.data[0] == 'V'))
	{
		rest.data++;
		rest.len--;
	}
	for (int i = 0; i < NPARTS; i++)
	{
		version->parts[i] = wf_flags_string("0");
		if (i > 0)
		{
			if (rest.len == 0 || rest.data[0] != '.')
			{
				if (flavour == WF_VERSION_STRICT)
					return false;
				continue;
			}
			rest.data++;
			rest.len--;
		}
		if (!take_number(&rest, &version->parts[i]))
			return false;
	}

	version->prerelease.data = rest.data;
	version->prerelease.len = 0;
	if (rest.len > 0 && rest.data[0] == '-' && !take_identifiers(&rest, true, &version->prerelease))
		return false;
	if (rest.len > 0 && rest.data[0] == '+' && !take_identifiers(&rest, false, &build))
		return false;
	return rest.len == 0;
}

/* Digits without leading zeros. */
static bool
take_number(WfString *rest, WfString *number)
{
	number->data = rest->data;
	number->len = 0;
	while (number->len < rest->len && rest->data[number->len] >= '0' && rest->data[number->len] <= '9')
		number->len++;
	rest->data += number->len;
	rest->len -= number->len;
	return number->len > 0 && (number->len == 1 || number->data[0] != '0');
}

/* What follows a "-" or "+": identifiers with dots in between. */
static bool
take_identifiers(WfString *rest, bool numbers_strict, WfString *identifiers)
{
	WfString	list;

	rest->data++;
	rest->len--;
	identifiers->data = rest->data;
	identifiers->len = 0;
	while (identifiers->len < rest->len && rest->data[identifiers->len] != '+')
		identifiers->len++;
	rest->data += identifiers->len;
	rest->len -= identifiers->len;
	list = *identifiers;
	for (;;)
	{
		WfString	identifier = take_identifier(&list);

		if (!identifier_is_valid(identifier, numbers_strict))
			return false;
		if (list.data == NULL)
			return true;
	}
}

static bool
identifier_is_valid(WfString identifier, bool numbers_strict)
{
	if (identifier.len == 0)
		return false;
	for (int i = 0; i < identifier.len; i++)
	{
		unsigned char c = identifier.data[i];

		if (!(c >= '0' && c <= '9') && !(c >= 'A' && c <= 'Z') && !(c >= 'a' && c <= 'z') && c != '-')
			return false;
	}
	return !numbers_strict || identifier.len == 1 || identifier.data[0] != '0' || !is_number(identifier);
}

static int
compare(const Version *a, const Version *b)
{
	for (int i = 0; i < NPARTS; i++)
	{
		int			order = compare_digits(a->parts[i], b->parts[i]);

		if (order != 0)
			return order;
	}
	/* A release comes after its prereleases. */
	if (a->prerelease.len == 0 || b->prerelease.len == 0)
		return (a->prerelease.len == 0) - (b->prerelease.len == 0);
	return compare_prereleases(a->prerelease, b->prerelease);
}

static int
compare_prereleases(WfString a, WfString b)
{
	for (;;)
	{
		int			order = compare_identifiers(take_identifier(&a), take_identifier(&b));

		if (order != 0)
			return order;
		/* The longer list is greater. */
		if (a.data == NULL || b.data == NULL)
			return (a.data != NULL) - (b.data != NULL);
	}
}

/* The text up to the next dot; rest->data is NULL after the last one. */
static WfString
take_identifier(WfString *rest)
{
	WfString	identifier = *rest;
	const char *dot = memchr(rest->data, '.', rest->len);

	if (dot == NULL)
	{
		rest->data = NULL;
		rest->len = 0;
		return identifier;
	}
	identifier.len = dot - rest->data;
	rest->data += identifier.len + 1;
	rest->len -= identifier.len + 1;
	return identifier;
}

/* Numbers by value and before all others, which go by their bytes. */
static int
compare_identifiers(WfString a, WfString b)
{
	bool		a_is_number = is_number(a);
	bool		b_is_number = is_number(b);

	if (a_is_number != b_is_number)
		return a_is_number ? -1 : 1;
	return a_is_number ? compare_digits(a, b) : wf_flags_strings_compare(a, b);
}

static int
compare_digits(WfString a, WfString b)
{
	return a.len != b.len ? a.len - b.len : memcmp(a.data, b.data, a.len);
}

static bool
is_number(WfString text)
{
	for (int i = 0; i < text.len; i++)
	{
		if (text.data[i] < '0' || text.data[i] > '9')
			return false;
	}
	return true;
}

static bool
matches(const WfPredicate *predicate, const WfValue *value, const WfOperand *operand,
		WfVersionFlavour flavour)
{
	Version		version;

	return value->type == WF_VALUE_STRING && operand->prepared &&
		parse(value->u.string, flavour, &version) &&
		wf_flags_order_holds(predicate->mode, compare(&version, operand->prepared));
}
