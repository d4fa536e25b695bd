/*
 * describe_table.c: columns, constraints and the commands of ALTER TABLE in
 * plain words.
 */
#include "common/compat.h"

#include "lib/stringinfo.h"
#include "nodes/value.h"
#include "utils/builtins.h"

#include "ddl/deparse.h"
#include "migration/describe.h"

/* Commands that a phrase with the command's name, or without one, describes. */
static const struct
{
	AlterTableType command;
	const char *phrase;			/* %s: the name */
}			phrases[] = {
	{AT_DropNotNull, "lets column %s be null"},
	{AT_SetNotNull, "makes column %s required"},
	{AT_DropExpression, "makes generated column %s a plain one"},
	{AT_SetStatistics, "sets how many values ANALYZE samples of column %s"},
	{AT_SetOptions, "sets options of column %s"},
	{AT_ResetOptions, "resets options of column %s"},
	{AT_SetStorage, "sets how long values of column %s are stored"},
	{AT_SetCompression, "sets how values of column %s are compressed"},
	{AT_AddIdentity, "lets column %s number itself (identity)"},
	{AT_SetIdentity, "changes how column %s numbers itself"},
	{AT_DropIdentity, "stops column %s from numbering itself"},
	{AT_DropConstraint, "drops constraint %s"},
	{AT_ValidateConstraint, "checks all rows against constraint %s"},
	{AT_ClusterOn, "marks index %s for CLUSTER"},
	{AT_DropCluster, "marks no index for CLUSTER any more"},
	{AT_SetLogged, "writes it to the log from now on (LOGGED)"},
	{AT_SetUnLogged, "stops writing it to the log (UNLOGGED): a crash empties it"},
	{AT_SetAccessMethod, "stores it by access method %s"},
	{AT_SetTableSpace, "moves its files to tablespace %s"},
	{AT_SetRelOptions, "sets storage parameters"},
	{AT_ResetRelOptions, "resets storage parameters"},
	{AT_EnableTrig, "switches trigger %s on"},
	{AT_EnableAlwaysTrig, "switches trigger %s on, for replication too"},
	{AT_EnableReplicaTrig, "switches trigger %s on, for replication only"},
	{AT_DisableTrig, "switches trigger %s off"},
	{AT_EnableTrigAll, "switches all triggers on"},
	{AT_DisableTrigAll, "switches all triggers off"},
	{AT_EnableTrigUser, "switches the users' triggers on"},
	{AT_DisableTrigUser, "switches the users' triggers off"},
	{AT_EnableRule, "switches rule %s on"},
	{AT_EnableAlwaysRule, "switches rule %s on, for replication too"},
	{AT_EnableReplicaRule, "switches rule %s on, for replication only"},
	{AT_DisableRule, "switches rule %s off"},
	{AT_EnableRowSecurity, "shows rows by policies only (row level security)"},
	{AT_DisableRowSecurity, "shows all rows again (no row level security)"},
	{AT_ForceRowSecurity, "holds the owner to its policies as well"},
	{AT_NoForceRowSecurity, "lets the owner see all rows again"},
	{AT_AddOf, "makes it a table of a type"},
	{AT_DropOf, "frees it of its type"},
	{AT_ReplicaIdentity, "changes how replication tells its rows apart"},
	{AT_GenericOptions, "changes options of the foreign table"},
	{AT_AlterColumnGenericOptions, "changes foreign options of column %s"},
	{AT_AlterConstraint, "changes how a constraint is checked"},
	{WF_AT_SET_EXPRESSION, "computes generated column %s in another way"},
};

static const char *constraint_words(const Constraint *constraint);
static char *default_words(const AlterTableCmd *command);
static char *column_lost(WfWords *words, const RangeVar *table, const AlterTableCmd *command);

/* "note (text, required, with a default)" */
char *
wf_describe_column(const ColumnDef *column)
{
	StringInfoData text;
	ListCell   *lc;
	bool		required = column->is_not_null;

	initStringInfo(&text);
	appendStringInfo(&text, "%s (%s", quote_identifier(column->colname),
					 column->typeName ? wf_ddl_type_name(column->typeName) : "type of the parent");
	foreach(lc, column->constraints)
	{
		const Constraint *constraint = lfirst_node(Constraint, lc);
		const char *words = constraint_words(constraint);

		required |= constraint->contype == CONSTR_NOTNULL;
		if (words && constraint->contype != CONSTR_NOTNULL)
			appendStringInfo(&text, ", %s", words);
	}
	if (required)
		appendStringInfoString(&text, ", required");
	appendStringInfoChar(&text, ')');
	return text.data;
}

