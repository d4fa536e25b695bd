/*
 * dependency_list.c: flag_dependencies().
 */
#include "common/compat.h"

#include "funcapi.h"
#include "lib/stringinfo.h"
#include "utils/builtins.h"
#include "utils/tuplestore.h"

#include "flags/cache.h"
#include "flags/dependency_list.h"
#include "flags/integrity.h"
#include "flags/row.h"

PG_FUNCTION_INFO_V1(wf_flag_dependencies);

typedef struct Format
{
	const char *name;
	void		(*list) (WfDependencyList *list);
} Format;

static const Format formats[] = {
	{"text", wf_flags_list_tree},
	{"mermaid", wf_flags_list_mermaid},
	{"dot", wf_flags_list_dot},
};

static const Format *find_format(FunctionCallInfo fcinfo);
static void put_line(void *arg, const char *line);

/* flag_dependencies(key text, format text) -> setof text */
Datum
wf_flag_dependencies(PG_FUNCTION_ARGS)
{
	const Format *format = find_format(fcinfo);
	WfDependencyList list = {.put = put_line, .arg = fcinfo};

	wf_init_materialized_texts(fcinfo);
	wf_flags_cache_ensure();
	list.graph = wf_flags_graph_create();
	list.all = wf_flags_graph_fill(list.graph);
	if (!PG_ARGISNULL(0))
	{
		list.flag = wf_flags_graph_node(list.graph, false, wf_flags_text_string(PG_GETARG_DATUM(0)));
		/* What others require may be looked at although it is not there. */
		if (list.flag->flag == NULL && list.flag->askers == NIL)
			wf_flags_report_unknown(list.flag->key);
	}
	format->list(&list);
	return (Datum) 0;
}

static const Format *
find_format(FunctionCallInfo fcinfo)
{
	char	   *name;

	if (PG_ARGISNULL(1))
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("format must not be null")));
	name = text_to_cstring(PG_GETARG_TEXT_PP(1));
	for (int i = 0; i < lengthof(formats); i++)
	{
		if (strcmp(formats[i].name, name) == 0)
			return &formats[i];
	}
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("unknown format \"%s\"", name),
			 errhint("Known formats: text, mermaid, dot.")));
	return NULL;				/* keep compiler quiet */
}

static void
put_line(void *arg, const char *line)
{
	ReturnSetInfo *rows = (ReturnSetInfo *) ((FunctionCallInfo) arg)->resultinfo;
	Datum		value = CStringGetTextDatum(line);
	bool		isnull = false;

	tuplestore_putvalues(rows->setResult, rows->setDesc, &value, &isnull);
}

/* What a line of the graph asks of a flag beyond being on; empty for no more. */
const char *
wf_flags_link_label(const WfGraphLink *link)
{
	const WfFlagTest *test = link->test;
	StringInfoData label;

	if (test == NULL)
		return "";
	initStringInfo(&label);
	for (int i = 0; i < test->nvariants; i++)
		appendStringInfo(&label, "%s%.*s", i == 0 ? "variant " : " or ", test->variants[i].len, test->variants[i].data);
	if (test->condition)
		appendStringInfoString(&label, label.len > 0 ? ", by value" : "by value");
	return label.data;
}
