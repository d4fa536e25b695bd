/*
 * type.c: the table of object types.
 *
 * A new object type is one row here, one query in catalog_*.c and, where the
 * plain writers do not do, its own in ddl_*.c.  Attributes are altered in the
 * order in which they stand.
 */
#include "common/compat.h"

#include "schema/ddl.h"
#include "schema/model.h"

#define LIST WF_ATTR_LIST
#define QUIET WF_ATTR_QUIET
#define REQUIRED WF_ATTR_REQUIRED
#define SINCE_2 WF_ATTR_SINCE_2
#define SINCE_18 WF_ATTR_SINCE_18
#define LABELS {"security_labels", LIST | SINCE_2}
#define OWNED {"owner", 0}, {"grants", LIST}, {"comment", 0}, LABELS

/* Extensions that take the object along when they go. */
#define DEPENDS {"depends_on", LIST | SINCE_2}

/* Types whose CREATE statement is the attribute "definition". */
#define PLAIN wf_schema_ddl_plain_create, wf_schema_ddl_plain_drop, wf_schema_ddl_never_alter

static bool is_relation(const WfObjectType *type);

static WfObjectType types[] = {
	{WF_OBJECT_SCHEMA, "schema", "SCHEMA", "SCHEMA",
		wf_schema_ddl_schema_create, wf_schema_ddl_plain_drop, wf_schema_ddl_never_alter,
	{OWNED}, 0},
	{WF_OBJECT_EXTENSION, "extension", "EXTENSION", NULL,
		wf_schema_ddl_extension_create, wf_schema_ddl_plain_drop, wf_schema_ddl_extension_alter,
	{{"in_schema", REQUIRED}, {"version", REQUIRED}, {"relocatable", QUIET}, {"comment", 0}}, 0},
	{WF_OBJECT_LANGUAGE, "language", "LANGUAGE", "LANGUAGE", PLAIN,
	{{"definition", REQUIRED}, OWNED}, 0},
	{WF_OBJECT_ACCESS_METHOD, "access method", "ACCESS METHOD", NULL, PLAIN,
	{{"definition", REQUIRED}, {"comment", 0}}, 0},
	{WF_OBJECT_COLLATION, "collation", "COLLATION", NULL, PLAIN,
	{{"definition", REQUIRED}, {"owner", 0}, {"comment", 0}}, 0},
	{WF_OBJECT_SHELL_TYPE, "shell type", "TYPE", NULL, PLAIN,
	{{"definition", REQUIRED}, {"owner", 0}, {"comment", 0}}, 0},
	{WF_OBJECT_ENUM, "enum", "TYPE", "TYPE",
		wf_schema_ddl_enum_create, wf_schema_ddl_plain_drop, wf_schema_ddl_enum_alter,
	{{"values", LIST}, OWNED}, 0},
	{WF_OBJECT_DOMAIN, "domain", "DOMAIN", "DOMAIN",
		wf_schema_ddl_domain_create, wf_schema_ddl_plain_drop, wf_schema_ddl_domain_alter,
	{{"type", REQUIRED}, {"default", 0}, {"not_null", 0}, OWNED}, 0},
	{WF_OBJECT_DOMAIN_CONSTRAINT, "domain constraint", "CONSTRAINT", NULL,
		wf_schema_ddl_domain_constraint_create, wf_schema_ddl_domain_constraint_drop, wf_schema_ddl_domain_constraint_alter,
	{{"definition", REQUIRED}, {"not_valid", 0}, {"comment", 0}}, 0},
	{WF_OBJECT_COMPOSITE, "composite type", "TYPE", "TYPE",
		wf_schema_ddl_composite_create, wf_schema_ddl_plain_drop, wf_schema_ddl_never_alter,
	{OWNED}, 0},
	{WF_OBJECT_RANGE, "range type", "TYPE", "TYPE", PLAIN,
	{{"definition", REQUIRED}, OWNED}, 0},
	{WF_OBJECT_BASE_TYPE, "base type", "TYPE", "TYPE",
		wf_schema_ddl_plain_create, wf_schema_ddl_plain_drop, wf_schema_ddl_base_type_alter,
	{{"definition", REQUIRED}, OWNED}, 0},
	{WF_OBJECT_FUNCTION, "function", "FUNCTION", "FUNCTION",
		wf_schema_ddl_plain_create, wf_schema_ddl_plain_drop, wf_schema_ddl_function_alter,
		{{"definition", REQUIRED}, {"result", QUIET}, {"arguments", QUIET}, {"defaults", QUIET},
	{"window", QUIET}, DEPENDS, OWNED}, 0},
	{WF_OBJECT_PROCEDURE, "procedure", "PROCEDURE", "PROCEDURE",
		wf_schema_ddl_plain_create, wf_schema_ddl_plain_drop, wf_schema_ddl_function_alter,
		{{"definition", REQUIRED}, {"result", QUIET}, {"arguments", QUIET}, {"defaults", QUIET},
	{"window", QUIET}, DEPENDS, OWNED}, 0},
	{WF_OBJECT_OPERATOR_FAMILY, "operator family", "OPERATOR FAMILY", NULL, PLAIN,
	{{"definition", REQUIRED}, {"owner", 0}, {"comment", 0}}, 0},
	{WF_OBJECT_OPERATOR, "operator", "OPERATOR", NULL, PLAIN,
	{{"definition", REQUIRED}, {"owner", 0}, {"comment", 0}}, 0},
	{WF_OBJECT_OPERATOR_CLASS, "operator class", "OPERATOR CLASS", NULL, PLAIN,
	{{"definition", REQUIRED}, {"owner", 0}, {"comment", 0}}, 0},
	{WF_OBJECT_FAMILY_MEMBER, "operator family member", "", NULL,
		wf_schema_ddl_plain_create, wf_schema_ddl_family_member_drop, wf_schema_ddl_never_alter,
	{{"definition", REQUIRED}, {"removal", QUIET | REQUIRED}}, 0},
	{WF_OBJECT_CAST, "cast", "CAST", NULL, PLAIN,
	{{"definition", REQUIRED}, {"comment", 0}}, 0},
	{WF_OBJECT_TRANSFORM, "transform", "TRANSFORM", NULL, PLAIN,
	{{"definition", REQUIRED}, {"comment", 0}}, 0},
	{WF_OBJECT_CONVERSION, "conversion", "CONVERSION", NULL, PLAIN,
	{{"definition", REQUIRED}, {"owner", 0}, {"comment", 0}}, 0},
	{WF_OBJECT_AGGREGATE, "aggregate", "AGGREGATE", "FUNCTION",
		wf_schema_ddl_plain_create, wf_schema_ddl_plain_drop, wf_schema_ddl_never_alter,
	{{"definition", REQUIRED}, {"signature", QUIET}, OWNED}, 0},
	{WF_OBJECT_TS_PARSER, "text search parser", "TEXT SEARCH PARSER", NULL, PLAIN,
	{{"definition", REQUIRED}, {"comment", 0}}, 0},
	{WF_OBJECT_TS_TEMPLATE, "text search template", "TEXT SEARCH TEMPLATE", NULL, PLAIN,
	{{"definition", REQUIRED}, {"comment", 0}}, 0},
	{WF_OBJECT_TS_DICTIONARY, "text search dictionary", "TEXT SEARCH DICTIONARY", NULL, PLAIN,
	{{"definition", REQUIRED}, {"owner", 0}, {"comment", 0}}, 0},
	{WF_OBJECT_TS_CONFIGURATION, "text search configuration", "TEXT SEARCH CONFIGURATION", NULL, PLAIN,
	{{"definition", REQUIRED}, {"owner", 0}, {"comment", 0}}, 0},
	{WF_OBJECT_FOREIGN_DATA_WRAPPER, "foreign data wrapper", "FOREIGN DATA WRAPPER",
		"FOREIGN DATA WRAPPER",
		wf_schema_ddl_foreign_create, wf_schema_ddl_plain_drop, wf_schema_ddl_foreign_alter,
	{{"definition", REQUIRED}, {"options", LIST}, OWNED}, 0},
	{WF_OBJECT_SERVER, "server", "SERVER", "FOREIGN SERVER",
		wf_schema_ddl_foreign_create, wf_schema_ddl_plain_drop, wf_schema_ddl_foreign_alter,
	{{"definition", REQUIRED}, {"options", LIST}, OWNED}, 0},
	{WF_OBJECT_USER_MAPPING, "user mapping", "USER MAPPING", NULL,
		wf_schema_ddl_foreign_create, wf_schema_ddl_plain_drop, wf_schema_ddl_foreign_alter,
	{{"definition", REQUIRED}, {"options", LIST}}, 0},
	{WF_OBJECT_SEQUENCE, "sequence", "SEQUENCE", "SEQUENCE",
		wf_schema_ddl_sequence_create, wf_schema_ddl_sequence_drop, wf_schema_ddl_sequence_alter,
	{{"persistence", 0}, {"settings", LIST | REQUIRED}, {"identity", QUIET}, OWNED}, 0},
	{WF_OBJECT_TABLE, "table", "TABLE", "TABLE",
		wf_schema_ddl_table_create, wf_schema_ddl_table_drop, wf_schema_ddl_table_alter,
		{{"partition_by", 0}, {"of_type", 0}, {"persistence", 0}, {"access_method", 0},
		{"tablespace", 0}, {"options", LIST}, {"replica_identity", 0}, {"clustered", 0},
	{"row_security", 0}, {"force_row_security", 0}, OWNED}, 0},
	{WF_OBJECT_FOREIGN_TABLE, "foreign table", "FOREIGN TABLE", "TABLE",
		wf_schema_ddl_table_create, wf_schema_ddl_table_drop, wf_schema_ddl_table_alter,
	{{"server", REQUIRED}, {"foreign_options", LIST}, OWNED}, 0},
	{WF_OBJECT_INHERITANCE, "inheritance", "", NULL,
		wf_schema_ddl_inheritance_create, wf_schema_ddl_inheritance_drop, wf_schema_ddl_inheritance_alter,
	{{"of", REQUIRED}, {"position", QUIET}}, 0},
	{WF_OBJECT_COLUMN, "column", "COLUMN", NULL,
		wf_schema_ddl_column_create, wf_schema_ddl_column_drop, wf_schema_ddl_column_alter,
		{{"position", QUIET}, {"inherited", QUIET}, {"local", QUIET}, {"usual_storage", QUIET},
		{"generated", 0}, {"type", REQUIRED}, {"identity", 0}, {"identity_sequence", 0},
		{"identity_settings", LIST}, {"identity_persistence", 0},
		{"identity_grants", LIST | SINCE_2}, {"identity_comment", SINCE_2}, {"not_null", 0}, {"not_null_own", QUIET | SINCE_18},
		{"storage", 0}, {"compression", 0}, {"statistics", 0}, {"options", LIST},
	{"foreign_options", LIST}, {"grants", LIST}, {"comment", 0}, LABELS}, 0},
	{WF_OBJECT_SEQUENCE_OWNER, "sequence owner", "", NULL,
		wf_schema_ddl_sequence_owner_create, wf_schema_ddl_sequence_owner_drop, wf_schema_ddl_never_alter,
	{{"column", REQUIRED}}, 0},
	{WF_OBJECT_DEFAULT, "default", "", NULL,
		wf_schema_ddl_default_create, wf_schema_ddl_default_drop, wf_schema_ddl_default_alter,
	{{"expression", REQUIRED}, {"volatile", QUIET}}, 0},
	{WF_OBJECT_VIEW, "view", "VIEW", "TABLE",
		wf_schema_ddl_view_create, wf_schema_ddl_plain_drop, wf_schema_ddl_view_alter,
	{{"definition", REQUIRED}, {"columns", LIST | QUIET}, {"options", LIST}, OWNED}, 0},
	{WF_OBJECT_MATERIALIZED_VIEW, "materialized view", "MATERIALIZED VIEW", "TABLE",
		wf_schema_ddl_materialized_view_create, wf_schema_ddl_plain_drop, wf_schema_ddl_materialized_view_alter,
		{{"definition", REQUIRED}, {"unpopulated", QUIET}, {"access_method", 0}, {"tablespace", 0}, {"options", LIST},
	{"clustered", 0}, DEPENDS, OWNED}, 0},
	{WF_OBJECT_CONSTRAINT, "constraint", "CONSTRAINT", NULL,
		wf_schema_ddl_constraint_create, wf_schema_ddl_constraint_drop, wf_schema_ddl_constraint_alter,
		{{"kind", REQUIRED}, {"definition", REQUIRED}, {"not_valid", 0}, {"inherited", QUIET}, {"local", QUIET},
		{"index", QUIET}, {"options", LIST}, {"tablespace", 0}, {"statistics", LIST},
	{"replica_identity", 0}, {"clustered", 0}, DEPENDS, {"index_comment", 0}, {"comment", 0}}, 0},
	{WF_OBJECT_INDEX, "index", "INDEX", NULL,
		wf_schema_ddl_index_create, wf_schema_ddl_index_drop, wf_schema_ddl_index_alter,
		{{"definition", REQUIRED}, {"invalid", SINCE_2}, {"options", LIST}, {"tablespace", 0}, {"statistics", LIST},
	{"replica_identity", 0}, {"clustered", 0}, DEPENDS, {"comment", 0}}, 0},
	{WF_OBJECT_PARTITION, "partition", "", NULL,
		wf_schema_ddl_partition_create, wf_schema_ddl_partition_drop, wf_schema_ddl_never_alter,
	{{"of", REQUIRED}, {"bound", REQUIRED}}, 0},
	{WF_OBJECT_INDEX_PARTITION, "index partition", "", NULL,
		wf_schema_ddl_index_partition_create, wf_schema_ddl_no_text, wf_schema_ddl_never_alter,
	{{"of", REQUIRED}}, 0},
	{WF_OBJECT_STATISTICS, "statistics", "STATISTICS", NULL,
		wf_schema_ddl_statistics_create, wf_schema_ddl_plain_drop, wf_schema_ddl_statistics_alter,
	{{"definition", REQUIRED}, {"target", 0}, {"owner", 0}, {"comment", 0}}, 0},
	{WF_OBJECT_RULE, "rule", "RULE", NULL,
		wf_schema_ddl_rule_create, wf_schema_ddl_plain_drop, wf_schema_ddl_rule_alter,
	{{"definition", REQUIRED}, {"enabled", 0}, {"comment", 0}}, 0},
	{WF_OBJECT_TRIGGER, "trigger", "TRIGGER", NULL,
		wf_schema_ddl_trigger_create, wf_schema_ddl_trigger_drop, wf_schema_ddl_trigger_alter,
	{{"definition", 0}, {"enabled", 0}, {"parent_enabled", QUIET}, DEPENDS, {"comment", 0}}, 0},
	{WF_OBJECT_POLICY, "policy", "POLICY", NULL, PLAIN,
	{{"definition", REQUIRED}, {"comment", 0}}, 0},
	{WF_OBJECT_PUBLICATION, "publication", "PUBLICATION", NULL, PLAIN,
	{{"definition", REQUIRED}, {"owner", 0}, {"comment", 0}, LABELS}, 0},
	{WF_OBJECT_SUBSCRIPTION, "subscription", "SUBSCRIPTION", NULL,
		wf_schema_ddl_subscription_create, wf_schema_ddl_subscription_drop, wf_schema_ddl_subscription_alter,
	{{"definition", REQUIRED}, {"enabled", 0}, {"owner", 0}, {"comment", 0}, LABELS}, 0},
	{WF_OBJECT_EVENT_TRIGGER, "event trigger", "EVENT TRIGGER", NULL,
		wf_schema_ddl_event_trigger_create, wf_schema_ddl_plain_drop, wf_schema_ddl_event_trigger_alter,
	{{"definition", REQUIRED}, {"enabled", 0}, {"owner", 0}, {"comment", 0}, LABELS}, 0},
	{WF_OBJECT_PRIVILEGES, "privileges", "", "",
		wf_schema_ddl_no_text, wf_schema_ddl_privileges_drop, wf_schema_ddl_never_alter,
	{{"on", REQUIRED | QUIET | SINCE_2}, {"of_column", QUIET}, {"grants", LIST}}, 0},
	{WF_OBJECT_SETTING, "setting", "", NULL,
		wf_schema_ddl_setting_create, wf_schema_ddl_setting_drop, wf_schema_ddl_setting_alter,
	{{"value", REQUIRED | SINCE_2}, {"name", REQUIRED | QUIET}, {"role", QUIET}}, 0},
	{WF_OBJECT_DEFAULT_PRIVILEGES, "default privileges", "", NULL,
		wf_schema_ddl_default_privileges_create, wf_schema_ddl_default_privileges_drop,
		wf_schema_ddl_default_privileges_alter,
	{{"grants", LIST}}, 0},
};

