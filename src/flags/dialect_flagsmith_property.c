/*
 * dialect_flagsmith_property.c: what the properties of conditions refer to.
 * Pure.
 *
 * A property is the name of a trait, or a JSONPath (RFC 9535) that begins with
 * "$." into {"environment", "identity", "features", "segments"}.  A trait of
 * that very name goes before the path.  The identity is the context, all the
 * rest is the document, so that such a path is a constant.  Paths of names and
 * indexes are followed; with wildcards, slices and filters they lead nowhere.
 */
#include "common/compat.h"

#include "flags/dialect_flagsmith.h"
#include "flags/document.h"
#include "flags/json_read.h"

/* One step of a path. */
typedef struct Step
{
	WfString	name;			/* data is NULL for an index */
	int			index;			/* below 0: from the end */
} Step;

typedef struct Path
{
	bool		followed;		/* false: by JSONPath it is one, but not here */
	int			nsteps;
	Step		steps[WF_DEPTH_MAX];
} Path;

/* A property that is a path. */
typedef struct Property
{
	WfAttribute trait;			/* of the path's text as its name */
	const WfFlagsmithShared *identity_key;	/* NULL: of the attribute ... */
	WfAttribute attribute;
	WfValue		constant;		/* ... or this, else null */
} Property;

static void identity_key_value(WfRun *run, const WfNode *node, WfValue *result);
static bool fetch_identity_key(WfRun *run, const WfFlagsmithShared *shared, WfValue *result);
static void property_value(WfRun *run, const WfNode *node, WfValue *result);
static bool is_scalar(const WfValue *value);
static bool parse_path(WfString text, Path *path);
static bool parse_brackets(WfReader *reader, Step *step);
static bool parse_name(WfReader *reader, Step *step);
static bool parse_index(WfReader *reader, Step *step);
static void skip_blanks(WfReader *reader);
static bool is_name_byte(char byte, bool first);
static void resolve_identity(const WfFlagsmithShared *shared, const Path *path, Property *property);
static void resolve_constant(const WfFlagsmithShared *shared, const Path *path, WfValue *constant);
static void trait_attribute(int nsteps, const WfString *steps, WfAttribute *attribute);
static void identity_attribute(const char *name, WfAttribute *attribute);

/* Where contexts have the identity's key and its identifier. */
void
wf_flags_flagsmith_identity(WfFlagsmithShared *shared)
{
	identity_attribute("key", &shared->identity_key);
	identity_attribute("identifier", &shared->identifier);
	shared->identifier.is_key = true;
}

/* A node that yields the identity's key; without one, environment and identifier. */
void
wf_flags_flagsmith_identity_key(const WfFlagsmithShared *shared, WfNode *node)
{
	node->type = WF_NODE_FUNCTION;
	node->u.function.call = identity_key_value;
	node->u.function.data = shared;
}

/*
 * A node that yields what a property refers to; it may be absent or null.
 * False where that is because the path is not followed.
 */
bool
wf_flags_flagsmith_property(const WfFlagsmithShared *shared, WfString text, WfNode *node)
{
	WfAttribute trait = {0};
	Property   *property;
	Path	   *path;
	bool		followed;

	trait_attribute(1, &text, &trait);
	if (text.len < 2 || memcmp(text.data, "$.", 2) != 0)
	{
		WfAttribute *attribute = palloc(sizeof(WfAttribute));

		*attribute = trait;
		node->type = WF_NODE_ATTRIBUTE;
		node->u.attribute = attribute;
		return true;
	}

	property = palloc0(sizeof(Property));
	property->trait = trait;
	property->constant.type = WF_VALUE_NULL;
	path = palloc(sizeof(Path));
	if (parse_path(text, path))
	{
		if (path->steps[0].name.data &&
			wf_flags_strings_equal(path->steps[0].name, wf_flags_string("identity")))
			resolve_identity(shared, path, property);
		else
			resolve_constant(shared, path, &property->constant);
	}
	followed = path->followed;
	pfree(path);
	node->type = WF_NODE_FUNCTION;
	node->u.function.call = property_value;
	node->u.function.data = property;
	return followed;
}

