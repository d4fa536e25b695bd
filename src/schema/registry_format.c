/*
 * registry_format.c: the formats that a schema registry keeps.
 */
#include "common/compat.h"

#include "schema/registry.h"
#include "schema/registry_compat.h"

static const WfRegistryFormat formats[] = {
	{"avro", "AVRO", wf_schema_registry_avro_write, wf_schema_avro_read, wf_schema_avro_compare, false},
	{"json", "JSON", wf_schema_registry_json_write, wf_schema_json_read, wf_schema_json_compare, false},
	{"protobuf", "PROTOBUF", wf_schema_registry_protobuf_write, wf_schema_protobuf_read,
	wf_schema_protobuf_compare, true},
};

/*
 * The format of this name, whatever its case.
 *
 * Raises invalid_parameter_value for an unknown one.
 */
const WfRegistryFormat *
wf_schema_registry_format(const char *name)
{
	for (int i = 0; i < lengthof(formats); i++)
	{
		if (pg_strcasecmp(name, formats[i].name) == 0)
			return &formats[i];
	}
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("unknown schema format \"%s\"", name),
			 errhint("Known formats: avro, json, protobuf.")));
	return NULL;				/* keep compiler quiet */
}
