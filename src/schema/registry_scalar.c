/*
 * registry_scalar.c: what Debezium makes of PostgreSQL's base types.
 *
 * A type that has no row here is a string, its text form.  Sources: Debezium's
 * manual on data types of its PostgreSQL connector, and its converter of
 * default values for what stands in place of a computed default.
 */
#include "common/compat.h"

#include "schema/registry.h"

#define TIME(name) "io.debezium.time." name
#define DATA(name) "io.debezium.data." name
#define CONNECT(name) "org.apache.kafka.connect.data." name

typedef struct Arguments
{
	int			n;
	const int  *values;
	WfRegistryOptions *options;
} Arguments;

typedef struct ScalarType
{
	const char *base;			/* as format_type writes it, without arguments */
	WfShapeKind kind;
	const char *name;
	WfJsonType	json_type;
	WfDefaultKind default_kind;
	const char *placeholder;
	void		(*refine) (WfShape *shape, Arguments *arguments);
} ScalarType;

static void refine_numeric(WfShape *shape, Arguments *arguments);
static void refine_money(WfShape *shape, Arguments *arguments);
static void refine_bit(WfShape *shape, Arguments *arguments);
static void refine_bytea(WfShape *shape, Arguments *arguments);
static void refine_date(WfShape *shape, Arguments *arguments);
static void refine_time(WfShape *shape, Arguments *arguments);
static void refine_timestamp(WfShape *shape, Arguments *arguments);
static void refine_interval(WfShape *shape, Arguments *arguments);
static void refine_uuid(WfShape *shape, Arguments *arguments);
static void refine_vector(WfShape *shape, Arguments *arguments);
static void refine_halfvec(WfShape *shape, Arguments *arguments);
static void refine_point(WfShape *shape, Arguments *arguments);
static void refine_geometry(WfShape *shape, Arguments *arguments);
static void make_decimal(WfShape *shape, int precision, int scale, WfRegistryOptions *options);
static void make_array(WfShape *shape, const char *name, WfShapeKind element);
static void make_record(WfShape *shape, const char *name);
static void add_field(WfShape *record, const char *name, WfShapeKind kind, bool optional);
static bool is_option(const char *option, const char *word);

