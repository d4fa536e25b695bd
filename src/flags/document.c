/*
 * document.c: reading JSON documents in the dialect compilers.  Pure.
 */
#include "common/compat.h"

#include "lib/stringinfo.h"
#include "utils/numeric.h"

#include "flags/document.h"

static bool key_is_known(const char *known, const char *key, int len);

/* Describes a problem at a path; always false, for "return ...fault(...)". */
bool
wf_flags_document_fault(WfFault *fault, const char *path, const char *format,...)
{
	StringInfoData text;
	int			needed;

	initStringInfo(&text);
	for (;;)
	{
		va_list		args;

		va_start(args, format);
		needed = appendStringInfoVA(&text, format, args);
		va_end(args);
		if (needed == 0)
			break;
		enlargeStringInfo(&text, needed);
	}
	fault->path = path;
	fault->message = text.data;
	return false;
}

/* Fetches a member of an object; false when it is not there. */
bool
wf_flags_document_member(JsonbContainer *object, const char *name, JsonbValue *value)
{
	return getKeyJsonValueFromContainer(object, name, strlen(name), value) != NULL;
}

/* Expects an object. */
bool
wf_flags_document_object(JsonbValue *value, const char *path, WfFault *fault,
						 JsonbContainer **object)
{
	if (value->type != jbvBinary || !JsonContainerIsObject(value->val.binary.data))
		return wf_flags_document_fault(fault, path, "expected an object");
	*object = value->val.binary.data;
	return true;
}

/* Expects an array. */
bool
wf_flags_document_array(JsonbValue *value, const char *path, WfFault *fault,
						JsonbContainer **array, int *length)
{
	if (value->type != jbvBinary || !JsonContainerIsArray(value->val.binary.data))
		return wf_flags_document_fault(fault, path, "expected an array");
	*array = value->val.binary.data;
	*length = JsonContainerSize(*array);
	return true;
}

/* Expects a string; the result is a copy. */
bool
wf_flags_document_string(JsonbValue *value, const char *path, WfFault *fault, WfString *string)
{
	if (value->type != jbvString)
		return wf_flags_document_fault(fault, path, "expected a string");
	*string = wf_flags_string_copy(value->val.string.val, value->val.string.len);
	return true;
}

/* Expects a whole number from 0 to max. */
bool
wf_flags_document_integer(JsonbValue *value, const char *path, WfFault *fault,
						  uint32 max, uint32 *number)
{
	if (value->type == jbvNumeric)
	{
		const char *text = numeric_normalize(value->val.numeric);
		size_t		len = strlen(text);

		if (len <= 10 && strspn(text, "0123456789") == len)
		{
			uint64		parsed = strtoul(text, NULL, 10);

			if (parsed <= max)
			{
				*number = (uint32) parsed;
				return true;
			}
		}
	}
	return wf_flags_document_fault(fault, path, "expected a whole number from 0 to %u", max);
}

/* Expects the name of an attribute, or an array of names, a path. */
bool
wf_flags_document_attribute(JsonbValue *value, const char *path, WfFault *fault,
							WfAttribute *attribute)
{
	JsonbContainer *array = NULL;
	WfString   *steps;
	int			nsteps = 0;

	memset(attribute, 0, sizeof(WfAttribute));
	if (value->type == jbvString)
	{
		WfString	name = wf_flags_string_copy(value->val.string.val, value->val.string.len);

		attribute->is_key = wf_flags_strings_equal(name, wf_flags_string(WF_TARGETING_KEY));
		if (!attribute->is_key)
			wf_flags_attribute_add_path(attribute, WF_PATH_ALWAYS, 1, &name);
		return true;
	}

	if (value->type != jbvBinary ||
		!wf_flags_document_array(value, path, fault, &array, &nsteps) || nsteps == 0)
		return wf_flags_document_fault(fault, path,
									   "expected the name of an attribute or an array of names");
	steps = palloc(sizeof(WfString) * nsteps);
	for (int i = 0; i < nsteps; i++)
	{
		JsonbValue	step;

		wf_flags_document_element(array, i, &step);
		if (!wf_flags_document_string(&step, psprintf("%s[%d]", path, i), fault, &steps[i]))
			return false;
	}
	attribute->is_key = nsteps == 1 && wf_flags_strings_equal(steps[0], wf_flags_string(WF_TARGETING_KEY));
	if (!attribute->is_key)
		wf_flags_attribute_add_path(attribute, WF_PATH_ALWAYS, nsteps, steps);
	return true;
}

