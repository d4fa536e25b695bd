/*
 * registry_protobuf_compat.c: the rules by which Confluent's registry judges
 * the change of a .proto file.
 *
 * Source: the chapter "Updating A Message Type" of the Protocol Buffers
 * language guide, and the published names of Confluent's differences.  Only
 * those that are not compatible are noted.
 */
#include "common/compat.h"

#include "miscadmin.h"

#include "schema/registry_compat.h"
#include "schema/registry_proto.h"

/* Types of one class may take each other's place. */
typedef enum ScalarClass
{
	CLASS_NONE,
	CLASS_NUMBER,
	CLASS_SIGNED,
	CLASS_TEXT,
	CLASS_FIXED32,
	CLASS_FIXED64,
	CLASS_FLOAT,
	CLASS_DOUBLE
} ScalarClass;

static void compare_types(WfCompat *compat, WfProtoType *old, WfProtoType *update, const char *path);
static void compare_messages(WfCompat *compat, WfProtoType *old, WfProtoType *update, const char *path);
static void compare_oneofs(WfCompat *compat, WfProtoType *old, WfProtoType *update, const char *path);
static void compare_oneof(WfCompat *compat, WfProtoType *old, WfProtoType *update, const char *oneof, const char *path);
static void compare_field(WfCompat *compat, WfProtoType *old, WfProtoField *before, WfProtoType *update,
						  WfProtoField *after, const char *path);
static void compare_field_types(WfCompat *compat, WfProtoType *old, const char *before, WfProtoType *update,
								const char *after, const char *path);
static ScalarClass class_of(WfProtoType *scope, const char *type);
static WfProtoType *resolve(WfProtoType *scope, const char *name);
static WfProtoType *descend(WfProtoType *scope, const char *name);
static WfProtoType *find_type(WfProtoType *scope, const char *name);
static WfProtoField *find_field(WfProtoType *message, int number);
static const char *local_name(WfProtoType *type);
static WfProtoType *file_of(WfProtoType *type);
static bool same_text(const char *a, const char *b);

/* Notes what keeps a reader of one file from reading what the other wrote. */
void
wf_schema_protobuf_compare(WfCompat *compat, void *writer, void *reader)
{
	WfProtoType *old = writer;
	WfProtoType *update = reader;

	if (!same_text(old->package, update->package))
		wf_schema_compat_note(compat, "PACKAGE_CHANGED", "#", "the package was \"%s\", it is \"%s\"",
							  old->package ? old->package : "", update->package ? update->package : "");
	compare_types(compat, old, update, "#");
}

/* A message must not go; enums may come and go. */
static void
compare_types(WfCompat *compat, WfProtoType *old, WfProtoType *update, const char *path)
{
	ListCell   *lc;

	check_stack_depth();
	foreach(lc, old->types)
	{
		WfProtoType *before = lfirst(lc);
		WfProtoType *after = find_type(update, before->name);
		char	   *place = psprintf("%s/%s", path, before->name);

		if (before->is_enum)
			continue;
		if (!after || after->is_enum)
			wf_schema_compat_note(compat, "MESSAGE_REMOVED", place, "the message \"%s\" is gone", before->name);
		else
			compare_messages(compat, before, after, place);
	}
}

static void
compare_messages(WfCompat *compat, WfProtoType *old, WfProtoType *update, const char *path)
{
	ListCell   *lc;

	CHECK_FOR_INTERRUPTS();
	if (wf_schema_compat_seen(compat, old, update))
		return;
	compare_oneofs(compat, old, update, path);
	foreach(lc, old->fields)
	{
		WfProtoField *before = lfirst(lc);
		WfProtoField *after = find_field(update, before->number);
		char	   *place = psprintf("%s/%d", path, before->number);

		if (after)
			compare_field(compat, old, before, update, after, place);
		else if (before->label == WF_PROTO_REQUIRED)
			wf_schema_compat_note(compat, "REQUIRED_FIELD_REMOVED", place, "the required field \"%s\" is gone", before->name);
		else if (before->oneof)
			wf_schema_compat_note(compat, "ONEOF_FIELD_REMOVED", place, "the field \"%s\" of the oneof \"%s\" is gone",
								  before->name, before->oneof);
	}
	foreach(lc, update->fields)
	{
		WfProtoField *after = lfirst(lc);

		if (after->label == WF_PROTO_REQUIRED && !find_field(old, after->number))
			wf_schema_compat_note(compat, "REQUIRED_FIELD_ADDED", psprintf("%s/%d", path, after->number),
								  "the new field \"%s\" is required", after->name);
	}
	compare_types(compat, old, update, path);
}

