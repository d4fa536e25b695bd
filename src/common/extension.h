/*
 * extension.h: finding the extension's own schema and relations.
 */
#ifndef WF_COMMON_EXTENSION_H
#define WF_COMMON_EXTENSION_H

#include "postgres.h"

#define WF_EXTENSION_NAME "wishflags"
#define WF_SCHEMA_NAME "wishflags"

extern Oid	wf_common_schema_oid(void);
extern Oid	wf_common_relation_oid(const char *relname);
extern char *wf_common_installed_version(void);

#endif							/* WF_COMMON_EXTENSION_H */