/* What a constraint of a column says; NULL for what goes without saying. */
static const char *
constraint_words(const Constraint *constraint)
{
	switch (constraint->contype)
	{
		case CONSTR_DEFAULT:
			return "with a default";
		case CONSTR_IDENTITY:
			return "numbers itself";
		case CONSTR_GENERATED:
			return wf_constraint_is_virtual(constraint) ? "computed when read" : "computed and stored";
		case CONSTR_CHECK:
			return "checked";
		case CONSTR_PRIMARY:
			return "primary key";
		case CONSTR_UNIQUE:
			return "unique";
		case CONSTR_FOREIGN:
			return psprintf("refers to %s", wf_ddl_range_var(constraint->pktable));
		case CONSTR_NOTNULL:
			return "required";
		default:
			return NULL;
	}
}

/* "foreign key orders_customer on (customer) to shop.customers, checked for new rows only" */
char *
wf_describe_constraint(const Constraint *constraint)
{
	StringInfoData text;
	List	   *columns = constraint->contype == CONSTR_FOREIGN ? constraint->fk_attrs : constraint->keys;

	initStringInfo(&text);
	appendStringInfoString(&text, constraint->contype == CONSTR_FOREIGN ? "foreign key" :
						   constraint->contype == CONSTR_PRIMARY ? "primary key" :
						   constraint->contype == CONSTR_UNIQUE ? "unique constraint" :
						   constraint->contype == CONSTR_EXCLUSION ? "exclusion constraint" : "check");
	if (constraint->conname)
		appendStringInfo(&text, " %s", quote_identifier(constraint->conname));
	if (columns)
		appendStringInfo(&text, " on (%s)", wf_ddl_quote_names(columns, ", "));
	if (constraint->indexname)
		appendStringInfo(&text, " from index %s", quote_identifier(constraint->indexname));
	if (constraint->contype == CONSTR_FOREIGN)
		appendStringInfo(&text, " to %s", wf_ddl_range_var(constraint->pktable));
	if (constraint->skip_validation)
		appendStringInfoString(&text, ", checked for new rows only");
	return text.data;
}

/* A command of ALTER TABLE; NULL for one without words. */
char *
wf_describe_command(WfWords *words, const RangeVar *table, const AlterTableCmd *command)
{
	const char *name = command->name ? quote_identifier(command->name) : "";

	switch (command->subtype)
	{
		case AT_AddColumn:
			return psprintf("adds column %s", wf_describe_column(castNode(ColumnDef, command->def)));
		case AT_DropColumn:
			return column_lost(words, table, command);
		case AT_ColumnDefault:
			return default_words(command);
		case AT_AlterColumnType:
			return psprintf("changes column %s to %s%s", name,
							wf_ddl_type_name(castNode(ColumnDef, command->def)->typeName),
							castNode(ColumnDef, command->def)->raw_default ? ", converted by an expression" : "");
		case AT_AddConstraint:
			return psprintf("adds %s", wf_describe_constraint(castNode(Constraint, command->def)));
		case AT_AttachPartition:
			return psprintf("attaches partition %s", wf_ddl_range_var(((PartitionCmd *) command->def)->name));
		case AT_DetachPartition:
		case AT_DetachPartitionFinalize:
			return psprintf("detaches partition %s", wf_ddl_range_var(((PartitionCmd *) command->def)->name));
		case AT_AddInherit:
			return psprintf("inherits from %s", wf_ddl_range_var((RangeVar *) command->def));
		case AT_DropInherit:
			return psprintf("inherits no more from %s", wf_ddl_range_var((RangeVar *) command->def));
		case AT_ChangeOwner:
			return psprintf("gives it to role %s", command->newowner->rolename ? quote_identifier(command->newowner->rolename) : "of the session");
		default:
			break;
	}
	for (int i = 0; i < lengthof(phrases); i++)
	{
		if (phrases[i].command == command->subtype)
			return strstr(phrases[i].phrase, "%s") ? psprintf("%.*s%s%s", (int) (strstr(phrases[i].phrase, "%s") - phrases[i].phrase),
															  phrases[i].phrase, name, strstr(phrases[i].phrase, "%s") + 2) :
				pstrdup(phrases[i].phrase);
	}
	return NULL;
}

static char *
default_words(const AlterTableCmd *command)
{
	return psprintf(command->def ? "sets a default for column %s" : "drops the default of column %s",
					quote_identifier(command->name));
}

/* A column that goes, with what is lost. */
static char *
column_lost(WfWords *words, const RangeVar *table, const AlterTableCmd *command)
{
	WfCatalog  *catalog = &words->simulation->catalog;
	WfRelation *relation = table ? catalog->relation(catalog, table) : NULL;
	WfColumn   *column = relation && !relation->missing ? catalog->column(catalog, relation, command->name) : NULL;

	return psprintf("drops column %s%s%s", quote_identifier(command->name),
					column && OidIsValid(column->type) ? psprintf(" (%s) and its data", format_type_be(column->type)) : " and its data",
					command->behavior == DROP_CASCADE ? ", and all that depends on it" : "");
}