static const ScalarType types[] = {
	{"boolean", WF_SHAPE_BOOLEAN, NULL, WF_JSON_BOOLEAN, WF_DEFAULT_BOOLEAN, "false", NULL},
	{"smallint", WF_SHAPE_INT16, NULL, WF_JSON_INTEGER, WF_DEFAULT_INTEGER, "0", NULL},
	{"integer", WF_SHAPE_INT32, NULL, WF_JSON_INTEGER, WF_DEFAULT_INTEGER, "0", NULL},
	{"bigint", WF_SHAPE_INT64, NULL, WF_JSON_INTEGER, WF_DEFAULT_INTEGER, "0", NULL},
	{"oid", WF_SHAPE_INT64, NULL, WF_JSON_STRING, WF_DEFAULT_NONE, NULL, NULL},
	{"real", WF_SHAPE_FLOAT32, NULL, WF_JSON_NUMBER, WF_DEFAULT_NUMBER, "0", NULL},
	{"double precision", WF_SHAPE_FLOAT64, NULL, WF_JSON_NUMBER, WF_DEFAULT_NUMBER, "0", NULL},
	{"numeric", WF_SHAPE_BYTES, NULL, WF_JSON_NUMBER, WF_DEFAULT_DECIMAL, "0", refine_numeric},
	{"money", WF_SHAPE_BYTES, NULL, WF_JSON_STRING, WF_DEFAULT_NONE, NULL, refine_money},
	{"text", WF_SHAPE_STRING, NULL, WF_JSON_STRING, WF_DEFAULT_TEXT, "", NULL},
	{"character varying", WF_SHAPE_STRING, NULL, WF_JSON_STRING, WF_DEFAULT_TEXT, "", NULL},
	{"character", WF_SHAPE_STRING, NULL, WF_JSON_STRING, WF_DEFAULT_TEXT, "", NULL},
	{"bpchar", WF_SHAPE_STRING, NULL, WF_JSON_STRING, WF_DEFAULT_TEXT, "", NULL},
	{"citext", WF_SHAPE_STRING, NULL, WF_JSON_STRING, WF_DEFAULT_TEXT, "", NULL},
	{"json", WF_SHAPE_STRING, DATA("Json"), WF_JSON_ANY, WF_DEFAULT_TEXT, "{}", NULL},
	{"jsonb", WF_SHAPE_STRING, DATA("Json"), WF_JSON_ANY, WF_DEFAULT_TEXT, "{}", NULL},
	{"xml", WF_SHAPE_STRING, DATA("Xml"), WF_JSON_STRING, WF_DEFAULT_TEXT, "", NULL},
	{"uuid", WF_SHAPE_STRING, DATA("Uuid"), WF_JSON_STRING, WF_DEFAULT_TEXT,
	"00000000-0000-0000-0000-000000000000", refine_uuid},
	{"hstore", WF_SHAPE_STRING, DATA("Json"), WF_JSON_ANY, WF_DEFAULT_NONE, NULL, NULL},
	{"ltree", WF_SHAPE_STRING, DATA("Ltree"), WF_JSON_STRING, WF_DEFAULT_NONE, NULL, NULL},
	{"tsvector", WF_SHAPE_STRING, DATA("TsVector"), WF_JSON_STRING, WF_DEFAULT_NONE, NULL, NULL},
	{"bytea", WF_SHAPE_BYTES, NULL, WF_JSON_STRING, WF_DEFAULT_NONE, NULL, refine_bytea},
	{"bit", WF_SHAPE_BYTES, DATA("Bits"), WF_JSON_STRING, WF_DEFAULT_BITS, "0", refine_bit},
	{"bit varying", WF_SHAPE_BYTES, DATA("Bits"), WF_JSON_STRING, WF_DEFAULT_BITS, "0", refine_bit},
	{"date", WF_SHAPE_INT32, TIME("Date"), WF_JSON_STRING, WF_DEFAULT_DATE, "1970-01-01", refine_date},
	{"time without time zone", WF_SHAPE_INT64, TIME("MicroTime"), WF_JSON_STRING, WF_DEFAULT_TIME, "00:00",
	refine_time},
	{"timestamp without time zone", WF_SHAPE_INT64, TIME("MicroTimestamp"), WF_JSON_STRING,
	WF_DEFAULT_TIMESTAMP, "1970-01-01", refine_timestamp},
	{"timestamp with time zone", WF_SHAPE_STRING, TIME("ZonedTimestamp"), WF_JSON_STRING, WF_DEFAULT_ZONED,
	"1970-01-01 00:00:00+00", NULL},
	{"time with time zone", WF_SHAPE_STRING, TIME("ZonedTime"), WF_JSON_STRING, WF_DEFAULT_NONE, NULL, NULL},
	{"interval", WF_SHAPE_INT64, TIME("MicroDuration"), WF_JSON_STRING, WF_DEFAULT_DURATION, "0",
	refine_interval},
	{"point", WF_SHAPE_RECORD, NULL, WF_JSON_STRING, WF_DEFAULT_NONE, NULL, refine_point},
	{"geometry", WF_SHAPE_RECORD, DATA("geometry.Geometry"), WF_JSON_ANY, WF_DEFAULT_NONE, NULL, refine_geometry},
	{"geography", WF_SHAPE_RECORD, DATA("geometry.Geography"), WF_JSON_ANY, WF_DEFAULT_NONE, NULL, refine_geometry},
	{"vector", WF_SHAPE_ARRAY, NULL, WF_JSON_STRING, WF_DEFAULT_NONE, NULL, refine_vector},
	{"halfvec", WF_SHAPE_ARRAY, NULL, WF_JSON_STRING, WF_DEFAULT_NONE, NULL, refine_halfvec},
};

/* The shape of a base type with the arguments that stand in parentheses. */
WfShape *
wf_schema_registry_scalar(const char *base, int nargs, const int *args, WfRegistryOptions *options)
{
	WfShape    *shape = palloc0(sizeof(WfShape));
	Arguments	arguments = {nargs, args, options};

	shape->kind = WF_SHAPE_STRING;
	for (int i = 0; i < lengthof(types); i++)
	{
		if (strcmp(base, types[i].base) != 0)
			continue;
		shape->kind = types[i].kind;
		shape->name = types[i].name;
		shape->json_type = types[i].json_type;
		shape->default_kind = types[i].default_kind;
		shape->placeholder = types[i].placeholder;
		if (types[i].refine)
			types[i].refine(shape, &arguments);
		break;
	}
	return shape;
}

/* Without precision and scale each value brings its own scale along. */
static void
refine_numeric(WfShape *shape, Arguments *arguments)
{
	if (arguments->n > 0)
		make_decimal(shape, arguments->values[0], arguments->n > 1 ? arguments->values[1] : 0,
					 arguments->options);
	else if (is_option(arguments->options->decimal_handling, "precise"))
	{
		make_record(shape, DATA("VariableScaleDecimal"));
		add_field(shape, "scale", WF_SHAPE_INT32, false);
		add_field(shape, "value", WF_SHAPE_BYTES, false);
	}
	else
		make_decimal(shape, 0, 0, arguments->options);
}

static void
refine_money(WfShape *shape, Arguments *arguments)
{
	make_decimal(shape, 0, 2, arguments->options);
	shape->default_kind = WF_DEFAULT_NONE;
}

