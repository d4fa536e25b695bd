/*
 * ddl_log.h: rows of wishflags.ddl_log before they are written.
 */
#ifndef WF_RECORD_DDL_LOG_H
#define WF_RECORD_DDL_LOG_H

#include "postgres.h"

#include "access/xact.h"
#include "catalog/objectaddress.h"
#include "datatype/timestamp.h"
#include "nodes/pg_list.h"

/* The texts of a row. */
typedef enum WfDdlText
{
	WF_DDL_TAG,
	WF_DDL_TYPE,
	WF_DDL_IDENTITY,
	WF_DDL_BEFORE,
	WF_DDL_AFTER,
	WF_DDL_MIGRATION,
	WF_DDL_LEDGER,
	WF_DDL_STATEMENT,
	WF_DDL_ACTING_ROLE,
	WF_DDL_OUTER_ROLE,
	WF_DDL_LOGIN_ROLE,
	WF_DDL_APPLICATION,
	WF_DDL_LOCK,
	WF_DDL_TEXTS
} WfDdlText;

/* An object that a command made, changed or dropped. */
typedef struct WfDdlRow
{
	SubTransactionId subid;		/* in which it was noted */
	TimestampTz began;
	double		milliseconds;
	ObjectAddress address;		/* InvalidObjectAddress: GRANT and its like */
	Oid			relid;			/* relation concerned, else InvalidOid */
	bool		rewrote;
	bool		restored;
	bool		unread;			/* its definition is read at the commit */
	char	   *texts[WF_DDL_TEXTS];	/* NULL: none */
} WfDdlRow;

/* ddl_write.c */
extern void wf_record_ddl_write(List *rows);

/* ledger.c: the migration that the transaction is, by the ledger of a tool */
extern char *wf_record_ledger_migration(const char **tool);

#endif							/* WF_RECORD_DDL_LOG_H */