StaticAssertDecl(lengthof(types) == WF_OBJECT_COUNT, "every object type has a row");

static void
count_attributes(void)
{
	for (int i = 0; i < lengthof(types); i++)
	{
		Assert(types[i].kind == i);
		while (types[i].nattrs < WF_MAX_ATTRS && types[i].attrs[types[i].nattrs].name)
			types[i].nattrs++;
	}
}

/* The row of an object type. */
const WfObjectType *
wf_schema_type(WfObjectKind kind)
{
	if (types[0].nattrs == 0)
		count_attributes();
	return &types[kind];
}

/* The row of the object type that snapshots call name, or NULL. */
const WfObjectType *
wf_schema_type_by_name(const char *name)
{
	for (int i = 0; i < WF_OBJECT_COUNT; i++)
	{
		if (strcmp(wf_schema_type(i)->name, name) == 0)
			return &types[i];
	}
	return NULL;
}

/* Does every object of this type belong to another one? */
bool
wf_schema_type_has_parent(const WfObjectType *type)
{
	for (int i = 0; i < WF_OBJECT_COUNT; i++)
	{
		if (wf_schema_type_fits_parent(type, wf_schema_type(i)))
			return true;
	}
	return false;
}

/* Can an object of this type belong to one of that type?  No chain of these is a circle. */
bool
wf_schema_type_fits_parent(const WfObjectType *type, const WfObjectType *parent)
{
	switch (type->kind)
	{
		case WF_OBJECT_DOMAIN_CONSTRAINT:
			return parent->kind == WF_OBJECT_DOMAIN;
		case WF_OBJECT_FAMILY_MEMBER:
			return parent->kind == WF_OBJECT_OPERATOR_FAMILY;
		case WF_OBJECT_SEQUENCE_OWNER:
			return parent->kind == WF_OBJECT_SEQUENCE;
		case WF_OBJECT_INDEX_PARTITION:
			return parent->kind == WF_OBJECT_INDEX || parent->kind == WF_OBJECT_CONSTRAINT;
		case WF_OBJECT_DEFAULT:
			return parent->kind == WF_OBJECT_COLUMN || is_relation(parent);
		case WF_OBJECT_INHERITANCE:
		case WF_OBJECT_COLUMN:
		case WF_OBJECT_CONSTRAINT:
		case WF_OBJECT_INDEX:
		case WF_OBJECT_PARTITION:
		case WF_OBJECT_RULE:
		case WF_OBJECT_TRIGGER:
		case WF_OBJECT_POLICY:
			return is_relation(parent);
		default:
			return false;
	}
}

static bool
is_relation(const WfObjectType *type)
{
	switch (type->kind)
	{
		case WF_OBJECT_COMPOSITE:
		case WF_OBJECT_TABLE:
		case WF_OBJECT_FOREIGN_TABLE:
		case WF_OBJECT_VIEW:
		case WF_OBJECT_MATERIALIZED_VIEW:
			return true;
		default:
			return false;
	}
}

/* The place of an attribute in its type's list, or -1. */
int
wf_schema_attr_index(const WfObjectType *type, const char *attr)
{
	for (int i = 0; i < type->nattrs; i++)
	{
		const char *name = type->attrs[i].name;

		if (name[0] == attr[0] && strcmp(name, attr) == 0)
			return i;
	}
	return -1;
}
