-- What is no snapshot of Drizzle, or a damaged one.
SELECT wishflags.schema_from_drizzle('{}');
SELECT wishflags.schema_from_drizzle('[]');
SELECT wishflags.schema_from_drizzle('{"version": "7", "dialect": "mysql"}');
SELECT wishflags.schema_from_drizzle('{"version": "6", "dialect": "postgresql"}');
SELECT wishflags.schema_from_drizzle('{"version": "7", "dialect": "postgresql"}');
SELECT wishflags.schema_from_drizzle('{"version": "8", "dialect": "postgres", "ddl": {}}');
SELECT wishflags.schema_from_drizzle('{"version": "8", "dialect": "postgres", "ddl": [7]}');
SELECT wishflags.schema_from_drizzle('{"version": "8", "dialect": "postgres", "ddl": [{"entityType": "columns", "table": "t", "name": "c"}]}');
SELECT wishflags.schema_from_drizzle('{"version": "8", "dialect": "postgres", "ddl": [{"entityType": "columns", "table": "t", "name": "c", "type": "int"}]}');
SELECT wishflags.schema_from_drizzle('{"version": "8", "dialect": "postgres", "ddl": [{"entityType": "tables", "name": "t"}, {"entityType": "tables", "name": "t"}]}');
SELECT wishflags.schema_from_drizzle('{"version": "8", "dialect": "postgres", "ddl": [{"entityType": "tables", "name": "t"}, {"entityType": "fks", "table": "t", "name": "f", "columns": ["a"], "tableTo": "t", "columnsTo": []}]}');
SELECT wishflags.schema_from_drizzle('{"version": "8", "dialect": "postgres", "ddl": [{"entityType": "tables", "name": "t"}, {"entityType": "fks", "table": "t", "name": "f", "columns": ["a"], "tableTo": "t", "columnsTo": ["a"], "onDelete": "explode"}]}');
SELECT wishflags.schema_from_drizzle('{"version": "7", "dialect": "postgresql", "tables": {"public.t": {"name": "t", "columns": {"a": []}}}}');
-- Text that is no expression, or more than one, is taken as it is and never run.
CREATE TEMP TABLE precious (id int);
SELECT s->'objects'->'default'->'public.t.a'->'expression' AS expression
FROM wishflags.schema_from_drizzle('{"version": "7", "dialect": "postgresql", "tables": {"public.t": {"name": "t", "columns": {"a": {"name": "a", "type": "int", "default": "1); DROP TABLE precious; --"}}}}}') s;
SELECT count(*) FROM precious;
