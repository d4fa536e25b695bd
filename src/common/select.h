/*
 * select.h: queries that a user gives as text.
 */
#ifndef WF_COMMON_SELECT_H
#define WF_COMMON_SELECT_H

#include "postgres.h"

#include "executor/spi.h"

extern SPIPlanPtr wf_common_prepare_select(const char *sql, const char *what);

#endif							/* WF_COMMON_SELECT_H */
