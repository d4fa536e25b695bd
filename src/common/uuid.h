/*
 * uuid.h: keys of rows that logs write.
 */
#ifndef WF_COMMON_UUID_H
#define WF_COMMON_UUID_H

#include "postgres.h"

#include "utils/uuid.h"

extern pg_uuid_t *wf_common_uuid_in_order(void);

#endif							/* WF_COMMON_UUID_H */
