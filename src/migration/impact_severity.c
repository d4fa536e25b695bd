/*
 * impact_severity.c: how bad a change is for what it reaches.
 */
#include "common/compat.h"

#include "migration/impact.h"

static const char *const change_names[] = {
	[WF_CHANGE_DROP] = "drop",
	[WF_CHANGE_RENAME] = "rename",
	[WF_CHANGE_RETYPE] = "retype",
	[WF_CHANGE_CONSTRAIN] = "constrain",
	[WF_CHANGE_REPLACE] = "replace",
	[WF_CHANGE_EXTEND] = "extend",
};

/* A case; what is NULL in it means anything. */
typedef struct Case
{
	WfChange	change;
	const char *via;
	const char *kind;
	const char *how;
	WfSeverity	severity;
} Case;

/*
 * The first that fits counts.  What the server itself keeps in step with the
 * change (by its dependencies) is less bad than text, which it does not know.
 */
static const Case cases[] = {
	{WF_CHANGE_DROP, WF_VIA_DEPENDENCY, "index", NULL, WF_SEVERITY_MEDIUM},
	{WF_CHANGE_DROP, WF_VIA_DEPENDENCY, "statistics object", NULL, WF_SEVERITY_LOW},
	{WF_CHANGE_DROP, WF_VIA_DEPENDENCY, "default", NULL, WF_SEVERITY_MEDIUM},
	{WF_CHANGE_DROP, NULL, NULL, NULL, WF_SEVERITY_HIGH},

	/* Names of dependents follow; subscribers must be told. */
	{WF_CHANGE_RENAME, WF_VIA_DEPENDENCY, "publication", NULL, WF_SEVERITY_HIGH},
	{WF_CHANGE_RENAME, WF_VIA_DEPENDENCY, NULL, NULL, WF_SEVERITY_INFO},
	{WF_CHANGE_RENAME, NULL, NULL, NULL, WF_SEVERITY_HIGH},

	/* The server refuses the change until these are dropped. */
	{WF_CHANGE_RETYPE, WF_VIA_DEPENDENCY, "view", NULL, WF_SEVERITY_HIGH},
	{WF_CHANGE_RETYPE, WF_VIA_DEPENDENCY, "materialized view", NULL, WF_SEVERITY_HIGH},
	{WF_CHANGE_RETYPE, WF_VIA_DEPENDENCY, "rule", NULL, WF_SEVERITY_HIGH},
	{WF_CHANGE_RETYPE, WF_VIA_DEPENDENCY, "policy", NULL, WF_SEVERITY_HIGH},
	{WF_CHANGE_RETYPE, WF_VIA_DEPENDENCY, "trigger", NULL, WF_SEVERITY_HIGH},
	{WF_CHANGE_RETYPE, WF_VIA_DEPENDENCY, "generated column", NULL, WF_SEVERITY_HIGH},
	{WF_CHANGE_RETYPE, WF_VIA_DEPENDENCY, "function body", NULL, WF_SEVERITY_HIGH},
	{WF_CHANGE_RETYPE, WF_VIA_DEPENDENCY, "index", NULL, WF_SEVERITY_LOW},
	{WF_CHANGE_RETYPE, WF_VIA_DEPENDENCY, "statistics object", NULL, WF_SEVERITY_LOW},
	{WF_CHANGE_RETYPE, NULL, NULL, NULL, WF_SEVERITY_MEDIUM},

	{WF_CHANGE_CONSTRAIN, NULL, NULL, WF_HOW_WRITES, WF_SEVERITY_MEDIUM},
	{WF_CHANGE_CONSTRAIN, NULL, NULL, NULL, WF_SEVERITY_INFO},

	{WF_CHANGE_REPLACE, NULL, NULL, NULL, WF_SEVERITY_LOW},

	{WF_CHANGE_EXTEND, WF_VIA_DEPENDENCY, "publication", NULL, WF_SEVERITY_MEDIUM},
	{WF_CHANGE_EXTEND, NULL, NULL, WF_HOW_WRITES, WF_SEVERITY_LOW},
	{WF_CHANGE_EXTEND, NULL, NULL, NULL, WF_SEVERITY_INFO},
};

static bool fits(const char *pattern, const char *value);

WfSeverity
wf_impact_severity(WfChange change, const WfImpactRow *row)
{
	/* It goes, or changes, together with what it is a part of. */
	if (row->belongs)
		return WF_SEVERITY_INFO;
	for (int i = 0; i < lengthof(cases); i++)
	{
		if (cases[i].change == change && fits(cases[i].via, row->via) &&
			fits(cases[i].kind, row->kind) && fits(cases[i].how, row->how))
			return cases[i].severity;
	}
	return WF_SEVERITY_INFO;
}

static bool
fits(const char *pattern, const char *value)
{
	return pattern == NULL || strcmp(pattern, value) == 0;
}

const char *
wf_impact_change_name(WfChange change)
{
	return change_names[change];
}

bool
wf_impact_find_change(const char *name, WfChange *change)
{
	for (int i = 0; i < lengthof(change_names); i++)
	{
		if (strcmp(change_names[i], name) == 0)
		{
			*change = i;
			return true;
		}
	}
	return false;
}
