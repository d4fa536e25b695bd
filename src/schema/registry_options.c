/*
 * registry_options.c: the options of the registry's functions.
 */
#include "common/compat.h"

#include "common/options.h"
#include "schema/registry.h"
#include "schema/registry_compat.h"

/* An option that takes one of a few words; the first is the default. */
typedef struct Choice
{
	const char *name;
	size_t		offset;
	const char *words[4];
} Choice;

#define OPTION(name, type) {#name, type, offsetof(WfRegistryOptions, name)}
#define TEXT_OPTION(name) OPTION(name, WF_OPTION_TEXT)

static const WfOption known[] = {
	OPTION(snapshot, WF_OPTION_JSON),
	TEXT_OPTION(part),
	TEXT_OPTION(prefix),
	TEXT_OPTION(name_adjustment),
	TEXT_OPTION(decimal_handling),
	TEXT_OPTION(time_precision),
	TEXT_OPTION(interval_handling),
	TEXT_OPTION(binary_handling),
	TEXT_OPTION(content_model),
	TEXT_OPTION(values),
	TEXT_OPTION(subject_strategy),
	TEXT_OPTION(topic),
	TEXT_OPTION(request),
	TEXT_OPTION(level),
};

static const Choice choices[] = {
	{"part", offsetof(WfRegistryOptions, part), {"value", "key"}},
	{"name_adjustment", offsetof(WfRegistryOptions, name_adjustment), {"avro", "avro_unicode"}},
	{"decimal_handling", offsetof(WfRegistryOptions, decimal_handling), {"precise", "double", "string"}},
	{"time_precision", offsetof(WfRegistryOptions, time_precision),
	{"adaptive", "adaptive_time_microseconds", "connect"}},
	{"interval_handling", offsetof(WfRegistryOptions, interval_handling), {"numeric", "string"}},
	{"binary_handling", offsetof(WfRegistryOptions, binary_handling), {"bytes", "base64", "hex"}},
	{"content_model", offsetof(WfRegistryOptions, content_model), {"closed", "open"}},
	{"values", offsetof(WfRegistryOptions, values), {"connect", "to_jsonb"}},
	{"subject_strategy", offsetof(WfRegistryOptions, subject_strategy), {"topic", "record", "topic_record"}},
	{"request", offsetof(WfRegistryOptions, request), {"register", "check", "config"}},
};

static void settle(const Choice *choice, WfRegistryOptions *options);

/*
 * Fills *options from the "options jsonb" of a registry function; json may be
 * NULL.
 *
 * Raises invalid_parameter_value for an unknown key or an unknown word; the
 * HINT lists the known ones.
 */
void
wf_schema_registry_options_parse(Jsonb *json, WfRegistryOptions *options)
{
	memset(options, 0, sizeof(WfRegistryOptions));
	if (json)
		wf_common_options_parse(json, known, lengthof(known), options);
	for (int i = 0; i < lengthof(choices); i++)
		settle(&choices[i], options);
	if (!options->level)
		options->level = "BACKWARD";
	else
		options->level = unconstify(char *, wf_schema_compat_level(options->level)->name);
}

static void
settle(const Choice *choice, WfRegistryOptions *options)
{
	char	  **place = (char **) ((char *) options + choice->offset);
	StringInfoData words;

	if (!*place)
	{
		*place = unconstify(char *, choice->words[0]);
		return;
	}
	initStringInfo(&words);
	for (int i = 0; i < lengthof(choice->words) && choice->words[i]; i++)
	{
		if (strcmp(*place, choice->words[i]) == 0)
			return;
		appendStringInfo(&words, "%s%s", i ? ", " : "", choice->words[i]);
	}
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("option \"%s\" cannot be \"%s\"", choice->name, *place),
			 errhint("It is one of: %s.", words.data)));
}