/* Adds a path to try after the others; the steps are copied, their text is not. */
void
wf_flags_attribute_add_path(WfAttribute *attribute, WfPathUse use, int nsteps, const WfString *steps)
{
	WfPath	   *path;

	if (attribute->paths == NULL)
		attribute->paths = palloc(sizeof(WfPath));
	else
		attribute->paths = repalloc(attribute->paths, sizeof(WfPath) * (attribute->npaths + 1));
	path = &attribute->paths[attribute->npaths++];
	path->use = use;
	path->objects_only = false;
	path->nsteps = nsteps;
	path->steps = palloc(sizeof(WfString) * Max(nsteps, 1));
	memcpy(path->steps, steps, sizeof(WfString) * nsteps);
}

/*
 * Reads a percentage into steps of 0.001 %.  False, with the problem as the
 * end of a sentence, when it is not one.
 */
bool
wf_flags_parse_percent(Numeric percent, uint32 *share, const char **problem)
{
	const char *text = numeric_normalize(percent);
	const char *point;
	int			decimals;
	uint64		steps;

	if (strspn(text, "-.0123456789") != strlen(text))
		*problem = psprintf("%.40s is no percentage", text);
	else if (text[0] == '-')
		*problem = psprintf("%.40s is negative", text);
	else
	{
		point = strchr(text, '.');
		decimals = point ? (int) strlen(point + 1) : 0;
		steps = strtod(text, NULL) > 100 ? PG_UINT64_MAX : strtoul(text, NULL, 10) * 1000;
		if (steps > WF_SHARE_TOTAL)
			*problem = psprintf("%.40s is more than 100", text);
		else if (decimals > 3)
			*problem = psprintf("%.40s is finer than 0.001", text);
		else
		{
			int			unit = 100;

			for (int i = 0; i < decimals; i++, unit /= 10)
				steps += (point[1 + i] - '0') * unit;
			*share = (uint32) steps;
			return true;
		}
	}
	return false;
}

/* Expects no keys but the known ones, which are given as "a, b, c". */
bool
wf_flags_document_known(JsonbContainer *object, const char *path, WfFault *fault,
						const char *known)
{
	JsonbIterator *it = JsonbIteratorInit(object);
	JsonbIteratorToken token;
	JsonbValue	value;

	while ((token = JsonbIteratorNext(&it, &value, true)) != WJB_DONE)
	{
		if (token == WJB_KEY &&
			!key_is_known(known, value.val.string.val, value.val.string.len))
			return wf_flags_document_fault(fault, path, "unknown key \"%.*s\", known are %s",
										   value.val.string.len, value.val.string.val, known);
	}
	return true;
}

/* Fetches an element that is there. */
void
wf_flags_document_element(JsonbContainer *array, int index, JsonbValue *value)
{
	*value = *getIthJsonbValueFromContainer(array, index);
}

/* A copy in the current context, also terminated by a zero byte. */
WfString
wf_flags_string_copy(const char *data, int len)
{
	WfString	string = {pnstrdup(data, len), len};

	return string;
}

static bool
key_is_known(const char *known, const char *key, int len)
{
	while (*known)
	{
		int			word = strcspn(known, ", ");

		if (word == len && memcmp(known, key, len) == 0)
			return true;
		known += word;
		known += strspn(known, ", ");
	}
	return false;
}
