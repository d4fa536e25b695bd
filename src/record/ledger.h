/*
 * ledger.h: the ledgers of migration tools, by their signatures.
 */
#ifndef WF_RECORD_LEDGER_H
#define WF_RECORD_LEDGER_H

#include "postgres.h"

/* Columns that tell a ledger, that name a migration, that show an open row. */
#define WF_LEDGER_COLUMNS 4

/* What a column of an open row holds. */
typedef enum WfLedgerTest
{
	WF_LEDGER_IS_NULL,
	WF_LEDGER_IS_FILLED,
	WF_LEDGER_IS_TRUE,
	WF_LEDGER_IS_FALSE,
	WF_LEDGER_IS_ONE			/* an integer */
} WfLedgerTest;

typedef struct WfLedgerOpen
{
	const char *column;			/* NULL: no further condition */
	WfLedgerTest test;
} WfLedgerOpen;

#define WF_LEDGER_TESTS 2

typedef struct WfLedger
{
	const char *tool;
	const char *table;
	const char *columns[WF_LEDGER_COLUMNS]; /* all of them are there */
	const char *names[2];		/* the migration's name, joined by a dot */
	WfLedgerOpen open[WF_LEDGER_TESTS]; /* rows of migrations that are being
										 * run */
} WfLedger;

extern const WfLedger wf_record_ledgers[];
extern const int wf_record_ledger_count;

/* ledger.c */
extern bool wf_record_ledger_has_row(Oid relid, const WfLedgerOpen *tests);

#endif							/* WF_RECORD_LEDGER_H */
