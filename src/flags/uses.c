/*
 * uses.c: which flags and segments a flag or a segment asks.  Pure.
 *
 * They are found in what was compiled, so that it does not matter in which
 * dialect a definition is written.  A segment that lies in the flag's own
 * document is a part of the flag.
 */
#include "common/compat.h"

#include "flags/uses.h"

typedef struct Walk
{
	List	   *uses;			/* of WfUse, each once, in their order */
	List	   *seen;			/* shared nodes and segments: they may be in a
								 * circle */
} Walk;

static void walk_rule(Walk *walk, const WfFlagRule *rule);
static void walk_split(Walk *walk, const WfSplit *split);
static void walk_node(Walk *walk, const WfNode *node);
static void walk_segment_test(Walk *walk, const WfSegmentTest *test);
static void add_use(Walk *walk, bool is_segment, WfString key, const WfFlagTest *test);
static bool first_time(Walk *walk, const void *what);

/* What a flag asks: a List of WfUse, in the current memory context. */
List *
wf_flags_program_uses(const WfProgram *program)
{
	Walk		walk = {0};

	for (int i = 0; i < program->nrules; i++)
		walk_rule(&walk, &program->rules[i]);
	walk_rule(&walk, &program->fallthrough);
	return walk.uses;
}

/* What a segment asks. */
List *
wf_flags_segment_uses(const WfSegment *segment)
{
	Walk		walk = {0};

	walk_node(&walk, segment->condition);
	return walk.uses;
}

/* Whether the same flag or segment is among them. */
bool
wf_flags_uses_have(const List *uses, const WfUse *use)
{
	ListCell   *lc;

	foreach(lc, uses)
	{
		const WfUse *other = (const WfUse *) lfirst(lc);

		if (other->is_segment == use->is_segment && wf_flags_strings_equal(other->key, use->key))
			return true;
	}
	return false;
}

static void
walk_rule(Walk *walk, const WfFlagRule *rule)
{
	walk_node(walk, rule->condition);
	walk_split(walk, rule->share);
	walk_split(walk, rule->serve.split);
	walk_node(walk, rule->serve.node);
}

static void
walk_split(Walk *walk, const WfSplit *split)
{
	if (split)
		walk_node(walk, split->subject);
}

static void
walk_node(Walk *walk, const WfNode *node)
{
	if (node == NULL)
		return;
	for (int i = 0; i < node->nchildren; i++)
		walk_node(walk, &node->children[i]);
	switch (node->type)
	{
		case WF_NODE_PREDICATE:
			walk_node(walk, node->u.predicate->subject);
			break;
		case WF_NODE_SPLIT:
			walk_split(walk, node->u.split);
			break;
		case WF_NODE_FLAG:
			add_use(walk, false, node->u.flag->key, node->u.flag);
			break;
		case WF_NODE_SEGMENT:
			walk_segment_test(walk, node->u.segment);
			break;
		case WF_NODE_SHARED:
			if (first_time(walk, node->u.shared))
				walk_node(walk, node->u.shared);
			break;
		default:
			break;
	}
}

static void
walk_segment_test(Walk *walk, const WfSegmentTest *test)
{
	if (test->segment == NULL)
		add_use(walk, true, test->key, NULL);
	else if (first_time(walk, test->segment))
		walk_node(walk, test->segment->condition);
}

static void
add_use(Walk *walk, bool is_segment, WfString key, const WfFlagTest *test)
{
	WfUse	   *use = palloc(sizeof(WfUse));

	use->is_segment = is_segment;
	use->key = key;
	use->test = test;
	if (!wf_flags_uses_have(walk->uses, use))
		walk->uses = lappend(walk->uses, use);
}

static bool
first_time(Walk *walk, const void *what)
{
	if (list_member_ptr(walk->seen, what))
		return false;
	walk->seen = lappend(walk->seen, unconstify(void *, what));
	return true;
}