/* WfFunction */
static void
identity_key_value(WfRun *run, const WfNode *node, WfValue *result)
{
	(void) fetch_identity_key(run, node->u.function.data, result);
}

static bool
fetch_identity_key(WfRun *run, const WfFlagsmithShared *shared, WfValue *result)
{
	WfString	environment = shared->environment_key;
	WfString	identifier;
	WfValue		value;
	char	   *key;

	if (wf_flags_attribute_fetch(run, &shared->identity_key, &value) && is_scalar(&value) &&
		wf_flags_js_truthy(&value))
	{
		*result = value;
		return true;
	}
	result->type = WF_VALUE_ABSENT;
	if (!wf_flags_attribute_fetch(run, &shared->identifier, &value) || !is_scalar(&value))
		return false;

	identifier = wf_flags_python_string(&value);
	result->type = WF_VALUE_STRING;
	result->u.string.len = environment.len + 1 + identifier.len;
	result->u.string.data = key = palloc(result->u.string.len);
	memcpy(key, environment.data, environment.len);
	key[environment.len] = '_';
	memcpy(key + environment.len + 1, identifier.data, identifier.len);
	return true;
}

/* WfFunction: arrays and objects at the end of a path are null. */
static void
property_value(WfRun *run, const WfNode *node, WfValue *result)
{
	const Property *property = node->u.function.data;

	if (wf_flags_attribute_fetch(run, &property->trait, result))
		return;
	if (property->identity_key)
		(void) fetch_identity_key(run, property->identity_key, result);
	else if (property->attribute.npaths == 0)
		*result = property->constant;
	else if (wf_flags_attribute_fetch(run, &property->attribute, result) && !is_scalar(result))
		result->type = WF_VALUE_NULL;
}

static bool
is_scalar(const WfValue *value)
{
	return value->type < WF_VALUE_ARRAY;
}

/* The steps of a path; false where it is none, or one that is not followed. */
static bool
parse_path(WfString text, Path *path)
{
	WfReader	reader = {text.data + 1, text.data + text.len};

	path->followed = true;
	path->nsteps = 0;
	for (;;)
	{
		const char *before = reader.at;
		Step	   *step = &path->steps[path->nsteps];

		if (before == reader.end)
			return path->nsteps > 0;
		if (path->nsteps++ == WF_DEPTH_MAX)
			return false;
		skip_blanks(&reader);
		if (reader.at == reader.end)
			return false;
		if (*reader.at == '.')
		{
			reader.at++;
			if (parse_name(&reader, step))
				continue;
			path->followed = reader.at == reader.end || strchr("*.", *reader.at) == NULL;
			return false;
		}
		if (*reader.at != '[')
			return false;
		if (!parse_brackets(&reader, step))
		{
			path->followed = reader.at == reader.end || strchr("*?:,", *reader.at) == NULL;
			return false;
		}
	}
}

/* [0], ["name"] or ['name'] */
static bool
parse_brackets(WfReader *reader, Step *step)
{
	bool		good;

	reader->at++;
	skip_blanks(reader);
	if (reader->at < reader->end && (*reader->at == '"' || *reader->at == '\''))
		good = wf_flags_json_read_string(reader, &step->name);
	else
		good = parse_index(reader, step);
	skip_blanks(reader);
	if (!good || reader->at == reader->end || *reader->at != ']')
		return false;
	reader->at++;
	return true;
}

static bool
parse_name(WfReader *reader, Step *step)
{
	const char *start = reader->at;

	while (reader->at < reader->end && is_name_byte(*reader->at, reader->at == start))
		reader->at++;
	step->name.data = start;
	step->name.len = reader->at - start;
	return step->name.len > 0;
}

