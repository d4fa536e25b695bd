/*
 * member.c: members of a context.  Pure.
 *
 * A rich flag asks a context for a dozen attributes.  To find a value, the
 * server adds up the lengths of what lies before it each time; here that is
 * done once, and a name is compared with few others, as names are in the order
 * of their lengths.
 */
#include "common/compat.h"

#include "flags/run.h"

static void index_members(const JsonbContainer *object, WfMemberIndex *index);
static void value_of_entry(JEntry entry, const char *data, uint32 start, uint32 end, WfValue *value);

/* Fetches a member of the context; false where it is not there. */
bool
wf_flags_context_member(WfContext *context, WfString name, WfValue *value)
{
	JsonbContainer *object = &context->attributes->root;
	WfMemberIndex *index = &context->members;
	const char *data;
	uint32		start = 0;

	if (index->size < 0)
		index_members(object, index);
	if (index->size > WF_INDEX_MAX)
	{
		WfValue		whole = {.type = WF_VALUE_OBJECT, .u.container = object};

		return wf_flags_value_member(&whole, name, value);
	}
	data = (const char *) &object->children[index->size * 2];
	for (int i = 0; i < index->size; start = index->ends[i++])
	{
		uint32		len = index->ends[i] - start;

		if (len < name.len)
			continue;
		if (len > name.len)
			break;
		if (memcmp(data + start, name.data, len) == 0)
		{
			i += index->size;
			value_of_entry(object->children[i], data, index->ends[i - 1], index->ends[i], value);
			return true;
		}
	}
	value->type = WF_VALUE_ABSENT;
	return false;
}

static void
index_members(const JsonbContainer *object, WfMemberIndex *index)
{
	uint32		end = 0;

	index->size = JsonContainerSize(object);
	if (index->size > WF_INDEX_MAX)
		return;
	for (int i = 0; i < index->size * 2; i++)
	{
		JBE_ADVANCE_OFFSET(end, object->children[i]);
		index->ends[i] = end;
	}
}

/* The value that an entry of an object stands for, not copied. */
static void
value_of_entry(JEntry entry, const char *data, uint32 start, uint32 end, WfValue *value)
{
	if (JBE_ISSTRING(entry))
	{
		value->type = WF_VALUE_STRING;
		value->u.string.data = data + start;
		value->u.string.len = end - start;
	}
	else if (JBE_ISNUMERIC(entry))
	{
		value->type = WF_VALUE_NUMBER;
		value->u.number.exact = (Numeric) (data + INTALIGN(start));
	}
	else if (JBE_ISBOOL(entry))
		wf_flags_value_set_boolean(value, JBE_ISBOOL_TRUE(entry));
	else if (JBE_ISCONTAINER(entry))
	{
		value->u.container = (JsonbContainer *) (data + INTALIGN(start));
		value->type = JsonContainerIsArray(value->u.container) ? WF_VALUE_ARRAY : WF_VALUE_OBJECT;
	}
	else
		value->type = WF_VALUE_NULL;
}
