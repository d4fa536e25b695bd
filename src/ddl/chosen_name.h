/*
 * chosen_name.h: the names that the server chooses for constraints and indexes.
 */
#ifndef WF_DDL_CHOSEN_NAME_H
#define WF_DDL_CHOSEN_NAME_H

#include "ddl/catalog.h"

extern char *wf_ddl_free_name(WfCatalog *catalog, WfRelation *table, const char *label, const char *suffix);
extern char *wf_ddl_constraint_name(WfCatalog *catalog, WfRelation *table, const Constraint *constraint, const char *column);
extern char *wf_ddl_domain_constraint_name(WfCatalog *catalog, const WfType *domain, const char *suffix);
extern List *wf_ddl_key_labels(const Constraint *constraint, const char *column);
extern List *wf_ddl_index_labels(List *elements, List *including);
extern char *wf_ddl_index_label(List *elements, List *including);
extern char *wf_ddl_joined_label(List *columns);

#endif							/* WF_DDL_CHOSEN_NAME_H */