static void
compare_oneofs(WfCompat *compat, WfProtoType *old, WfProtoType *update, const char *path)
{
	List	   *seen = NIL;
	ListCell   *lc;
	ListCell   *other;

	foreach(lc, update->fields)
	{
		WfProtoField *field = lfirst(lc);
		bool		known = field->oneof == NULL;

		foreach(other, seen)
			known = known || same_text(lfirst(other), field->oneof);
		if (known)
			continue;
		seen = lappend(seen, unconstify(char *, field->oneof));
		compare_oneof(compat, old, update, field->oneof, path);
	}
}

/* Fields that were set side by side would clear each other in a oneof. */
static void
compare_oneof(WfCompat *compat, WfProtoType *old, WfProtoType *update, const char *oneof, const char *path)
{
	int			moved = 0;
	int			existing = 0;
	ListCell   *lc;

	foreach(lc, update->fields)
	{
		WfProtoField *field = lfirst(lc);
		WfProtoField *before = same_text(field->oneof, oneof) ? find_field(old, field->number) : NULL;

		moved += before && !before->oneof;
		existing += before && before->oneof;
	}
	if (moved > 1)
		wf_schema_compat_note(compat, "MULTIPLE_FIELDS_MOVED_TO_ONEOF", psprintf("%s/%s", path, oneof),
							  "%d fields that were independent share the oneof \"%s\"", moved, oneof);
	else if (moved == 1 && existing > 0)
		wf_schema_compat_note(compat, "FIELD_MOVED_TO_EXISTING_ONEOF", psprintf("%s/%s", path, oneof),
							  "a field that was independent is in the oneof \"%s\"", oneof);
}

/* Numbers of a list are packed, so that a single one reads them wrongly. */
static void
compare_field(WfCompat *compat, WfProtoType *old, WfProtoField *before, WfProtoType *update, WfProtoField *after,
			  const char *path)
{
	bool		repeated = before->label == WF_PROTO_REPEATED;
	ScalarClass class = class_of(old, before->type);

	if (!before->key_type != !after->key_type)
	{
		wf_schema_compat_note(compat, "FIELD_KIND_CHANGED", path, "the field \"%s\" is a map in one schema only", after->name);
		return;
	}
	if (before->oneof && !after->oneof)
		wf_schema_compat_note(compat, "ONEOF_FIELD_REMOVED", path, "the field \"%s\" left the oneof \"%s\"", before->name,
							  before->oneof);
	if (repeated != (after->label == WF_PROTO_REPEATED) && class != CLASS_NONE && class != CLASS_TEXT)
		wf_schema_compat_note(compat, "FIELD_NUMERIC_LABEL_CHANGED", path, "the field \"%s\" %s a list of numbers",
							  after->name, repeated ? "was" : "is now");
	if (before->key_type)
		compare_field_types(compat, old, before->key_type, update, after->key_type, path);
	compare_field_types(compat, old, before->type, update, after->type, path);
}