/* 0, or digits without a zero in front, perhaps with a minus. */
static bool
parse_index(WfReader *reader, Step *step)
{
	const char *start = reader->at;
	const char *digits;

	if (reader->at < reader->end && *reader->at == '-')
		reader->at++;
	digits = reader->at;
	while (reader->at < reader->end && *reader->at >= '0' && *reader->at <= '9')
		reader->at++;
	if (reader->at == digits || reader->at - digits > 9 ||
		(*digits == '0' && reader->at - start > 1))
		return false;
	step->name.data = NULL;
	step->index = atoi(pnstrdup(start, reader->at - start));
	return true;
}

static void
skip_blanks(WfReader *reader)
{
	while (reader->at < reader->end && (*reader->at == ' ' || *reader->at == '\t' ||
										*reader->at == '\n' || *reader->at == '\r'))
		reader->at++;
}

static bool
is_name_byte(char byte, bool first)
{
	return (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') || byte == '_' ||
		((unsigned char) byte & 0x80) || (!first && byte >= '0' && byte <= '9');
}

/* A path into the identity, that is into the context. */
static void
resolve_identity(const WfFlagsmithShared *shared, const Path *path, Property *property)
{
	WfString	steps[WF_DEPTH_MAX];
	int			nsteps = path->nsteps - 1;

	for (int i = 0; i < nsteps; i++)
	{
		const Step *step = &path->steps[i + 1];

		if (step->name.data == NULL && step->index < 0)
			return;
		steps[i] = step->name.data ? step->name : wf_flags_string(psprintf("%d", step->index));
	}
	if (nsteps == 1 && wf_flags_strings_equal(steps[0], wf_flags_string("key")))
		property->identity_key = shared;
	else if (nsteps == 1 && wf_flags_strings_equal(steps[0], wf_flags_string("identifier")))
		property->attribute = shared->identifier;
	else if (nsteps > 1 && wf_flags_strings_equal(steps[0], wf_flags_string("traits")))
		trait_attribute(nsteps - 1, steps + 1, &property->attribute);
}

/* A path into the document. */
static void
resolve_constant(const WfFlagsmithShared *shared, const Path *path, WfValue *constant)
{
	WfValue		value = shared->document;

	for (int i = 0; i < path->nsteps; i++)
	{
		const Step *step = &path->steps[i];
		WfValue		next;
		bool		found;

		if (step->name.data)
			found = wf_flags_value_member(&value, step->name, &next);
		else
			found = value.type == WF_VALUE_ARRAY &&
				wf_flags_value_element(&value, step->index < 0 ? step->index + wf_flags_value_length(&value)
									   : step->index, &next);
		if (!found)
			return;
		value = next;
	}
	if (is_scalar(&value))
		*constant = value;
}

/*
 * A trait, or what is inside of one.  Contexts have traits below "traits", the
 * whole perhaps below "identity"; in those of OpenFeature every attribute is
 * one.
 */
static void
trait_attribute(int nsteps, const WfString *steps, WfAttribute *attribute)
{
	static const char *const reserved[] = {
		"identity", "identifier", "key", "traits", WF_TARGETING_KEY
	};
	WfString	all[WF_DEPTH_MAX + 2] = {wf_flags_string("identity"), wf_flags_string("traits")};

	memcpy(all + 2, steps, sizeof(WfString) * nsteps);
	wf_flags_attribute_add_path(attribute, WF_PATH_ALWAYS, nsteps + 1, all + 1);
	wf_flags_attribute_add_path(attribute, WF_PATH_ALWAYS, nsteps + 2, all);
	for (int i = 0; i < lengthof(reserved); i++)
	{
		if (wf_flags_strings_equal(steps[0], wf_flags_string(reserved[i])))
			return;
	}
	wf_flags_attribute_add_path(attribute, WF_PATH_ALWAYS, nsteps, steps);
}

static void
identity_attribute(const char *name, WfAttribute *attribute)
{
	WfString	steps[] = {wf_flags_string("identity"), wf_flags_string(name)};

	wf_flags_attribute_add_path(attribute, WF_PATH_ALWAYS, 1, steps + 1);
	wf_flags_attribute_add_path(attribute, WF_PATH_ALWAYS, 2, steps);
}
