/*
 * dialect_growthbook_forced.c: experiments whose result is laid down.  Pure.
 *
 * A variation may be forced by the page's address ("?EXPERIMENT=1"), then by
 * "forcedVariations".  Else, where experiments are switched off or only tested,
 * nobody is in them.  A context says so beside its attributes, a document for
 * all contexts.
 */
#include "common/compat.h"

#include <math.h>

#include "flags/dialect_growthbook.h"

/* No variation: the experiment is out. */
#define NO_VARIATION (-1)

static bool decide(WfRun *run, const WfGrowthbookExperiment *experiment, int *variation);
static bool is_disabled(WfRun *run);
static bool in_address(WfRun *run, const WfGrowthbookExperiment *experiment, int *variation);
static bool in_query(WfString query, const WfGrowthbookExperiment *experiment, int *variation);
static bool in_list(WfRun *run, const WfGrowthbookExperiment *experiment, int *variation);
static WfString cut(WfString *text, char separator);
static double parse_integer(WfString text);

/* WfFunction: whether an experiment's result is laid down, be it that it is out. */
void
wf_flags_growthbook_is_forced(WfRun *run, const WfNode *node, WfValue *result)
{
	int			variation;

	wf_flags_value_set_boolean(result, decide(run, node->u.function.data, &variation));
}

/* WfFunction: the variant that is laid down, or null. */
void
wf_flags_growthbook_forced(WfRun *run, const WfNode *node, WfValue *result)
{
	const WfGrowthbookExperiment *experiment = node->u.function.data;
	int			variation = NO_VARIATION;

	(void) decide(run, experiment, &variation);
	wf_flags_growthbook_serve_variation(experiment, variation, result);
}

/* The variant of a variation; null where there is none, or it passes users on. */
void
wf_flags_growthbook_serve_variation(const WfGrowthbookExperiment *experiment, int variation,
									WfValue *result)
{
	result->type = WF_VALUE_NULL;
	if (variation >= 0 && variation < experiment->nvariations &&
		experiment->variants[variation] != WF_VARIANT_MISS)
		wf_flags_value_set_double(result, experiment->variants[variation]);
}

/* A member of the context itself, beside its attributes. */
bool
wf_flags_growthbook_context_member(WfRun *run, const char *name, WfValue *member)
{
	WfValue		context = {.type = WF_VALUE_OBJECT};

	member->type = WF_VALUE_ABSENT;
	if (run->context->attributes == NULL)
		return false;
	context.u.container = &run->context->attributes->root;
	return wf_flags_value_member(&context, wf_flags_string(name), member);
}

static bool
decide(WfRun *run, const WfGrowthbookExperiment *experiment, int *variation)
{
	WfValue		qa_mode;

	*variation = NO_VARIATION;
	if (is_disabled(run))
		return true;
	if (in_address(run, experiment, variation) || in_list(run, experiment, variation))
		return true;
	return experiment->shared->qa_mode ||
		(wf_flags_growthbook_context_member(run, "qaMode", &qa_mode) && wf_flags_js_truthy(&qa_mode));
}

/* Without attributes below a name of their own, "enabled" is one of them. */
static bool
is_disabled(WfRun *run)
{
	WfValue		member;

	return wf_flags_growthbook_context_member(run, WF_GROWTHBOOK_ATTRIBUTES, &member) &&
		member.type == WF_VALUE_OBJECT &&
		wf_flags_growthbook_context_member(run, "enabled", &member) &&
		member.type == WF_VALUE_BOOLEAN && !member.u.boolean;
}

static bool
in_address(WfRun *run, const WfGrowthbookExperiment *experiment, int *variation)
{
	WfString	address = experiment->shared->url;
	WfString	query;
	WfValue		url;

	if (wf_flags_growthbook_context_member(run, "url", &url) &&
		url.type == WF_VALUE_STRING && url.u.string.len > 0)
		address = url.u.string;
	(void) cut(&address, '?');
	query = cut(&address, '?');
	return in_query(cut(&query, '#'), experiment, variation);
}

/* The first that is named like the experiment counts. */
static bool
in_query(WfString query, const WfGrowthbookExperiment *experiment, int *variation)
{
	while (query.len > 0)
	{
		WfString	value = cut(&query, '&');
		WfString	name = cut(&value, '=');
		double		number;

		if (!wf_flags_strings_equal(name, experiment->key))
			continue;
		number = parse_integer(cut(&value, '='));
		if (!(number >= 0 && number < experiment->nvariations))
			return false;
		*variation = (int) number;
		return true;
	}
	return false;
}

/* A forced variation that does not exist is one, too: the experiment is out. */
static bool
in_list(WfRun *run, const WfGrowthbookExperiment *experiment, int *variation)
{
	WfValue		list;
	WfValue		forced;
	double		number;

	if (!wf_flags_growthbook_context_member(run, "forcedVariations", &list) ||
		!wf_flags_value_member(&list, experiment->key, &forced))
	{
		if (experiment->shared->forced_variations == NULL)
			return false;
		list.type = WF_VALUE_OBJECT;
		list.u.container = experiment->shared->forced_variations;
		if (!wf_flags_value_member(&list, experiment->key, &forced))
			return false;
	}
	number = forced.type == WF_VALUE_NULL ? NAN : wf_flags_js_number(&forced);
	if (number >= 0 && number < experiment->nvariations && floor(number) == number)
		*variation = (int) number;
	return true;
}

/* Takes what is before a separator, and the separator, off a text. */
static WfString
cut(WfString *text, char separator)
{
	const char *at = text->len > 0 ? memchr(text->data, separator, text->len) : NULL;
	WfString	before = *text;

	if (at == NULL)
		text->len = 0;
	else
	{
		before.len = at - text->data;
		text->data = at + 1;
		text->len -= before.len + 1;
	}
	return before;
}

/* parseInt(): digits at the beginning count; NaN where there are none. */
static double
parse_integer(WfString text)
{
	int			base = 10;
	int			at = 0;
	int			first;
	double		number = 0;
	bool		negative = false;

	while (at < text.len && strchr(" \t\n\v\f\r", text.data[at]))
		at++;
	if (at < text.len && (text.data[at] == '-' || text.data[at] == '+'))
		negative = text.data[at++] == '-';
	if (text.len - at > 1 && text.data[at] == '0' && (text.data[at + 1] == 'x' || text.data[at + 1] == 'X'))
	{
		base = 16;
		at += 2;
	}
	for (first = at; at < text.len; at++)
	{
		char		c = text.data[at];
		int			digit = c >= '0' && c <= '9' ? c - '0'
		: c >= 'a' && c <= 'f' ? c - 'a' + 10
		: c >= 'A' && c <= 'F' ? c - 'A' + 10 : base;

		if (digit >= base)
			break;
		number = number * base + digit;
	}
	if (at == first)
		return NAN;
	return negative ? -number : number;
}