static void
make_decimal(WfShape *shape, int precision, int scale, WfRegistryOptions *options)
{
	if (is_option(options->decimal_handling, "precise"))
	{
		shape->name = CONNECT("Decimal");
		shape->parameter = "scale";
		shape->argument = psprintf("%d", scale);
		shape->precision = precision;
		shape->scale = scale;
		/* Avro knows no scale below zero, nor one above the precision. */
		if (scale >= 0 && (precision == 0 || scale <= precision))
			shape->logical_type = "decimal";
	}
	else if (is_option(options->decimal_handling, "double"))
	{
		shape->kind = WF_SHAPE_FLOAT64;
		shape->default_kind = WF_DEFAULT_NUMBER;
	}
	else
	{
		shape->kind = WF_SHAPE_STRING;
		shape->default_kind = WF_DEFAULT_TEXT;
	}
}

/* One bit is a boolean; the length of bit varying may be left open. */
static void
refine_bit(WfShape *shape, Arguments *arguments)
{
	int			length = arguments->n > 0 ? arguments->values[0] : PG_INT32_MAX;

	if (length == 1)
	{
		shape->kind = WF_SHAPE_BOOLEAN;
		shape->name = NULL;
		shape->default_kind = WF_DEFAULT_BIT;
	}
	else
	{
		shape->parameter = "length";
		shape->argument = psprintf("%d", length);
	}
}

static void
refine_bytea(WfShape *shape, Arguments *arguments)
{
	if (!is_option(arguments->options->binary_handling, "bytes"))
		shape->kind = WF_SHAPE_STRING;
}

static void
refine_date(WfShape *shape, Arguments *arguments)
{
	if (is_option(arguments->options->time_precision, "connect"))
	{
		shape->name = CONNECT("Date");
		shape->logical_type = "date";
	}
}

static void
refine_time(WfShape *shape, Arguments *arguments)
{
	const char *mode = arguments->options->time_precision;

	shape->units = 1000000;
	if (is_option(mode, "connect"))
	{
		shape->kind = WF_SHAPE_INT32;
		shape->name = CONNECT("Time");
		shape->logical_type = "time-millis";
		shape->units = 1000;
	}
	else if (is_option(mode, "adaptive") && arguments->n > 0 && arguments->values[0] <= 3)
	{
		shape->kind = WF_SHAPE_INT32;
		shape->name = TIME("Time");
		shape->units = 1000;
	}
}

static void
refine_timestamp(WfShape *shape, Arguments *arguments)
{
	shape->units = 1000000;
	if (is_option(arguments->options->time_precision, "connect"))
	{
		shape->name = CONNECT("Timestamp");
		shape->logical_type = "timestamp-millis";
		shape->units = 1000;
	}
	else if (arguments->n > 0 && arguments->values[0] <= 3)
	{
		shape->name = TIME("Timestamp");
		shape->units = 1000;
	}
}

static void
refine_interval(WfShape *shape, Arguments *arguments)
{
	if (is_option(arguments->options->interval_handling, "string"))
	{
		shape->kind = WF_SHAPE_STRING;
		shape->name = TIME("Interval");
		shape->default_kind = WF_DEFAULT_NONE;
	}
}

static void
refine_uuid(WfShape *shape, Arguments *arguments)
{
	shape->json_format = "uuid";
}

static void
refine_vector(WfShape *shape, Arguments *arguments)
{
	make_array(shape, DATA("DoubleVector"), WF_SHAPE_FLOAT64);
}

static void
refine_halfvec(WfShape *shape, Arguments *arguments)
{
	make_array(shape, DATA("FloatVector"), WF_SHAPE_FLOAT32);
}

static void
make_array(WfShape *shape, const char *name, WfShapeKind element)
{
	shape->name = name;
	shape->element = palloc0(sizeof(WfShape));
	shape->element->kind = element;
	shape->element_required = true;
}

static void
refine_point(WfShape *shape, Arguments *arguments)
{
	make_record(shape, DATA("geometry.Point"));
	add_field(shape, "x", WF_SHAPE_FLOAT64, false);
	add_field(shape, "y", WF_SHAPE_FLOAT64, false);
	add_field(shape, "wkb", WF_SHAPE_BYTES, true);
	add_field(shape, "srid", WF_SHAPE_INT32, true);
}

static void
refine_geometry(WfShape *shape, Arguments *arguments)
{
	make_record(shape, shape->name);
	add_field(shape, "wkb", WF_SHAPE_BYTES, false);
	add_field(shape, "srid", WF_SHAPE_INT32, true);
}

static void
make_record(WfShape *shape, const char *name)
{
	shape->kind = WF_SHAPE_RECORD;
	shape->name = name;
	shape->default_kind = WF_DEFAULT_NONE;
	shape->predefined = true;
}

static void
add_field(WfShape *record, const char *name, WfShapeKind kind, bool optional)
{
	WfField    *field = palloc0(sizeof(WfField));

	field->name = field->column = name;
	field->number = list_length(record->fields) + 1;
	field->optional = optional;
	field->shape = palloc0(sizeof(WfShape));
	field->shape->kind = kind;
	record->fields = lappend(record->fields, field);
}

static bool
is_option(const char *option, const char *word)
{
	return strcmp(option, word) == 0;
}
