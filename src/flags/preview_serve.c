/*
 * preview_serve.c: serving a flag from a preview.  Pure.
 */
#include "common/compat.h"

#include "flags/eval.h"
#include "flags/preview.h"

static int	on_variant(const WfProgram *program);
static int	off_variant(const WfProgram *program);
static bool is_on(const WfProgram *program, int variant);

/* What a preview says of a flag; NULL: nothing. */
const WfPreviewItem *
wf_flags_preview_find(const WfPreview *preview, WfString flag)
{
	int			low = 0;
	int			high = preview->nitems;

	while (low < high)
	{
		int			middle = (low + high) / 2;
		int			order = wf_flags_strings_compare(preview->items[middle].flag, flag);

		if (order == 0)
			return &preview->items[middle];
		if (order < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return NULL;
}

/*
 * The variant that an item means.  What a variant is called comes first; true
 * and on, false and off are else the variant that is on or off for the flag.
 * False, with the problem, where the flag has none such.
 */
bool
wf_flags_preview_variant(const WfProgram *program, const WfPreviewItem *item,
						 int *variant, const char **problem)
{
	bool		on = wf_flags_strings_equal(item->variant, wf_flags_string("true")) ||
	wf_flags_strings_equal(item->variant, wf_flags_string("on"));
	bool		off = wf_flags_strings_equal(item->variant, wf_flags_string("false")) ||
	wf_flags_strings_equal(item->variant, wf_flags_string("off"));

	*variant = wf_flags_variant_index(program, item->variant);
	if (*variant != WF_VARIANT_NONE)
		return true;
	if (!item->quoted && off)
	{
		*variant = off_variant(program);
		return true;
	}
	if (!item->quoted && on)
	{
		*variant = on_variant(program);
		*problem = "the flag has no variant that is on";
	}
	else
		*problem = "the flag has no such variant";
	return *variant != WF_VARIANT_NONE;
}

/*
 * Serves a flag from the preview; false where that says nothing of it, or what
 * the flag can't be.
 *
 * The reason is TARGETING_MATCH: it is this session that was chosen.  STATIC
 * would let clients keep the answer, and show it when the preview is over.
 */
bool
wf_flags_preview_serve(const WfPreview *preview, const WfFlag *flag, WfOutcome *outcome)
{
	const WfPreviewItem *item = wf_flags_preview_find(preview, flag->key);
	const char *problem;
	int			variant;

	if (item == NULL || !wf_flags_preview_variant(flag->program, item, &variant, &problem))
		return false;
	outcome->reason = WF_REASON_TARGETING_MATCH;
	outcome->variant = variant;
	outcome->enabled = is_on(flag->program, variant);
	outcome->overridden = true;
	outcome->previewed = true;
	if (preview->used)
		preview->used();
	return true;
}

/* What everybody would get, if that is on; else the first one that is. */
static int
on_variant(const WfProgram *program)
{
	const WfServe *serve = &program->fallthrough.serve;

	if (serve->split == NULL && serve->node == NULL && is_on(program, serve->variant))
		return serve->variant;
	for (int i = 0; serve->split && i < serve->split->narms; i++)
	{
		if (is_on(program, serve->split->arms[i].variant))
			return serve->split->arms[i].variant;
	}
	for (int i = 0; i < program->nvariants; i++)
	{
		if (is_on(program, i))
			return i;
	}
	return WF_VARIANT_NONE;
}

/* The off variant, unless that is on; else the first one that is off, or the caller's default. */
static int
off_variant(const WfProgram *program)
{
	if (program->off >= 0 && !is_on(program, program->off))
		return program->off;
	for (int i = 0; i < program->nvariants; i++)
	{
		if (!is_on(program, i))
			return i;
	}
	return WF_VARIANT_NONE;
}

static bool
is_on(const WfProgram *program, int variant)
{
	return variant >= 0 && variant < program->nvariants && program->variants[variant].enabled;
}
