/*
 * dialect_unleash_limit.c: what of a document of Unleash can't be carried.
 * Pure.
 */
#include "common/compat.h"

#include "flags/dialect_unleash.h"

static List *feature_limits(List *limits, WfString name, JsonbContainer *feature);
static const char *strategy_limit(JsonbContainer *strategy);
static List *add_limit(List *limits, const char *name, const char *message);

/* WfDialect.list_limits: strategies of an application's own, and the like. */
List *
wf_flags_unleash_list_limits(const WfShared *shared)
{
	List	   *flags = wf_flags_unleash_list_flags(shared->document);
	List	   *limits = NIL;
	JsonbValue	segments;
	ListCell   *lc;

	foreach(lc, flags)
	{
		const WfDocumentFlag *flag = lfirst(lc);

		limits = feature_limits(limits, flag->key, &flag->definition->root);
	}
	if (!wf_flags_document_member(&shared->document->root, "segments", &segments) ||
		segments.type != jbvBinary)
		return limits;
	for (int i = 0; i < JsonContainerSize(segments.val.binary.data); i++)
	{
		JsonbValue	segment;
		JsonbValue	member;
		WfString	id;

		wf_flags_document_element(segments.val.binary.data, i, &segment);
		if ((!wf_flags_document_member(segment.val.binary.data, "constraints", &member) ||
			 member.type == jbvNull) &&
			wf_flags_document_member(segment.val.binary.data, "id", &member) &&
			wf_flags_unleash_text(&member, &id))
			limits = add_limit(limits, psprintf("segment %.*s", id.len, id.data),
							   "its constraints are not in the document; a strategy that uses it is for nobody");
	}
	return limits;
}

static List *
feature_limits(List *limits, WfString name, JsonbContainer *feature)
{
	JsonbValue	strategies;

	if (!wf_flags_document_member(feature, "strategies", &strategies) || strategies.type != jbvBinary ||
		!JsonContainerIsArray(strategies.val.binary.data))
		return limits;
	for (int i = 0; i < JsonContainerSize(strategies.val.binary.data); i++)
	{
		JsonbValue	strategy;
		const char *message;

		wf_flags_document_element(strategies.val.binary.data, i, &strategy);
		if (strategy.type != jbvBinary || !JsonContainerIsObject(strategy.val.binary.data))
			continue;
		message = strategy_limit(strategy.val.binary.data);
		if (message)
			limits = add_limit(limits, name.data, message);
	}
	return limits;
}

/* What is missing for a strategy, or NULL. */
static const char *
strategy_limit(JsonbContainer *strategy)
{
	static const char *const known[] = {
		"default", "userWithId", "gradualRolloutUserId", "gradualRolloutSessionId",
		"gradualRolloutRandom", "flexibleRollout", "remoteAddress"
	};
	JsonbValue	value;
	WfString	name;

	if (!wf_flags_document_member(strategy, "name", &value) || value.type != jbvString)
		return NULL;
	name = wf_flags_string_copy(value.val.string.val, value.val.string.len);
	for (int i = 0; i < lengthof(known); i++)
	{
		if (strcmp(name.data, known[i]) == 0)
			return NULL;
	}
	if (strcmp(name.data, "applicationHostname") == 0)
		return "strategy applicationHostname needs \"hostname\" in the context, the application's host";
	return psprintf("strategy \"%s\" is an application's own; it is for nobody", name.data);
}

static List *
add_limit(List *limits, const char *name, const char *message)
{
	WfLimit    *limit = palloc(sizeof(WfLimit));

	limit->name = name;
	limit->message = message;
	return lappend(limits, limit);
}
