/*
 * render.c: the SQL function schema_diff_render and the table of formats.
 */
#include "common/compat.h"

#include "fmgr.h"
#include "utils/builtins.h"

#include "common/options.h"
#include "schema/read.h"
#include "schema/render.h"

PG_FUNCTION_INFO_V1(wf_schema_diff_render);

typedef struct RenderFormat
{
	const char *name;
	void		(*write) (StringInfo out, WfRenderTree *tree, const WfRenderOptions *options);
} RenderFormat;

/* A new format is a row here and a writer of its own. */
static const RenderFormat formats[] = {
	{"text", wf_schema_render_text},
	{"markdown", wf_schema_render_markdown},
	{"mermaid", wf_schema_render_mermaid},
	{"dot", wf_schema_render_dot},
	{"svg", wf_schema_render_svg},
	{"html", wf_schema_render_html},
};

static const WfOption render_options[] = {
	{"all", WF_OPTION_BOOLEAN, offsetof(WfRenderOptions, all)},
	{"renames", WF_OPTION_JSON, offsetof(WfRenderOptions, renames)},
	{"max_tables", WF_OPTION_INTEGER, offsetof(WfRenderOptions, max_tables)},
	{"picture", WF_OPTION_BOOLEAN, offsetof(WfRenderOptions, picture)},
};

static const RenderFormat *find_format(const char *name);
static void parse_options(Jsonb *json, WfRenderOptions *options);

/*
 * schema_diff_render(from_snapshot jsonb, to_snapshot jsonb, format text, options jsonb) -> text
 *
 * Raises invalid_parameter_value for an unknown format or option, and what
 * reading a snapshot and making a plan raise.
 */
Datum
wf_schema_diff_render(PG_FUNCTION_ARGS)
{
	WfRenderOptions options = {.picture = true, .max_tables = 30};
	WfDiffOptions plan_options = {.online = true};
	const RenderFormat *format = find_format(PG_ARGISNULL(2) ? "text" : text_to_cstring(PG_GETARG_TEXT_PP(2)));
	WfModel    *from;
	WfModel    *to;
	StringInfoData out;

	if (!PG_ARGISNULL(3))
		parse_options(PG_GETARG_JSONB_P(3), &options);
	plan_options.renames = options.renames;
	wf_schema_read_pair(fcinfo, options.renames, &from, &to);
	initStringInfo(&out);
	format->write(&out, wf_schema_render_tree(wf_schema_plan(from, to, &plan_options)), &options);
	PG_RETURN_TEXT_P(cstring_to_text_with_len(out.data, out.len));
}

static const RenderFormat *
find_format(const char *name)
{
	StringInfoData known;

	initStringInfo(&known);
	for (int i = 0; i < lengthof(formats); i++)
	{
		if (strcmp(formats[i].name, name) == 0)
			return &formats[i];
		appendStringInfo(&known, "%s%s", i ? ", " : "", formats[i].name);
	}
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("unknown format \"%s\"", name),
			 errhint("Known formats: %s.", known.data)));
	return NULL;
}

static void
parse_options(Jsonb *json, WfRenderOptions *options)
{
	wf_common_options_parse(json, render_options, lengthof(render_options), options);
	if (options->max_tables < 1 || options->max_tables > WF_RENDER_MAX_TABLES)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("option \"max_tables\" must be between 1 and %d", WF_RENDER_MAX_TABLES)));
}
