/*
 * member.c: members of a context.  Pure.
 *
 * A rich flag asks a context for a dozen attributes.  To find a value, the
 * server adds up the lengths of what lies before it each time; here that is
 * kept from the second time on.  Names are in the order of their lengths.
 */
#include "common/compat.h"

#include "flags/run.h"

static bool find_indexed(JsonbContainer *object, const WfMemberIndex *index, WfString name, WfValue *value);
static bool find_once(JsonbContainer *object, WfString name, WfValue *value);
static void index_members(const JsonbContainer *object, WfMemberIndex *index);
static void value_of_entry(JEntry entry, const char *data, uint32 start, uint32 end, WfValue *value);

static inline bool
is_name(const char *data, WfString name)
{
	return name.len == 0 || (data[0] == name.data[0] && memcmp(data, name.data, name.len) == 0);
}

/* Fetches a member of the context; false where it is not there. */
bool
wf_flags_context_member(WfContext *context, WfString name, WfValue *value)
{
	JsonbContainer *object = &context->attributes->root;
	WfMemberIndex *index = &context->members;

	if (index->state != WF_INDEX_MADE)
	{
		if (JsonContainerSize(object) > WF_INDEX_MAX || index->state == WF_INDEX_NONE)
		{
			index->state = WF_INDEX_WANTED;
			return find_once(object, name, value);
		}
		index_members(object, index);
	}
	return find_indexed(object, index, name, value);
}

/* The same, of the last one that is asked for: an index does not pay any more. */
bool
wf_flags_context_last_member(WfContext *context, WfString name, WfValue *value)
{
	JsonbContainer *object = &context->attributes->root;

	if (context->members.state == WF_INDEX_MADE)
		return find_indexed(object, &context->members, name, value);
	return find_once(object, name, value);
}

static inline bool
find_indexed(JsonbContainer *object, const WfMemberIndex *index, WfString name, WfValue *value)
{
	int			size = JsonContainerSize(object);
	const char *data = (const char *) &object->children[size * 2];
	uint32		start = 0;

	for (int i = 0; i < size; start = index->ends[i++])
	{
		uint32		len = index->ends[i] - start;

		if (len < name.len)
			continue;
		if (len > name.len)
			break;
		if (is_name(data + start, name))
		{
			i += size;
			value_of_entry(object->children[i], data, index->ends[i - 1], index->ends[i], value);
			return true;
		}
	}
	value->type = WF_VALUE_ABSENT;
	return false;
}

/* In one pass over an object that is small. */
static bool
find_once(JsonbContainer *object, WfString name, WfValue *value)
{
	int			size = JsonContainerSize(object);
	const char *data = (const char *) &object->children[size * 2];
	const JEntry *entry = object->children;
	const JEntry *names_end = entry + size;
	const JEntry *its_value;
	uint32		start = 0;
	uint32		end = 0;

	if (size > WF_INDEX_MAX)
	{
		WfValue		whole = {.type = WF_VALUE_OBJECT,.u.container = object};

		return wf_flags_value_member(&whole, name, value);
	}
	value->type = WF_VALUE_ABSENT;
	for (; entry < names_end; entry++, start = end)
	{
		JBE_ADVANCE_OFFSET(end, *entry);
		if (end - start == name.len && is_name(data + start, name))
			break;
		if (end - start > name.len)
			return false;
	}
	if (entry == names_end)
		return false;
	start = end;
	/* Its value is as many entries on as there are members. */
	its_value = entry + size;
	for (entry++; entry < its_value; entry++)
		JBE_ADVANCE_OFFSET(start, *entry);
	end = start;
	JBE_ADVANCE_OFFSET(end, *its_value);
	value_of_entry(*its_value, data, start, end, value);
	return true;
}

static void
index_members(const JsonbContainer *object, WfMemberIndex *index)
{
	int			entries = JsonContainerSize(object) * 2;
	uint32		end = 0;

	index->state = WF_INDEX_MADE;
	for (int i = 0; i < entries; i++)
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
