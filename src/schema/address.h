/*
 * address.h: catalog addresses of a model's objects while it is read.
 */
#ifndef WF_SCHEMA_ADDRESS_H
#define WF_SCHEMA_ADDRESS_H

#include "postgres.h"

#include "schema/model.h"

typedef struct WfAddressMap WfAddressMap;

extern WfAddressMap *wf_schema_address_read(void);
extern bool wf_schema_address_is_member(WfAddressMap *map, Oid catalog, Oid oid);
extern void wf_schema_address_set(WfAddressMap *map, Oid catalog, Oid oid, int sub, WfObject *object);
extern WfObject *wf_schema_address_get(WfAddressMap *map, Oid catalog, Oid oid, int sub);
extern WfObject *wf_schema_address_find(WfAddressMap *map, Oid catalog, Oid oid, int sub);
extern void wf_schema_address_link(WfAddressMap *map);
extern List *wf_schema_address_strangers(WfAddressMap *map);

#endif							/* WF_SCHEMA_ADDRESS_H */
