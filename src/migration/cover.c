/*
 * cover.c: one finding for one cause.
 *
 * Rules don't know of each other.  What two of them say of the same statement
 * for the same reason is left to the one that says more, the other becomes a
 * remark; and advice on how a thing is written steps back where the statement
 * must change anyway.
 */
#include "common/compat.h"

#include "migration/finding.h"

/* The first rule's finding says nothing that the second's does not. */
static struct
{
	const char *less;
	const char *more;
	const WfRule *less_rule;	/* NULL until it is asked for */
	const WfRule *more_rule;
}			covers[] = {
	{"exclusive-lock-held", "validate-in-same-transaction", NULL, NULL},
	/* Their safe ways read no rows while they hold the lock. */
	{"alter-table-not-combined", "add-check-validates", NULL, NULL},
	{"alter-table-not-combined", "add-foreign-key-validates", NULL, NULL},
	{"alter-table-not-combined", "add-unique-builds-index", NULL, NULL},
};

static bool is_covered(const WfFinding *finding, List *findings);
static bool same_object(const WfFinding *a, const WfFinding *b);

/* The findings of one statement, with those that another one covers as remarks. */
List *
wf_findings_settle(List *findings)
{
	WfSeverity	gravest = WF_SEVERITY_INFO;
	ListCell   *lc;

	foreach(lc, findings)
	{
		if (is_covered(lfirst(lc), findings))
			((WfFinding *) lfirst(lc))->severity = WF_SEVERITY_INFO;
		else
			gravest = Max(gravest, ((WfFinding *) lfirst(lc))->severity);
	}
	if (gravest < WF_SEVERITY_MEDIUM)
		return findings;
	foreach(lc, findings)
	{
		WfFinding  *finding = lfirst(lc);

		if (finding->kind == WF_KIND_STYLE && finding->severity == WF_SEVERITY_LOW)
			wf_finding_lower(finding);
	}
	return findings;
}

static bool
is_covered(const WfFinding *finding, List *findings)
{
	ListCell   *lc;

	for (int i = 0; i < lengthof(covers); i++)
	{
		if (!wf_migration_is_rule(finding->rule, covers[i].less, &covers[i].less_rule))
			continue;
		foreach(lc, findings)
		{
			WfFinding  *other = lfirst(lc);

			if (wf_migration_is_rule(other->rule, covers[i].more, &covers[i].more_rule) && same_object(finding, other))
				return true;
		}
	}
	return false;
}

static bool
same_object(const WfFinding *a, const WfFinding *b)
{
	return a->object && b->object && strcmp(a->object, b->object) == 0;
}