static void
compare_field_types(WfCompat *compat, WfProtoType *old, const char *before, WfProtoType *update, const char *after,
					const char *path)
{
	ScalarClass old_class = class_of(old, before);
	ScalarClass new_class = class_of(update, after);
	WfProtoType *old_type = resolve(old, before);
	WfProtoType *new_type = resolve(update, after);

	if ((old_class == CLASS_NONE) != (new_class == CLASS_NONE))
		wf_schema_compat_note(compat, "FIELD_KIND_CHANGED", path, "the type was %s, it is %s", before, after);
	else if (old_class != new_class)
		wf_schema_compat_note(compat, "FIELD_SCALAR_KIND_CHANGED", path, "the type was %s, it is %s", before, after);
	else if (old_class != CLASS_NONE)
		return;
	else if (old_type && new_type ? strcmp(local_name(old_type), local_name(new_type)) != 0 : strcmp(before, after) != 0)
		wf_schema_compat_note(compat, "FIELD_NAMED_TYPE_CHANGED", path, "the type was %s, it is %s", before, after);
}

static ScalarClass
class_of(WfProtoType *scope, const char *type)
{
	static const struct
	{
		const char *name;
		ScalarClass class;
	}			scalars[] = {
		{"int32", CLASS_NUMBER}, {"int64", CLASS_NUMBER}, {"uint32", CLASS_NUMBER}, {"uint64", CLASS_NUMBER},
		{"bool", CLASS_NUMBER}, {"sint32", CLASS_SIGNED}, {"sint64", CLASS_SIGNED}, {"string", CLASS_TEXT},
		{"bytes", CLASS_TEXT}, {"fixed32", CLASS_FIXED32}, {"sfixed32", CLASS_FIXED32},
		{"fixed64", CLASS_FIXED64}, {"sfixed64", CLASS_FIXED64}, {"float", CLASS_FLOAT}, {"double", CLASS_DOUBLE}
	};
	WfProtoType *named;

	for (int i = 0; i < lengthof(scalars); i++)
	{
		if (strcmp(scalars[i].name, type) == 0)
			return scalars[i].class;
	}
	named = resolve(scope, type);
	return named && named->is_enum ? CLASS_NUMBER : CLASS_NONE;
}

/* From the scope outwards, as C++ finds names; NULL for what is imported. */
static WfProtoType *
resolve(WfProtoType *scope, const char *name)
{
	WfProtoType *file = file_of(scope);
	size_t		len = file->package ? strlen(file->package) : 0;
	WfProtoType *found = NULL;

	if (*name == '.')
	{
		name++;
		if (len == 0)
			return descend(file, name);
		return strncmp(name, file->package, len) == 0 && name[len] == '.' ? descend(file, name + len + 1) : NULL;
	}
	for (; scope && !found; scope = scope->outer)
		found = descend(scope, name);
	if (!found && len > 0 && strncmp(name, file->package, len) == 0 && name[len] == '.')
		found = descend(file, name + len + 1);
	return found;
}

static WfProtoType *
descend(WfProtoType *scope, const char *name)
{
	while (scope && *name)
	{
		size_t		len = strcspn(name, ".");

		scope = find_type(scope, pnstrdup(name, len));
		name += len + (name[len] == '.');
	}
	return scope;
}

static WfProtoType *
find_type(WfProtoType *scope, const char *name)
{
	ListCell   *lc;

	foreach(lc, scope->types)
	{
		if (strcmp(((WfProtoType *) lfirst(lc))->name, name) == 0)
			return lfirst(lc);
	}
	return NULL;
}

static WfProtoField *
find_field(WfProtoType *message, int number)
{
	ListCell   *lc;

	foreach(lc, message->fields)
	{
		if (((WfProtoField *) lfirst(lc))->number == number)
			return lfirst(lc);
	}
	return NULL;
}

/* The name within its file. */
static const char *
local_name(WfProtoType *type)
{
	if (!type->outer || !type->outer->name)
		return type->name ? type->name : "";
	return psprintf("%s.%s", local_name(type->outer), type->name);
}

static WfProtoType *
file_of(WfProtoType *type)
{
	while (type->outer)
		type = type->outer;
	return type;
}

static bool
same_text(const char *a, const char *b)
{
	return a && b ? strcmp(a, b) == 0 : a == b;
}
